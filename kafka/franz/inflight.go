package franz

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// inFlightSet counts the records that were produced and not yet reported, by flush
// generation: a flush seals the current generation and waits for the records of this and of
// earlier generations. Records that are produced meanwhile belong to the next generation and
// do not prolong the flush.
type inFlightSet struct {
	mu          sync.Mutex
	generations []*generation // oldest first; the last is the current one
	current     atomic.Pointer[generation]
	closed      bool
}

// generation counts the records between two flushes. It is done when it is sealed and its
// last record was reported.
type generation struct {
	state      atomic.Int64
	handedOver chan struct{} // closed when it is sealed and kgo has all its records
	done       chan struct{} // closed when this generation and all before it are done
	ended      bool
	sealed     bool // guarded by the set's mu
}

// The state of a generation is one number. Each change returns the new number to one
// goroutine alone, so exactly one goroutine sees that nothing is left:
//
//	bit  62     the generation is sealed
//	bits 32-61  records that were counted and not yet handed over to kgo
//	bits 0-31   records in flight, including those of bits 32-61
const (
	oneRecord   int64 = 1
	oneEntering int64 = 1 << 32
	sealed      int64 = 1 << 62
)

// entering is the number in bits 32-61: records not yet handed over to kgo.
func entering(state int64) int64 { return state &^ sealed / oneEntering }

func (f *inFlightSet) init() { f.startGeneration() }

// startGeneration starts a generation. The caller holds mu, or is the only user.
func (f *inFlightSet) startGeneration() {
	e := &generation{handedOver: make(chan struct{}), done: make(chan struct{})}
	f.generations = append(f.generations, e)
	f.current.Store(e)
}

// add counts a record, or returns nil after close. Otherwise the caller calls handedOver
// when kgo has the record, and remove when it was reported.
func (f *inFlightSet) add() *generation {
	for {
		e := f.current.Load()
		if e == nil {
			return nil
		}
		n := e.state.Load()
		if n&sealed == 0 && e.state.CompareAndSwap(n, n+oneRecord+oneEntering) { // else a flush has sealed it, and there is a next one
			return e
		}
	}
}

// handedOver says that kgo has a record of e.
func (f *inFlightSet) handedOver(e *generation) {
	n := e.state.Add(-oneEntering)
	if n&sealed != 0 && entering(n) == 0 {
		close(e.handedOver)
	}
	f.endIf(n, e)
}

// remove says that a record of e was reported.
func (f *inFlightSet) remove(e *generation) { f.endIf(e.state.Add(-oneRecord), e) }

// endIf ends e if the state n says that it is sealed and empty.
func (f *inFlightSet) endIf(n int64, e *generation) {
	if n == sealed {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.end(e)
	}
}

// end marks e as ended, and finishes the oldest generations as far as all have ended.
func (f *inFlightSet) end(e *generation) {
	e.ended = true
	for len(f.generations) > 0 && f.generations[0].ended {
		close(f.generations[0].done)
		f.generations = f.generations[1:]
	}
}

// drained seals the current generation and returns a channel that is closed when every
// record that was added before the call was reported.
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

// awaitHandedOver waits, within ctx, until kgo has the records that were added before the
// last call of drained.
func (f *inFlightSet) awaitHandedOver(ctx context.Context) {
	f.mu.Lock()
	sealed := slices.DeleteFunc(slices.Clone(f.generations), func(e *generation) bool { return !e.sealed })
	f.mu.Unlock()
	for _, e := range sealed {
		select {
		case <-e.handedOver:
		case <-ctx.Done():
			return
		}
	}
}

// seal closes e to new records. The caller holds mu.
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

// close makes add return nil, and returns when kgo has all records that were added before.
func (f *inFlightSet) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.drained()
	f.awaitHandedOver(context.Background()) // a moment: kgo takes records without waiting
}
