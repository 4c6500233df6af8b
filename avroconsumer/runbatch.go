package avroconsumer

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// RunBatch is Run with up to max records of one partition at a time. A batch is
// handed over when it is full, when its partition has as much in memory as
// [WithInFlight] allows, or when wait has passed since its first record could have
// been. handle returns nil if all of them are dealt with, else one
// error for each message, nil for those that are; a result of any other length,
// or a panic, fails all of them.
//
// Batches of one partition come one after the other, under Key as under
// [Partition]; under [None] several are handled beside each other. Records that
// fail and are retried come again, together, as a batch of their own.
func (c *Consumer[K, V]) RunBatch(ctx context.Context, max int, wait time.Duration, handle func(context.Context, []*Message[K, V]) []error) error {
	if max < 1 {
		return fmt.Errorf("avroconsumer: RunBatch: batches of %d records", max)
	}
	r := &runner{core: c.core, ordering: c.ordering, batch: max, linger: wait}
	if r.ordering == Key {
		r.ordering = Partition
	}
	h := batchHandler[K, V]{core: c.core, decoder: c.decoder, handle: handle}
	r.process = h.process
	return c.runWith(ctx, r)
}

// batchHandler deals with batches: RunBatch's process.
type batchHandler[K, V any] struct {
	core    *core
	decoder *Decoder[K, V]
	handle  func(context.Context, []*Message[K, V]) []error
}

// process decodes records up to the first that fails, has them handled, and then
// looks at the one that failed. What is behind it waits for the next round.
func (h batchHandler[K, V]) process(ctx context.Context, items []item) (v verdict) {
	var batch []*Message[K, V]
	var bad *RecordError
	n := 0 // records in batch
	for ; n < len(items) && bad == nil; n++ {
		m, err := h.decoder.Decode(ctx, items[n].rec)
		if err != nil {
			bad = err.(*RecordError)
			if ctx.Err() == nil && h.core.policies[bad.Class()].action == HandedRaw && !bad.Temporary() && !bad.Blameless() {
				h.core.observer.Failed(bad, bad.Class(), HandedRaw)
				m, bad = newMessage[K, V](items[n].rec), nil
				m.Err = err.(*RecordError)
			} else {
				break
			}
		}
		m.from = handle{part: items[n].part, seq: items[n].seq, offset: m.Offset}
		batch = append(batch, m)
	}
	for i := n; i < len(items); i++ {
		items[i].undealt = true
	}
	if n > 0 {
		v = h.handleBatch(ctx, batch, items[:n])
		v.answered = true
	}
	if bad != nil && v.err == nil && v.pause == 0 {
		// Whatever is undealt before it is so because the partition is going away.
		items[n].undealt = false
		failed, _ := h.core.failed(ctx, &items[n], bad)
		failed.answered = failed.answered || v.answered
		return failed
	}
	return v
}

// handleBatch calls the handler and applies the policy for each record that
// failed.
func (h batchHandler[K, V]) handleBatch(ctx context.Context, batch []*Message[K, V], items []item) (v verdict) {
	start := time.Now()
	var ctxs []context.Context
	if h.core.observing {
		for _, m := range batch {
			ctxs = append(ctxs, h.core.observer.Handling(ctx, m.Raw))
		}
	}
	errs := h.call(ctx, batch)
	for i := range items {
		it := &items[i]
		var err error
		if errs != nil {
			err = errs[i]
		}
		if h.core.observing {
			h.core.observer.Handled(ctxs[i], it.rec, time.Since(start), err)
		}
		if err == nil {
			continue
		}
		if v.err != nil { // Run ends: the rest is for whoever reads next
			it.undealt = true
			continue
		}
		e := &RecordError{Raw: it.rec, Stage: StageHandler, Err: err}
		if s := batch[i].Schema; s != nil {
			e.SchemaID = s.ID
		}
		one, _ := h.core.failed(ctx, it, e)
		v.err, v.pause = one.err, max(v.pause, one.pause)
	}
	return v
}

// call returns nil, or one error for each message.
func (h batchHandler[K, V]) call(ctx context.Context, batch []*Message[K, V]) []error {
	var errs []error
	err := guard(func() error {
		errs = h.handle(ctx, slices.Clone(batch))
		if errs != nil && len(errs) != len(batch) {
			return fmt.Errorf("RunBatch: the handler returned %d results for %d messages", len(errs), len(batch))
		}
		return nil
	})
	if err != nil {
		errs = slices.Repeat([]error{err}, len(batch))
	}
	return errs
}
