package avroproducer

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrCallbackRunning is part of the error of Flush and Close if their context ended while
// an [OnDelivery] function was running. A function that calls Flush or Close itself waits
// for its own return, and gets this error when its context ends.
var ErrCallbackRunning = errors.New("an OnDelivery function has not returned (it must not call Flush or Close)")

// deliveries calls OnDelivery functions one at a time, in order, on a goroutine that runs
// while there are calls to make. The client's thread only appends to the queue.
type deliveries struct {
	limit int // largest number of calls in the queue before Produce waits

	mu      sync.Mutex
	queue   []deliverer
	head    int           // queue[:head] has started
	active  bool          // a goroutine makes the calls
	changed chan struct{} // closed when a call starts; nil while nobody waits
}

type deliverer interface{ deliver() }

// push never blocks.
func (q *deliveries) push(d deliverer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, d)
	if !q.active {
		q.active = true
		go q.run()
	}
}

// run makes calls until the queue is empty.
func (q *deliveries) run() {
	finished := false
	defer func() {
		if !finished { // the function ended its goroutine, as t.FailNow does
			go q.run()
		}
	}()
	for {
		d := q.next()
		if d == nil {
			finished = true
			return
		}
		d.deliver()
	}
}

// next removes the oldest call. If there is none it returns nil, and the next push starts
// a goroutine.
func (q *deliveries) next() deliverer {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.queue) {
		q.queue, q.head, q.active = q.queue[:0], 0, false
		if cap(q.queue) > 1024 { // release the memory of a burst
			q.queue = nil
		}
		return nil
	}
	if q.head > 1024 && q.head > len(q.queue)/2 { // under steady load the queue never empties
		q.queue = slices.Delete(q.queue, 0, q.head)
		q.head = 0
	}
	d := q.queue[q.head]
	q.queue[q.head] = nil
	q.head++
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
	return d
}

// waitForCapacity waits until the queue is below its limit. The call that is running does
// not count, so that an OnDelivery function may produce while the queue is empty.
func (q *deliveries) waitForCapacity(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.queue)-q.head >= q.limit {
		if q.changed == nil {
			q.changed = make(chan struct{})
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
			q.mu.Lock()
		case <-ctx.Done():
			q.mu.Lock()
			return ctx.Err()
		}
	}
	return nil
}

// running reports whether there is a call that has not returned.
func (q *deliveries) running() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.active
}
