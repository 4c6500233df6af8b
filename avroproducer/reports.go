package avroproducer

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"sync"
)

// ErrInCallback is returned by Flush and Close when OnDelivery calls them: they
// would wait for themselves.
var ErrInCallback = errors.New("avroproducer: called from OnDelivery, which it would wait for")

// reports runs OnDelivery functions one at a time, in order, on a goroutine
// that lives as long as there are any to run: the client's thread only leaves
// them here.
type deliveries struct {
	limit int // how many may wait

	mu       sync.Mutex
	queue    []deliverer
	head     int // queue[:head] has run, or runs
	pushed   int // ever
	finished int // ever
	active   bool
	running  uint64        // the goroutine that runs them
	changed  chan struct{} // closed and replaced when ran grows; nil while nobody waits
}

type deliverer interface{ deliver() }

// push never blocks.
func (q *deliveries) push(d deliverer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, d)
	q.pushed++
	if !q.active {
		q.active = true
		go q.run()
	}
}

// run delivers until nothing is left.
func (q *deliveries) run() {
	finished := false
	defer func() {
		if !finished { // the function ended its goroutine, as t.FailNow does
			go q.run()
		}
	}()
	id := goroutineID()
	for {
		d := q.next(id)
		if d == nil {
			finished = true
			return
		}
		q.deliver(d)
	}
}

// next takes the oldest, or notes that there is nobody to run any.
func (q *deliveries) next(goroutine uint64) deliverer {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.queue) {
		q.queue, q.head, q.active, q.running = q.queue[:0], 0, false, 0
		if cap(q.queue) > 1024 { // a burst does not stay in memory for good
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
	q.running = goroutine
	return d
}

func (q *deliveries) deliver(d deliverer) {
	defer func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.finished++
		if q.changed != nil {
			close(q.changed)
			q.changed = nil
		}
	}()
	d.deliver()
}

// waitForRoom waits until another report may be added, except on the goroutine
// that makes room.
func (q *deliveries) waitForCapacity(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pushed-q.finished < q.limit || q.inCallback() {
		return nil
	}
	return q.wait(ctx, func() bool { return q.pushed-q.finished < q.limit })
}

// drain waits until all that was pushed so far has run.
func (q *deliveries) drain(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	goal := q.pushed
	return q.wait(ctx, func() bool { return q.finished >= goal })
}

// inCallback says whether the caller is an OnDelivery function. q.mu is held.
func (q *deliveries) inCallback() bool { return q.running != 0 && q.running == goroutineID() }

// calledFromCallback is inCallback for those who do not hold the lock.
func (q *deliveries) calledFromCallback() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.inCallback()
}

// wait waits until enough says so. q.mu is held, and released meanwhile.
func (q *deliveries) wait(ctx context.Context, enough func() bool) error {
	for !enough() {
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

// goroutineID tells one goroutine from another, which Go offers by no other
// way than the head of a stack trace, "goroutine 18 [running]:". It is asked
// for when a goroutine starts to run callbacks, and by those who would
// otherwise wait for callbacks: never for each record.
func goroutineID() uint64 {
	var buf [64]byte
	head := buf[:runtime.Stack(buf[:], false)]
	head, _, _ = bytes.Cut(bytes.TrimPrefix(head, []byte("goroutine ")), []byte(" "))
	id, err := strconv.ParseUint(string(head), 10, 64)
	if err != nil {
		return 0 // as if nobody ran a callback
	}
	return id
}
