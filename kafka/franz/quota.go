package franz

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/kavro/kavro/kafka"
)

// queueQuota bounds a producer's queue, in records and in bytes of keys, values and headers.
// kgo has such bounds too, but waits for space with the context that it then keeps for the
// life of the record: Produce's context would cancel a record that is queued already.
type queueQuota struct {
	maxRecords, maxBytes int64

	records, bytes atomic.Int64 // in use
	waiting        atomic.Int64
	closed         atomic.Bool

	mu   sync.Mutex
	wake chan struct{} // closed, and replaced, when there is space again
}

func newQuota(maxRecords, maxBytes int64) *queueQuota {
	return &queueQuota{maxRecords: maxRecords, maxBytes: maxBytes, wake: make(chan struct{})}
}

// acquire reserves space for one record of size bytes, and waits for it within ctx. A record
// above maxBytes waits until the queue is empty.
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
		// waiting is not 0, so every release from here on closes wake: none is missed.
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

// tryAcquire reserves space if there is some now. Concurrent callers may exceed maxBytes by
// one record each.
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

// release returns the space of one record. Waiting calls are woken when an eighth of the
// queue is free: woken for each record, they would produce batches of one record.
func (q *queueQuota) release(size int64) {
	bytes, records := q.bytes.Add(-size), q.records.Add(-1)
	if q.waiting.Load() == 0 {
		return
	}
	if records == 0 || records <= q.maxRecords-q.maxRecords/8 && bytes <= q.maxBytes-q.maxBytes/8 {
		q.wakeAll()
	}
}

// close makes waiting and later calls of acquire return kafka.ErrClosed.
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
