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

// event is one rebalance on its way from kgo's goroutine to the one in Poll.
type event struct {
	kind      kind
	ctx       context.Context
	committed []kafka.Offset         // assigned: what is new, with the group's offsets
	parts     []kafka.TopicPartition // revoked and lost
	started   bool                   // Poll is at it; guarded by the reader's mu

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

// rebalanced has Rebalance told that a rebalance is over, if it wants to know.
func (r *reader) rebalanced() {
	if _, ok := r.rebalance.(kafka.Rebalanced); ok {
		r.enqueue(&event{kind: rebalanced})
	}
}

func (ev *event) finish(err error) {
	ev.err = err
	close(ev.done)
}

// errWithdrawn ends an event that nobody took in time. kgo takes it for what it
// is: the end of the group's session, not a failure.
var errWithdrawn = fmt.Errorf("the rebalance was over before Poll was called: %w", context.Canceled)

var errPanic = errors.New("the Rebalance panicked")

// handOff queues ev and waits until Poll has run it, or until its context ends
// before Poll begins to.
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

// post queues ev.
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

// dispatch runs what is queued, on the goroutine that is in Poll or Close. The
// error is Rebalance.Assigned's.
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

// run runs one event. If Rebalance panics it is over too: kgo waits for it, and
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
	case closing: // too late to begin with something
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

// putBack lets the next Poll try again what Assigned has refused.
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

// assign tells Rebalance what is new, and kgo what it says.
func (r *reader) assign(ev *event) error {
	// What kgo runs already can be assigned again only if it was taken away
	// unnoticed (see reconcile).
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

// remove tells Rebalance of the partitions in parts that it was told to have,
// and forgets them.
func (r *reader) remove(ctx context.Context, k kind, parts []kafka.TopicPartition) {
	r.mu.Lock()
	had := slices.DeleteFunc(slices.Clone(parts), func(tp kafka.TopicPartition) bool { return r.parts[tp] == nil })
	r.mu.Unlock()
	if len(had) == 0 {
		return
	}
	if k == lost {
		r.rebalance.Lost(slices.Clone(had))
	} else {
		r.rebalance.Revoked(ctx, slices.Clone(had))
	}

	gone := func(tp kafka.TopicPartition) bool { return slices.Contains(had, tp) }
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, tp := range had {
		delete(r.parts, tp)
	}
	r.ends = slices.DeleteFunc(r.ends, func(o kafka.Offset) bool { return gone(o.TopicPartition) })
	r.errs = slices.DeleteFunc(r.errs, func(e kafka.PartitionError) bool { return gone(e.TopicPartition) })
	r.cl.ResumeFetchPartitions(byTopic(had)) // a pause ends with the assignment
}

// lose tells Rebalance that all is lost, of a reader that has left its group by
// itself.
func (r *reader) markLost() {
	if !r.watch.expired() {
		return
	}
	r.remove(context.Background(), lost, r.assignment())
}

// assignment is what Rebalance was told to have, in order.
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

// byTopic and flatten translate between kgo's form of a set of partitions and
// ours.
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

// onRevoked and onLost are kgo's callbacks. A session cannot wait in them: kgo
// holds the lock that End needs. There the transaction is aborted anyway, so
// that Rebalance may hear of it at the next Poll.
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
		k = lost // they are another member's already
	}
	ev := &event{kind: k, ctx: ctx, parts: parts}
	if r.c.session != nil {
		r.enqueue(ev)
		return
	}
	_ = r.runInPoll(ev) // if it was withdrawn, the client is being closed without Rebalance
}
