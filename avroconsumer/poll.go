package avroconsumer

import (
	"context"
	"iter"
	"time"

	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/kafka"
)

// A poll asks for half of the high-water mark, within these bounds.
const minPoll, maxPoll = 500, 2_000

// Poll returns the next message, and acknowledges the one before: that one is now processed.
// It waits within ctx. Its outcomes:
//
//   - a message;
//   - a [*RecordError]: this record could not be decoded. The next call of Poll acknowledges
//     it, unless the record is not the cause (registry.UnauthorizedError,
//     serde.ReaderSchemaError): then the record is returned again. [RecordError.Class] tells a
//     bad record from a schema that does not match;
//   - an [*EndOfPartition], under enable.partition.eof without [WithToEnd];
//   - a [*PartitionError] or [*CommitError]: reading continues;
//   - ctx's error: nothing was read in time; with the last *registry.UnavailableError if
//     records wait for the registry;
//   - [ErrEnd], [kafka.ErrClosed], an error of [OnAssigned], or a *[kafka.Error]: reading has
//     ended.
//
// While the registry does not answer, the partitions that need it are paused, their records
// wait in order, and other partitions continue. A warning is logged (see [WithLogger]).
func (c *Consumer[K, V]) Poll(ctx context.Context) (*Message[K, V], error) {
	if err := c.beginReading(); err != nil {
		return nil, err
	}
	defer c.endReading()
	return c.nextMessage(ctx)
}

// Messages yields the results of Poll until reading ends; the error that ends it is yielded last,
// except ErrEnd. After break, the last message is unprocessed, and is the next to be returned.
func (c *Consumer[K, V]) Messages(ctx context.Context) iter.Seq2[*Message[K, V], error] {
	return func(yield func(*Message[K, V], error) bool) {
		for {
			m, err := c.Poll(ctx)
			switch {
			case err == ErrEnd:
				return
			case !yield(m, err):
				c.requeueYielded(0)
				return
			case err != nil && !isContinuable(err):
				return
			}
		}
	}
}

// reader is the state of Poll and the iterators between two calls. It belongs to whoever has set
// core.reading.
//
// Poll begins the records of one task one after the other, without the lock: to begin the next
// acknowledges the one before. Batches begins the records of as many tasks as its batch needs, and
// finishes all of them at once.
type reader struct {
	tasks    []*sched.Task // in progress; the last one may have more records
	spare    []*sched.Task
	answered bool          // a record of the last task was decoded
	yielded  []yieldedItem // returned to the caller, and not acknowledged
}

// yieldedItem is a record that was returned to the caller and is not acknowledged yet.
type yieldedItem struct {
	*sched.Item                 // until its task is finished
	rec         *kafka.Record   // nil: the end of a partition
	ctx         context.Context // returned by the observer
	from        time.Time       // when decoding began
	err         error           // of decoding
}

// nextMessage acknowledges the message before, waits for a record and decodes it.
func (c *Consumer[K, V]) nextMessage(ctx context.Context) (*Message[K, V], error) {
	var failed error
	if it := c.nextOfTask(ctx); it != nil {
		c.observeYielded()
		m, err, ok := c.yield(ctx, it)
		if ok {
			return m, err
		}
		failed = err
	}
	c.lock()
	defer c.unlock()
	if c.closing {
		return nil, kafka.ErrClosed
	}
	if failed != nil {
		failed = c.requeueUndecoded(ctx, failed.(*RecordError))
	}
	if c.acknowledge(); failed != nil {
		return nil, failed
	}
	return c.awaitMessage(ctx, sched.MaxTask, false)
}

// nextOfTask returns the next record of the last task, nil if there is none or if it is to be finished
// first.
func (c *Consumer[K, V]) nextOfTask(ctx context.Context) *sched.Item {
	last := len(c.yielded) - 1
	if len(c.tasks) != 1 || last < 0 || c.yielded[last].Unprocessed || ctx.Err() != nil {
		return nil
	}
	return c.tasks[0].Next()
}

// awaitMessage returns the next message: of the last task, or of a new one of up to most records,
// which are processed together if whole is true. mu is held, and released meanwhile.
func (c *Consumer[K, V]) awaitMessage(ctx context.Context, most int, whole bool) (*Message[K, V], error) {
	for {
		it, err := c.awaitItem(ctx, most, whole)
		if err != nil {
			return nil, err
		}
		var m *Message[K, V]
		var ok bool
		c.unlocked(func() { m, err, ok = c.yield(ctx, it) })
		if ok {
			c.machine.Answered(it)
			return m, err
		}
		if err := c.requeueUndecoded(ctx, err.(*RecordError)); err != nil {
			return nil, err
		}
	}
}

// requeueUndecoded requeues the record that was begun last, since it is not the cause of e. It
// returns what the reader is to return, nil to go on. mu is held.
func (c *Consumer[K, V]) requeueUndecoded(ctx context.Context, e *RecordError) error {
	out := sched.Outcome{Answered: c.answered}
	if waitsForRegistry(ctx, e) {
		out.Awaits = idNeeded(e)
	}
	c.machine.Return(c.tasks[len(c.tasks)-1], out)
	switch {
	case ctx.Err() != nil:
		return c.explain(ctx.Err())
	case !e.Temporary():
		return e
	}
	return nil
}

// awaitItem waits for a record, and polls meanwhile. mu is held, and released meanwhile.
func (c *Consumer[K, V]) awaitItem(ctx context.Context, most int, whole bool) (*sched.Item, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, c.explain(err)
		}
		if n := len(c.tasks); n > 0 {
			if it := c.tasks[n-1].Next(); it != nil {
				return it, nil
			}
		}
		switch action := c.machine.Reader(); action {
		case sched.StopReading:
			return nil, kafka.ErrClosed
		case sched.ReturnError:
			return nil, c.machine.Err()
		case sched.ReachedEnd:
			return nil, ErrEnd
		case sched.TakeTask:
			c.take(most, whole)
		default:
			if err := c.poll(ctx, action); err != nil && err != errAgain {
				return nil, err
			}
		}
	}
}

// take takes a task of up to most records. mu is held.
func (c *Consumer[K, V]) take(most int, whole bool) {
	t := new(sched.Task)
	if n := len(c.spare); n > 0 {
		t, c.spare = c.spare[n-1], c.spare[:n-1]
	}
	if !c.machine.Take(t, most, whole) {
		c.spare = append(c.spare, t)
		return
	}
	c.tasks, c.answered = append(c.tasks, t), false
}

// acknowledge marks the yielded records as processed, and ends their tasks. mu is held, and released
// while the observer is notified.
func (c *Consumer[K, V]) acknowledge() {
	yielded := c.yielded
	c.yielded = nil
	c.finishTasks()
	if c.observing && len(yielded) > 0 {
		c.unlocked(func() { c.observeHandled(yielded...) })
	}
	c.yielded = yielded[:0]
}

// finishTasks ends all tasks, the last one first, so that records that are requeued keep their order.
// mu is held.
func (c *Consumer[K, V]) finishTasks() {
	for i := len(c.tasks) - 1; i >= 0; i-- {
		c.machine.Finish(c.tasks[i], sched.Outcome{Answered: c.answered})
		c.spare = append(c.spare, c.tasks[i])
	}
	clear(c.tasks)
	c.tasks = c.tasks[:0]
}

// yield decodes a record and counts it as yielded. ok is false if it is not, since the record is to be
// decoded again; until then it is unprocessed, also after a panic.
func (c *Consumer[K, V]) yield(ctx context.Context, it *sched.Item) (m *Message[K, V], err error, ok bool) {
	y := yieldedItem{Item: it}
	if it.End {
		c.yielded = append(c.yielded[:0:0], y)
		return nil, &EndOfPartition{TopicPartition: it.Generation().TopicPartition, Offset: it.Rec.Offset}, true
	}
	it.Unprocessed, y.rec = true, it.Rec
	if c.observing {
		y.from = time.Now()
		y.ctx = c.observer.Handling(ctx, it.Rec)
	}
	m, e := c.decoder.decodeRecord(ctx, it.Rec, c.tasks[len(c.tasks)-1].Left()+1)
	if e != nil {
		y.err = e
		waits := waitsForRegistry(ctx, e)
		if waits && c.noteAttempt(e, it) && (e.Temporary() || ctx.Err() != nil) {
			c.reportWaiting(e)
		}
		if c.observing && (ctx.Err() != nil || waits) {
			c.observeHandled(y) // this attempt
		}
		if ctx.Err() != nil || waits {
			return nil, e, false
		}
		err = e
	} else {
		m.from = it.Handle()
	}
	it.Unprocessed, c.answered = false, true
	c.yielded = append(c.yielded, y)
	return m, err, true
}

// observeYielded notifies the observer that the yielded records are processed.
func (c *Consumer[K, V]) observeYielded() {
	if c.observing {
		c.observeHandled(c.yielded...)
	}
	clear(c.yielded)
	c.yielded = c.yielded[:0]
}

func (c *core) observeHandled(seen ...yieldedItem) {
	for i := range seen {
		if y := &seen[i]; y.rec != nil {
			c.observer.Handled(y.ctx, y.rec, time.Since(y.from), y.err)
		}
	}
}

// requeueYielded requeues the yielded records from the n-th on; those before it are processed. If
// another goroutine reads by now, it has acknowledged all of them.
func (c *Consumer[K, V]) requeueYielded(n int) {
	if c.beginReading() != nil {
		return
	}
	defer c.endReading()
	for _, y := range c.yielded[n:] {
		y.Unprocessed = true
	}
	c.yielded = c.yielded[:n]
	c.lock()
	defer c.unlock()
	c.acknowledge()
}
