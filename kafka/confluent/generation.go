//go:build cgo

package confluent

// A generation is the records produced between two flushes. Flush seals the current generation
// and waits for it: for every record before the call, and for none after it.
//
// A generation is done when pending is 0. pending counts each record not yet reported, one while
// it is the current generation, and one while the generation before it is not done. The mutex of
// the producer guards all fields but done.
type generation struct {
	pending int
	done    chan struct{}
	next    *generation // set before the generation can be done
}

func newGeneration(holds int) *generation {
	return &generation{pending: holds, done: make(chan struct{})}
}

// release subtracts n from pending. If that ends r, its follower has one less pending.
func (r *generation) release(n int) {
	for r.pending -= n; r.pending == 0; r.pending -= n {
		close(r.done)
		if r, n = r.next, 1; r == nil {
			return
		}
	}
}

// startNext makes the generation after r. The caller then releases r once for being current.
func (r *generation) startNext() *generation {
	r.next = newGeneration(2)
	return r.next
}
