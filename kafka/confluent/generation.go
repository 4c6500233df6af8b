//go:build cgo

package confluent

// A round is the records produced between two flushes. Flush ends the current
// round and waits for it, and so for every record before the call but for none
// after it, however long others go on producing.
//
// A round is over when it holds nothing: one for each record not yet reported,
// one while it is the current round, and one while the round before it is not
// over. Whose producer's mutex it is guards everything but over.
type generation struct {
	pending int
	done    chan struct{}
	next    *generation // set before the round can be over, unless it is current
}

func newGeneration(holds int) *generation {
	return &generation{pending: holds, done: make(chan struct{})}
}

// release gives back n holds.
func (r *generation) release(n int) {
	for r.pending -= n; r.pending == 0; r.pending -= n {
		close(r.done)
		if r, n = r.next, 1; r == nil {
			return
		}
	}
}

// follow makes the round after r. r must be released once for being current.
func (r *generation) startNext() *generation {
	r.next = newGeneration(2)
	return r.next
}
