package franz

import (
	"context"
	"slices"
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
}

// era counts records. It is over when it was sealed and its last record is
// reported.
type era struct {
	state  atomic.Int64
	in     chan struct{} // closed when the era is sealed and the client has all its records
	over   chan struct{} // closed when this era and all before it are over
	ended  bool
	closed bool // sealed; guarded by the flight's mu
}

// An era's state is one number, so that each change of it is seen by one goroutine:
//
//	bit  62     the era is sealed
//	bits 32-61  records that are on their way into the client
//	bits 0-31   records in flight, those included
const (
	oneRecord   int64 = 1
	oneEntering int64 = 1 << 32
	sealed      int64 = 1 << 62
)

// entering is how many records of a state are on their way into the client.
func entering(state int64) int64 { return state &^ sealed / oneEntering }

func (f *flight) init() { f.begin() }

// begin starts an era. The caller holds mu, or is alone.
func (f *flight) begin() {
	e := &era{in: make(chan struct{}), over: make(chan struct{})}
	f.eras = append(f.eras, e)
	f.current.Store(e)
}

// enter counts a record in, or returns nil after close. Otherwise the caller
// calls entered when the client has the record.
func (f *flight) enter() *era {
	for {
		e := f.current.Load()
		if e == nil {
			return nil
		}
		n := e.state.Load()
		if n&sealed == 0 && e.state.CompareAndSwap(n, n+oneRecord+oneEntering) { // else there is a next one
			return e
		}
	}
}

// entered says that the client has a record of e.
func (f *flight) entered(e *era) {
	n := e.state.Add(-oneEntering)
	if n&sealed != 0 && entering(n) == 0 {
		close(e.in)
	}
	f.leftIf(n, e)
}

// leave counts a record out.
func (f *flight) leave(e *era) { f.leftIf(e.state.Add(-oneRecord), e) }

// leftIf ends e if nothing of it is left in the state n.
func (f *flight) leftIf(n int64, e *era) {
	if n == sealed {
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

// inside waits, within ctx, until the client has what entered before the last call
// of before.
func (f *flight) inside(ctx context.Context) {
	f.mu.Lock()
	eras := slices.DeleteFunc(slices.Clone(f.eras), func(e *era) bool { return !e.closed })
	f.mu.Unlock()
	for _, e := range eras {
		select {
		case <-e.in:
		case <-ctx.Done():
			return
		}
	}
}

// seal ends e for new records. The caller holds mu.
func (f *flight) seal(e *era) {
	if e.closed {
		return
	}
	e.closed = true
	if f.closed {
		f.current.Store(nil)
	} else {
		f.begin()
	}
	n := e.state.Add(sealed)
	if entering(n) == 0 {
		close(e.in)
	}
	if n == sealed {
		f.end(e)
	}
}

// close lets enter return nil, and returns when the client has all records that
// entered before.
func (f *flight) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.before()
	f.inside(context.Background()) // soon: kgo takes records without waiting
}
