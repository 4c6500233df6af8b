package avroconsumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/sched"
)

// RunBatch is [Consumer.Run] with up to max records of one partition in each call of handle. A
// batch is processed when it is full, when its partition has reached the bound of
// [WithInFlight], or when wait has passed since its first record was ready. handle returns nil
// if all records are processed, else one error for each message, nil for those that are
// processed; a result of another length, or a panic, fails all of them.
//
// Batches of one partition are processed one after the other under [Partition] and [Key], and
// at the same time under [None]. Records to be retried are processed again together, as a
// batch of their own.
func (c *Consumer[K, V]) RunBatch(ctx context.Context, max int, wait time.Duration, handle func(context.Context, []*Message[K, V]) []error) error {
	if max < 1 {
		return fmt.Errorf("avroconsumer: RunBatch: batches of %d records", max)
	}
	if handle == nil {
		return errors.New("avroconsumer: RunBatch: the handler is nil")
	}
	w := sched.Work{Ordering: sched.Ordering(c.ordering), Workers: c.workers, Batch: max, Linger: wait}
	if c.ordering == Key {
		w.Ordering = sched.Partition
	}
	h := batchHandler[K, V]{core: c.core, decoder: c.handlerDecoder(), tombstones: TombstoneRuleFor[V](c.tombstones), handle: handle}
	return c.runWith(ctx, w, h.process)
}

// batchHandler processes batches: RunBatch's process.
type batchHandler[K, V any] struct {
	core       *core
	decoder    *Decoder[K, V]
	tombstones TombstoneRule
	handle     func(context.Context, []*Message[K, V]) []error
}

// process processes a batch. If ctx has ended, the result does not count.
func (h batchHandler[K, V]) process(ctx context.Context, t *sched.Task) sched.Outcome {
	items := t.All()
	out := h.processItems(ctx, items)
	if ctx.Err() != nil {
		t.Fail()
		return sched.Outcome{Answered: out.Answered}
	}
	return out
}

// processItems decodes records up to the first that fails, calls the handler, and then applies the
// policy to the one that failed. Records after that one are requeued.
func (h batchHandler[K, V]) processItems(ctx context.Context, items []sched.Item) (out sched.Outcome) {
	var batch []*Message[K, V]
	var of []*sched.Item // the item of each message: skipped tombstones are not in batch
	var bad *RecordError
	n := 0 // number of records in batch or skipped
	for ; n < len(items); n++ {
		it := &items[n]
		skip, m := false, (*Message[K, V])(nil)
		if skip, bad = h.tombstones.Apply(it.Rec); skip {
			h.skipped(ctx, it)
			continue
		}
		if bad == nil {
			m, bad = h.decoder.decodeRecord(ctx, it.Rec, len(items)-n)
		}
		if bad != nil {
			if !h.passesRaw(ctx, bad, it) {
				break
			}
			m = newMessage[K, V](it.Rec)
			m.Err, bad = bad, nil
		}
		m.from = it.Handle()
		batch, of = append(batch, m), append(of, it)
	}
	for i := n; i < len(items); i++ {
		items[i].Unprocessed = true
	}
	if len(batch) > 0 {
		out = h.handleBatch(ctx, batch, of)
		out.Answered = true
	}
	if bad != nil && out.Err == nil && out.Delay == 0 {
		// Records before it are unprocessed only if the partition is being revoked.
		items[n].Unprocessed = false
		failed, _ := h.core.failed(ctx, ctx, &items[n], bad)
		failed.Answered = failed.Answered || out.Answered
		return failed
	}
	return out
}

// skipped notifies the observer of a tombstone that is skipped.
func (h batchHandler[K, V]) skipped(ctx context.Context, it *sched.Item) {
	if h.core.observing {
		start := time.Now()
		h.core.observer.Handled(h.core.observer.Handling(ctx, it.Rec), it.Rec, time.Since(start), nil)
	}
}

// passesRaw reports whether the policy passes a record that could not be decoded to the
// handler, and if so notifies the observer.
func (h batchHandler[K, V]) passesRaw(ctx context.Context, e *RecordError, it *sched.Item) bool {
	if ctx.Err() != nil || e.Temporary() || e.NotRecordFault() {
		return false
	}
	e.Attempts = it.Attempts() + 1
	if h.core.policies[e.Class()].Decide(e.Attempts).Action != PassedRaw {
		return false
	}
	h.core.observer.PolicyApplied(e, e.Class(), PassedRaw)
	return true
}

// handleBatch calls the handler and applies the policy to each record that failed.
func (h batchHandler[K, V]) handleBatch(ctx context.Context, batch []*Message[K, V], items []*sched.Item) (out sched.Outcome) {
	start := time.Now()
	var ctxs []context.Context
	if h.core.observing {
		for _, m := range batch {
			ctxs = append(ctxs, h.core.observer.Handling(ctx, m.Raw))
		}
	}
	errs := h.call(ctx, batch)
	for i, it := range items {
		var err error
		if errs != nil {
			err = errs[i]
		}
		if h.core.observing {
			h.core.observer.Handled(ctxs[i], it.Rec, time.Since(start), err)
		}
		if err == nil {
			continue
		}
		if out.Err != nil { // Run ends: requeue the others
			it.Unprocessed = true
			continue
		}
		e := &RecordError{Raw: it.Rec, Stage: StageHandler, Err: err}
		if s := batch[i].Schema; s != nil {
			e.SchemaID = s.ID
		}
		one, _ := h.core.failed(ctx, ctx, it, e)
		out.Err, out.Delay = one.Err, max(out.Delay, one.Delay)
	}
	for _, m := range batch {
		h.decoder.recycle(m)
	}
	return out
}

// call returns nil, or one error for each message.
func (h batchHandler[K, V]) call(ctx context.Context, batch []*Message[K, V]) []error {
	var errs []error
	err := guard(func() error {
		errs = h.handle(ctx, slices.Clone(batch))
		if errs != nil && len(errs) != len(batch) {
			return fmt.Errorf("RunBatch: the handler returned %s for %s", count.Of(len(errs), "result"), count.Of(len(batch), "message"))
		}
		return nil
	})
	if err != nil {
		errs = slices.Repeat([]error{err}, len(batch))
	}
	return errs
}
