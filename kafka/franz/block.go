package franz

import (
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// block is the memory of a run of records in flight: a slot for each, and the bytes of those that
// are copied. Calls of Produce take its slots, one call at a time, and the goroutine that calls
// kgo's promises returns them. When all were returned it is used again. So memory changes from
// the cache of one processor to that of another by the block, and nothing is allocated.
type block struct {
	taken      int // slots
	bytes      int // in use of buf
	slots      [blockRecords]slot
	buf        [blockBytes]byte
	_          [64]byte
	producer   *producer
	unreturned atomic.Int32 // slots that were not returned, those not taken included
}

const (
	blockRecords = 64
	blockBytes   = 16 << 10
)

// slot is a record in flight: kgo's record, what is reported and to whom.
type slot struct {
	rec       kgo.Record
	block     *block
	given     *kafka.Record // the caller's; nil: it was copied
	attach    any           // of the caller's record, if it was copied
	done      func(*kafka.Record, error)
	promise   func(*kgo.Record, error) // finish, bound once
	size      int64                    // its share of the quota
	requested int32                    // the partition that the caller has set, or -1
}

func newBlock(p *producer) *block {
	b := &block{producer: p}
	b.unreturned.Store(blockRecords)
	for i := range b.slots {
		s := &b.slots[i]
		s.block, s.promise = b, s.finish
	}
	return b
}

// blocks has the blocks with slots that were not taken. A call that takes a slot has the block for
// itself meanwhile, so concurrent calls do not wait for each other.
type blocks struct{ pool sync.Pool }

// take returns a free slot, and n bytes, which are none if n is more than blockBytes.
func (f *blocks) take(p *producer, n int) (s *slot, bytes []byte) {
	if n > blockBytes {
		n = 0
	}
	b, _ := f.pool.Get().(*block)
	for b != nil && b.bytes+n > blockBytes { // the slots that are left are not taken
		if unused := int32(blockRecords - b.taken); b.unreturned.Add(-unused) == 0 {
			f.recycle(b)
		}
		b, _ = f.pool.Get().(*block)
	}
	if b == nil {
		b = newBlock(p)
	}
	s = &b.slots[b.taken]
	bytes = b.buf[b.bytes : b.bytes+n : b.bytes+n]
	b.taken++
	b.bytes += n
	if b.taken < blockRecords {
		f.pool.Put(b)
	}
	return s, bytes
}

// put returns a slot. kgo must not use its record any more.
func (f *blocks) put(s *slot) {
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
	f.pool.Put(b)
}
