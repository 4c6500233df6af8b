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
type inFlightSet struct {
	mu          sync.Mutex
	generations []*generation // oldest first; the last is the current one
	current     atomic.Pointer[generation]
	closed      bool
}

// era counts records. It is over when it was sealed and its last record is
// reported.
type generation struct {
	state      atomic.Int64
	handedOver chan struct{} // closed when the era is sealed and the client has all its records
	done       chan struct{} // closed when this era and all before it are over
	ended      bool
	sealed     bool // sealed; guarded by the flight's mu
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

func (f *inFlightSet) init() { f.startGeneration() }

// begin starts an era. The caller holds mu, or is alone.
func (f *inFlightSet) startGeneration() {
	e := &generation{handedOver: make(chan struct{}), done: make(chan struct{})}
	f.generations = append(f.generations, e)
	f.current.Store(e)
}

// enter counts a record in, or returns nil after close. Otherwise the caller
// calls entered when the client has the record.
func (f *inFlightSet) add() *generation {
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
func (f *inFlightSet) handedOver(e *generation) {
	n := e.state.Add(-oneEntering)
	if n&sealed != 0 && entering(n) == 0 {
		close(e.handedOver)
	}
	f.endIf(n, e)
}

// leave counts a record out.
func (f *inFlightSet) remove(e *generation) { f.endIf(e.state.Add(-oneRecord), e) }

// leftIf ends e if nothing of it is left in the state n.
func (f *inFlightSet) endIf(n int64, e *generation) {
	if n == sealed {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.end(e)
	}
}

// end marks e, and tells whoever waits for an era that this was the last of.
func (f *inFlightSet) end(e *generation) {
	e.ended = true
	for len(f.generations) > 0 && f.generations[0].ended {
		close(f.generations[0].done)
		f.generations = f.generations[1:]
	}
}

// before returns a channel that is closed when everything that entered before
// the call has left.
func (f *inFlightSet) drained() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.generations) == 0 { // closed, and empty
		over := make(chan struct{})
		close(over)
		return over
	}
	e := f.generations[len(f.generations)-1]
	f.seal(e)
	return e.done
}

// inside waits, within ctx, until the client has what entered before the last call
// of before.
func (f *inFlightSet) awaitHandedOver(ctx context.Context) {
	f.mu.Lock()
	eras := slices.DeleteFunc(slices.Clone(f.generations), func(e *generation) bool { return !e.sealed })
	f.mu.Unlock()
	for _, e := range eras {
		select {
		case <-e.handedOver:
		case <-ctx.Done():
			return
		}
	}
}

// seal ends e for new records. The caller holds mu.
func (f *inFlightSet) seal(e *generation) {
	if e.sealed {
		return
	}
	e.sealed = true
	if f.closed {
		f.current.Store(nil)
	} else {
		f.startGeneration()
	}
	n := e.state.Add(sealed)
	if entering(n) == 0 {
		close(e.handedOver)
	}
	if n == sealed {
		f.end(e)
	}
}

// close lets enter return nil, and returns when the client has all records that
// entered before.
func (f *inFlightSet) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.drained()
	f.awaitHandedOver(context.Background()) // soon: kgo takes records without waiting
}
