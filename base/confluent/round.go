//go:build cgo

package confluent

import "sync/atomic"

// A round is the records produced between two flushes. Flush ends the current
// round and waits for it, and so for every record before the call but for none
// after it, however long others go on producing.
//
// A round is over when it holds nothing: one for each record not yet reported,
// one while it is the current round, and one while the round before it is not over.
type round struct {
	holds atomic.Int64
	over  chan struct{}
	next  *round // set before the round can be over, unless it is current
}

func newRound(holds int64) *round {
	r := &round{over: make(chan struct{})}
	r.holds.Store(holds)
	return r
}

// hold takes one more hold; the caller must have one already or be the current
// round's user.
func (r *round) hold() { r.holds.Add(1) }

// release gives one back.
func (r *round) release() {
	for r != nil && r.holds.Add(-1) == 0 {
		close(r.over)
		r = r.next
	}
}

// follow makes the round after r. r must be released once for being current.
func (r *round) follow() *round {
	r.next = newRound(2)
	return r.next
}
