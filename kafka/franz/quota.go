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
//
// Calls of Produce acquire, and the goroutine that calls kgo's promises releases. Each side
// counts upwards on a cache line of its own, and acquire reads the other one only when the
// queue seems to be full.
type queueQuota struct {
	maxRecords, maxBytes int64

	waiting atomic.Bool // a call of acquire waits for wake; changed with mu held
	closed  atomic.Bool
	once    sync.Once
	idle    chan struct{} // closed when the quota is closed and nothing is in use

	mu   sync.Mutex
	wake chan struct{} // closed, and replaced, when there is space again

	_        [64]byte
	acquired usage
	seen     usage // of released
	_        [64]byte
	released usage
	_        [64]byte
}

// usage is a number of records and of their bytes, ever.
type usage struct{ records, bytes atomic.Int64 }

func newQuota(maxRecords, maxBytes int64) *queueQuota {
	return &queueQuota{maxRecords: maxRecords, maxBytes: maxBytes, wake: make(chan struct{}), idle: make(chan struct{})}
}

// inUse returns the number of records that are acquired and not released.
func (q *queueQuota) inUse() int64 {
	released := q.released.records.Load() // first: what is acquired meanwhile may be released meanwhile
	return q.acquired.records.Load() - released
}

// acquire reserves space for one record of size bytes, and waits for it within ctx. A record
// above maxBytes waits until the queue is empty.
func (q *queueQuota) acquire(ctx context.Context, size int64) error {
	if !q.tryAcquire(size) {
		if err := q.wait(ctx, size); err != nil {
			return err
		}
	}
	// Count first, then check: either acquire sees that the quota is closed, or close sees the
	// record.
	if q.closed.Load() {
		q.release(size)
		return kafka.ErrClosed
	}
	return nil
}

func (q *queueQuota) wait(ctx context.Context, size int64) error {
	for {
		q.mu.Lock()
		q.waiting.Store(true)
		wake := q.wake
		q.mu.Unlock()
		// Each release from here on sees that, and closes wake if there is space.
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
		acquired := q.acquired.records.Load()
		if !q.fits(acquired, size, q.seen.records.Load(), q.seen.bytes.Load()) {
			records, bytes := q.released.records.Load(), q.released.bytes.Load()
			q.seen.records.Store(records) // a concurrent call may store less: then the next one reads released again
			q.seen.bytes.Store(bytes)
			if !q.fits(acquired, size, records, bytes) {
				return false
			}
		}
		if q.acquired.records.CompareAndSwap(acquired, acquired+1) {
			q.acquired.bytes.Add(size)
			return true
		}
	}
}

// fits reports whether there is space for one more record of size bytes.
func (q *queueQuota) fits(acquired, size, released, releasedBytes int64) bool {
	records := acquired - released
	return records <= 0 || records < q.maxRecords && q.acquired.bytes.Load()-releasedBytes+size <= q.maxBytes
}

// release returns the space of one record. Waiting calls are woken when an eighth of the
// queue is free: woken for each record, they would produce batches of one record.
func (q *queueQuota) release(size int64) {
	bytes, records := q.released.bytes.Add(size), q.released.records.Add(1)
	if q.waiting.Load() {
		bytes, records = q.acquired.bytes.Load()-bytes, q.acquired.records.Load()-records // in use
		if records == 0 || records <= q.maxRecords-q.maxRecords/8 && bytes <= q.maxBytes-q.maxBytes/8 {
			q.wakeAll()
		}
	}
	if q.closed.Load() {
		q.endIfIdle()
	}
}

// close makes waiting and later calls of acquire return kafka.ErrClosed.
func (q *queueQuota) close() {
	q.closed.Store(true)
	q.wakeAll()
	q.endIfIdle()
}

func (q *queueQuota) endIfIdle() {
	if q.inUse() == 0 {
		q.once.Do(func() { close(q.idle) })
	}
}

func (q *queueQuota) wakeAll() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting.Swap(false) {
		close(q.wake)
		q.wake = make(chan struct{})
	}
}
