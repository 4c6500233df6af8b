//go:build cgo

package confluent

// A round is the records produced between two flushes. Flush ends the current
// round and waits for it, and so for every record before the call but for none
// after it, however long others go on producing.
//
// A round is over when it holds nothing: one for each record not yet reported,
// one while it is the current round, and one while the round before it is not
// over. Whose producer's mutex it is guards everything but over.
type round struct {
	holds int
	over  chan struct{}
	next  *round // set before the round can be over, unless it is current
}

func newRound(holds int) *round {
	return &round{holds: holds, over: make(chan struct{})}
}

// release gives back n holds.
func (r *round) release(n int) {
	for r.holds -= n; r.holds == 0; r.holds -= n {
		close(r.over)
		if r, n = r.next, 1; r == nil {
			return
		}
	}
}

// follow makes the round after r. r must be released once for being current.
func (r *round) follow() *round {
	r.next = newRound(2)
	return r.next
}
