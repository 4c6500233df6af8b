package franz

import (
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// block is the memory of a run of records in flight: a slot for each, and the bytes of those that
// are copied. Calls of Produce take its slots, and the goroutine that calls kgo's promises returns
// them. When all were returned it is used again. So memory changes from
// the cache of one processor to that of another by the block, and nothing is allocated.
type block struct {
	taken      int // slots
	bytes      int // in use of buf
	slots      [blockRecords]slot
	buf        [blockBytes]byte
	_          [64]byte
	unreturned atomic.Int32 // slots that were not returned, those not taken included
}

const (
	blockRecords = 64
	blockBytes   = 16 << 10
)

// slot is a record in flight: kgo's record, what is reported and to whom.
type slot struct {
	rec       kgo.Record
	producer  *producer
	block     *block        // nil: the slot is alone
	given     *kafka.Record // the caller's; nil: it was copied
	attach    any           // of the caller's record, if it was copied
	done      func(*kafka.Record, error)
	promise   func(*kgo.Record, error) // finish, bound once
	size      int64                    // its share of the quota
	requested int32                    // the partition that the caller has set, or -1
}

func (s *slot) init(p *producer, b *block) {
	s.producer, s.block, s.promise = p, b, s.finish
}

func newBlock(p *producer) *block {
	b := new(block)
	b.unreturned.Store(blockRecords)
	for i := range b.slots {
		b.slots[i].init(p, b)
	}
	return b
}

// blocks gives slots to records.
type blocks struct {
	mu   sync.Mutex
	open *block // has slots that were not taken; may be nil

	free sync.Pool    // of *block, all of whose slots were returned
	used atomic.Int64 // number of blocks that are neither free nor garbage
}

// take returns a slot, and n bytes, which are none if n is more than blockBytes.
func (f *blocks) take(p *producer, n int) (s *slot, bytes []byte) {
	if n > blockBytes {
		n = 0
	}
	f.mu.Lock()
	b := f.open
	if b != nil && b.bytes+n > blockBytes {
		f.open = nil
		if left := int32(blockRecords - b.taken); b.unreturned.Add(-left) == 0 { // the slots that are left are not taken
			f.recycle(b)
		}
		b = nil
	}
	if b == nil {
		if f.sparse(p) {
			f.mu.Unlock()
			s = new(slot)
			s.init(p, nil)
			return s, make([]byte, n)
		}
		b, _ = f.free.Get().(*block)
		if b == nil {
			b = newBlock(p)
		}
		f.used.Add(1)
		f.open = b
	}
	s = &b.slots[b.taken]
	bytes = b.buf[b.bytes : b.bytes+n : b.bytes+n]
	b.taken++
	b.bytes += n
	if b.taken == blockRecords {
		f.open = nil
	}
	f.mu.Unlock()
	return s, bytes
}

// sparse reports whether blocks are mostly kept by a few records each, such as those of a
// partition that nobody serves, among those of others. Then further records are alone.
func (f *blocks) sparse(p *producer) bool {
	const always, least = 64, blockRecords / 8
	used := f.used.Load()
	return used >= always && used*least > p.quota.inUse()
}

// put returns a slot. kgo must not use its record any more.
func (f *blocks) put(s *slot) {
	if s.block == nil {
		return
	}
	clear(s.rec.Headers)
	s.rec.Topic, s.rec.Key, s.rec.Value, s.rec.Headers = "", nil, nil, s.rec.Headers[:0]
	s.given, s.attach, s.done = nil, nil, nil // a block must not keep them alive
	if s.block.unreturned.Add(-1) == 0 {
		f.recycle(s.block)
	}
}

// recycle makes all slots of b free.
func (f *blocks) recycle(b *block) {
	b.taken, b.bytes = 0, 0
	b.unreturned.Store(blockRecords)
	f.used.Add(-1)
	f.free.Put(b)
}
