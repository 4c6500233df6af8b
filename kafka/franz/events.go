package franz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// event is one rebalance, handed from kgo's goroutine to the one in Poll.
type event struct {
	kind      kind
	ctx       context.Context
	committed []kafka.Offset         // assigned: the new partitions, with the group's offsets
	parts     []kafka.TopicPartition // revoked and lost
	started   bool                   // Poll runs it; guarded by the reader's mu

	done chan struct{} // closed when err is set
	err  error
}

type kind uint8

const (
	assigned kind = iota
	revoked
	lost
	rebalanced // a rebalance is over
)

// rebalanced tells Rebalance that a rebalance is over, if it is a kafka.Rebalanced.
func (r *reader) rebalanced() {
	if _, ok := r.rebalance.(kafka.Rebalanced); ok {
		r.enqueue(&event{kind: rebalanced})
	}
}

func (ev *event) finish(err error) {
	ev.err = err
	close(ev.done)
}

// errWithdrawn ends an event that no Poll has run in time. It wraps context.Canceled, which
// kgo treats as the end of the group's session, not as a failure.
var errWithdrawn = fmt.Errorf("the rebalance was over before Poll was called: %w", context.Canceled)

var errPanic = errors.New("the Rebalance panicked")

// runInPoll queues ev and waits until Poll has run it, or until ev's context ends before Poll
// starts it.
func (r *reader) runInPoll(ev *event) error {
	r.enqueue(ev)
	select {
	case <-ev.done:
		return ev.err
	case <-ev.ctx.Done():
	}
	r.mu.Lock()
	if !ev.started {
		r.events = slices.DeleteFunc(r.events, func(e *event) bool { return e == ev })
		r.mu.Unlock()
		return errWithdrawn
	}
	r.mu.Unlock()
	<-ev.done
	return ev.err
}

// enqueue queues ev for Poll.
func (r *reader) enqueue(ev *event) {
	ev.done = make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.detached {
		ev.finish(errWithdrawn)
		return
	}
	r.events = append(r.events, ev)
	r.wakePoll()
}

// dispatch runs the queued events on the goroutine that is in Poll or Close. The error is
// Rebalance.Assigned's.
func (r *reader) dispatch() error {
	for {
		r.mu.Lock()
		if len(r.events) == 0 {
			r.mu.Unlock()
			return nil
		}
		ev, closing := r.events[0], r.closing
		r.events = r.events[1:]
		ev.started = true
		r.mu.Unlock()

		if err := r.run(ev, closing); err != nil {
			return err
		}
	}
}

// run runs one event. It finishes the event also if Rebalance panics: kgo waits for that, and
// joins the group again.
func (r *reader) run(ev *event, closing bool) (err error) {
	outcome := errPanic
	defer func() {
		if err == nil {
			ev.finish(outcome)
		}
	}()
	switch {
	case ev.kind == rebalanced:
		r.rebalance.(kafka.Rebalanced).Rebalanced()
	case ev.kind != assigned:
		r.remove(ev.ctx, ev.kind, ev.parts)
		if next, ok := r.rebalance.(kafka.Rebalanced); ok && r.c.s.groupProtocol == "consumer" {
			next.Rebalanced()
		}
	case closing: // nothing is assigned any more
		outcome = errWithdrawn
		return nil
	default:
		if err := r.assign(ev); err != nil {
			r.requeue(ev)
			return err
		}
	}
	outcome = nil
	return nil
}

// requeue makes the next Poll run ev again, for which Assigned has returned an error.
func (r *reader) requeue(ev *event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ev.ctx.Err() != nil || r.detached {
		ev.finish(errWithdrawn)
		return
	}
	ev.started = false
	r.events = slices.Insert(r.events, 0, ev)
}

// assign calls Rebalance.Assigned with the new partitions and keeps the offsets to start at.
func (r *reader) assign(ev *event) error {
	// A partition that kgo has started can be assigned again only if kgo did not report
	// its revocation (see reconcile).
	var again []kafka.TopicPartition
	var fresh []kafka.Offset
	r.mu.Lock()
	for _, o := range ev.committed {
		p := r.parts[o.TopicPartition]
		if p != nil && p.installed {
			again = append(again, o.TopicPartition)
		}
		if p == nil || p.installed {
			fresh = append(fresh, o)
		}
	}
	r.mu.Unlock()
	r.remove(ev.ctx, revoked, again)

	if len(fresh) == 0 {
		return nil
	}
	r.mu.Lock()
	for _, o := range fresh {
		r.parts[o.TopicPartition] = newPart(o)
	}
	r.mu.Unlock()

	told := false
	defer func() {
		if told {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, o := range fresh {
			delete(r.parts, o.TopicPartition)
		}
	}()
	start, err := r.rebalance.Assigned(ev.ctx, slices.Clone(fresh))
	if err != nil {
		return err
	}
	told = true
	for _, o := range fresh {
		r.c.errs.TopicOK(o.Topic)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range start {
		if p := r.parts[o.TopicPartition]; p != nil && !p.installed {
			p.from = o
		}
	}
	return nil
}

// remove tells Rebalance that parts are revoked or lost, as far as it was told that they are
// assigned, and drops them.
func (r *reader) remove(ctx context.Context, k kind, parts []kafka.TopicPartition) {
	r.mu.Lock()
	known := slices.DeleteFunc(slices.Clone(parts), func(tp kafka.TopicPartition) bool { return r.parts[tp] == nil })
	r.mu.Unlock()
	if len(known) == 0 {
		return
	}
	if k == lost {
		r.rebalance.Lost(slices.Clone(known))
	} else {
		r.rebalance.Revoked(ctx, slices.Clone(known))
	}

	removed := func(tp kafka.TopicPartition) bool { return slices.Contains(known, tp) }
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, tp := range known {
		delete(r.parts, tp)
	}
	r.ends = slices.DeleteFunc(r.ends, func(o kafka.Offset) bool { return removed(o.TopicPartition) })
	r.errs = slices.DeleteFunc(r.errs, func(e kafka.PartitionError) bool { return removed(e.TopicPartition) })
	r.cl.ResumeFetchPartitions(byTopic(known)) // a pause ends with the assignment
}

// markLost tells Rebalance that all partitions are lost, if the reader has left its group
// because Poll was not called.
func (r *reader) markLost() {
	if !r.watch.expired() {
		return
	}
	r.remove(context.Background(), lost, r.assignment())
}

// assignment is the partitions that Rebalance was told of, sorted.
func (r *reader) assignment() []kafka.TopicPartition {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []kafka.TopicPartition
	for tp := range r.parts {
		all = append(all, tp)
	}
	slices.SortFunc(all, compareParts)
	return all
}

func compareParts(a, b kafka.TopicPartition) int {
	if c := strings.Compare(a.Topic, b.Topic); c != 0 {
		return c
	}
	return int(a.Partition) - int(b.Partition)
}

// byTopic and flatten convert between kgo's set of partitions and a list.
func byTopic(parts []kafka.TopicPartition) map[string][]int32 {
	m := map[string][]int32{}
	for _, tp := range parts {
		m[tp.Topic] = append(m[tp.Topic], tp.Partition)
	}
	return m
}

func flatten(m map[string][]int32) []kafka.TopicPartition {
	var parts []kafka.TopicPartition
	for topic, ids := range m {
		for _, id := range ids {
			parts = append(parts, kafka.TopicPartition{Topic: topic, Partition: id})
		}
	}
	slices.SortFunc(parts, compareParts)
	return parts
}

// onRevoked and onLost are kgo's callbacks. A session cannot wait for Poll in them, since kgo
// holds a lock that End needs. Its transaction is aborted in any case, so it is enough that
// Rebalance is told by the next Poll.
func (r *reader) onRevoked(ctx context.Context, _ *kgo.Client, m map[string][]int32) {
	r.onRemoved(ctx, revoked, m)
}

func (r *reader) onLost(ctx context.Context, _ *kgo.Client, m map[string][]int32) {
	r.onRemoved(ctx, lost, m)
}

func (r *reader) onRemoved(ctx context.Context, k kind, m map[string][]int32) {
	parts := flatten(m)
	r.mu.Lock()
	known := slices.ContainsFunc(parts, func(tp kafka.TopicPartition) bool { return r.parts[tp] != nil })
	r.mu.Unlock()
	if !known {
		return
	}
	if r.c.fatal.Load() != nil {
		k = lost // another member has them already
	}
	ev := &event{kind: k, ctx: ctx, parts: parts}
	if r.c.session != nil {
		r.enqueue(ev)
		return
	}
	_ = r.runInPoll(ev) // errWithdrawn: the client is being closed without Rebalance
}
