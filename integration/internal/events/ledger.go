package events

import (
	"fmt"
	"sync"

	"github.com/kavro/kavro/internal/count"
)

// Ledger counts how often each event of a topic was handled. It is safe for
// concurrent use.
type Ledger struct {
	mu      sync.Mutex
	times   [][]int // by partition and number
	missing int     // not handled yet
	repeats int
	more    chan struct{} // closed at the next change
	broken  error
}

// NewLedger is for a topic with n events in each partition.
func NewLedger(partitions, n int) *Ledger {
	l := &Ledger{times: make([][]int, partitions), missing: partitions * n, more: make(chan struct{})}
	for p := range l.times {
		l.times[p] = make([]int, n)
	}
	return l
}

// Handled notes that an event was handled. It objects to one whose predecessor
// in the partition never was: something was passed over.
func (l *Ledger) Handled(partition int32, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n > 0 && l.times[partition][n-1] == 0 && l.broken == nil {
		l.broken = fmt.Errorf("partition %d: %d came before %d", partition, n, n-1)
	}
	if l.times[partition][n]++; l.times[partition][n] == 1 {
		l.missing--
	} else {
		l.repeats++
	}
	close(l.more)
	l.more = make(chan struct{})
}

// State returns how many events are missing, how many were handled again, the
// first thing that was out of order, and what is closed when this changes.
func (l *Ledger) State() (missing, repeats int, broken error, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.missing, l.repeats, l.broken, l.more
}

// Total is how many events there are.
func (l *Ledger) Total() int { return len(l.times) * len(l.times[0]) }

// Await waits until at most missing events are missing, or done is closed.
func (l *Ledger) Await(missing int, done <-chan struct{}) error {
	for {
		left, _, broken, more := l.State()
		if broken != nil || left <= missing {
			return broken
		}
		select {
		case <-more:
		case <-done:
			return fmt.Errorf("%s %s still missing", count.Of(left, "event"), count.Verb(left, "is", "are"))
		}
	}
}
