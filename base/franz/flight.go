package franz

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// flight counts the records that were produced and not yet reported, in eras: a
// flush ends the current era, and waits for all records of it and of earlier
// ones. Records that are produced meanwhile belong to the next and do not
// prolong the flush.
type flight struct {
	mu      sync.Mutex
	eras    []*era // oldest first; the last is the current one
	current atomic.Pointer[era]
	closed  bool

	entering atomic.Int64 // between enter and entered
}

// era counts records. It is over when it was sealed and its last record is
// reported.
type era struct {
	count  atomic.Int64 // records in flight, plus one until it is sealed
	sealed bool
	over   chan struct{} // closed when this era and all before it are over
	ended  bool
}

func (f *flight) init() { f.begin() }

// begin starts an era. The caller holds mu, or is alone.
func (f *flight) begin() {
	e := &era{over: make(chan struct{})}
	e.count.Store(1)
	f.eras = append(f.eras, e)
	f.current.Store(e)
}

// enter counts a record in, or returns nil after close. Otherwise the caller
// calls entered when the client has the record.
func (f *flight) enter() *era {
	f.entering.Add(1)
	for {
		e := f.current.Load()
		if e == nil {
			f.entered()
			return nil
		}
		n := e.count.Load()
		if n > 0 && e.count.CompareAndSwap(n, n+1) { // 0: sealed and over since Load
			return e
		}
	}
}

func (f *flight) entered() { f.entering.Add(-1) }

// leave counts a record out.
func (f *flight) leave(e *era) {
	if e.count.Add(-1) == 0 {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.end(e)
	}
}

// end marks e, and tells whoever waits for an era that this was the last of.
func (f *flight) end(e *era) {
	e.ended = true
	for len(f.eras) > 0 && f.eras[0].ended {
		close(f.eras[0].over)
		f.eras = f.eras[1:]
	}
}

// before returns a channel that is closed when everything that entered before
// the call has left.
func (f *flight) before() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.eras) == 0 { // closed, and empty
		over := make(chan struct{})
		close(over)
		return over
	}
	e := f.eras[len(f.eras)-1]
	f.seal(e)
	return e.over
}

// seal ends the era of e for new records. The caller holds mu.
func (f *flight) seal(e *era) {
	if e.sealed {
		return
	}
	e.sealed = true
	if !f.closed {
		f.begin()
	}
	if e.count.Add(-1) == 0 {
		f.end(e)
	}
}

// close lets enter return nil, and returns when the client has all records that
// entered before.
func (f *flight) close() {
	f.mu.Lock()
	f.closed = true
	f.current.Store(nil)
	f.mu.Unlock()
	for f.entering.Load() > 0 {
		runtime.Gosched() // kgo takes records without waiting
	}
}
