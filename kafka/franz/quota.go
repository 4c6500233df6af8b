package franz

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/kavro/kavro/kafka"
)

// room is what a producer's queue has left, in records and in bytes. kgo could
// count them itself, but waits with the context that it then keeps for the
// record's whole life.
type queueQuota struct {
	maxRecords, maxBytes int64

	records, bytes atomic.Int64 // taken
	waiting        atomic.Int64
	closed         atomic.Bool

	mu   sync.Mutex
	wake chan struct{} // closed, and replaced, when there is room again
}

func newQuota(maxRecords, maxBytes int64) *queueQuota {
	return &queueQuota{maxRecords: maxRecords, maxBytes: maxBytes, wake: make(chan struct{})}
}

// acquire takes room for one record of size bytes, waiting within ctx. A record
// larger than all room there is has to wait for the queue to be empty.
func (q *queueQuota) acquire(ctx context.Context, size int64) error {
	if q.closed.Load() {
		return kafka.ErrClosed
	}
	if q.tryAcquire(size) {
		return nil
	}
	q.waiting.Add(1)
	defer q.waiting.Add(-1)
	for {
		q.mu.Lock()
		wake := q.wake
		q.mu.Unlock()
		// Whatever is released from here on closes wake, since waiting is not 0.
		if q.closed.Load() {
			return kafka.ErrClosed
		}
		if q.tryAcquire(size) {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// try takes room if there is some now. Callers that race may overshoot the
// bytes by a record each.
func (q *queueQuota) tryAcquire(size int64) bool {
	for {
		records := q.records.Load()
		if records > 0 && (records >= q.maxRecords || q.bytes.Load()+size > q.maxBytes) {
			return false
		}
		if q.records.CompareAndSwap(records, records+1) {
			q.bytes.Add(size)
			return true
		}
	}
}

// release gives room back. Who waits is woken once an eighth of the queue is
// free: waking for every record would make batches of one.
func (q *queueQuota) release(size int64) {
	bytes, records := q.bytes.Add(-size), q.records.Add(-1)
	if q.waiting.Load() == 0 {
		return
	}
	if records == 0 || records <= q.maxRecords-q.maxRecords/8 && bytes <= q.maxBytes-q.maxBytes/8 {
		q.wakeAll()
	}
}

// close lets all who wait, and all who come later, return kafka.ErrClosed.
func (q *queueQuota) close() {
	q.closed.Store(true)
	q.wakeAll()
}

func (q *queueQuota) wakeAll() {
	q.mu.Lock()
	defer q.mu.Unlock()
	close(q.wake)
	q.wake = make(chan struct{})
}
