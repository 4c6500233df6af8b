package franz

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// Seek implements kafka.Consumer.
func (c *consumer) Seek(ctx context.Context, to ...kafka.Offset) error {
	r, err := c.current()
	switch {
	case err != nil:
		return err
	case r == nil:
		return local(codeState, "Seek before Subscribe or Assign")
	}
	return r.seek(ctx, to)
}

func (r *reader) seek(ctx context.Context, to []kafka.Offset) error {
	to, err := r.known(to)
	if err != nil {
		return err
	}
	numbers, logs, err := r.numbers(ctx, to)
	if err != nil {
		return err
	}
	for i, o := range numbers {
		if err := r.seekOne(ctx, o, logs[to[i].TopicPartition]); err != nil {
			return err
		}
	}
	return nil
}

// known returns an error if a partition is not assigned.
func (r *reader) known(to []kafka.Offset) ([]kafka.Offset, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range to {
		if r.parts[o.TopicPartition] == nil {
			return nil, at(local(codeState, "Seek: not assigned"), o.TopicPartition)
		}
	}
	return to, nil
}

// numbers replaces OffsetStart, OffsetEnd and OffsetNone by numbers. It asks for the bounds of
// the logs also where ends are to be reported.
func (r *reader) numbers(ctx context.Context, to []kafka.Offset) ([]kafka.Offset, map[kafka.TopicPartition]bounds, error) {
	ask := r.c.s.partitionEOF
	for _, o := range to {
		ask = ask || o.Offset < 0
	}
	if !ask {
		return to, nil, nil
	}
	logs := r.bounds(ctx, to)
	out := make([]kafka.Offset, len(to))
	for i, o := range to {
		log := logs[o.TopicPartition]
		if o.Offset < 0 {
			if !log.known {
				if err := r.c.errs.ContextError(ctx); err != nil {
					return nil, nil, err
				}
				e := local(codeTimedOut, "Seek: the log's start and end are unknown")
				e.Retriable = true
				return nil, nil, at(e, o.TopicPartition)
			}
			n, err := r.c.s.resolve(o.Offset, log)
			if err != nil {
				return nil, nil, at(err, o.TopicPartition)
			}
			o.Offset = n
		}
		out[i] = o
	}
	return out, logs, nil
}

// seekOne moves one partition to a number.
func (r *reader) seekOne(ctx context.Context, o kafka.Offset, log bounds) error {
	for {
		r.mu.Lock()
		p := r.parts[o.TopicPartition]
		if p == nil {
			r.mu.Unlock()
			return nil // it was revoked meanwhile
		}
		if !p.installed {
			p.seek = o.Offset // starts reads it
			r.mu.Unlock()
			return nil
		}
		if r.running(o.TopicPartition) {
			r.seeks++
			p.soughtAt = r.seeks
			p.pos, p.ended = o.Offset, false
			r.set(o.TopicPartition, o.Offset)
			if p.held {
				p.held = false
				if !p.paused {
					r.cl.ResumeFetchPartitions(byTopic([]kafka.TopicPartition{o.TopicPartition}))
				}
			}
			r.endAt(o.TopicPartition, p, log)
			r.mu.Unlock()
			return nil
		}
		rebalancing := len(r.events) > 0
		r.mu.Unlock()
		if rebalancing {
			// kgo goes on when Poll has run the queued events, and Poll's goroutine
			// may be the one that waits for this Seek.
			e := local(codeState, "Seek: the group is rebalancing")
			e.Retriable = true
			return at(e, o.TopicPartition)
		}
		// kgo has the offset and is about to start. That takes a moment, or longer
		// if kgo has to ask the broker for the bounds of the log first.
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return r.c.errs.ContextError(ctx)
		}
	}
}

// running reports whether kgo reads tp: only then it accepts another offset. The caller holds
// mu.
func (r *reader) running(tp kafka.TopicPartition) bool {
	if !r.group {
		return true
	}
	_, ok := r.cl.CommittedOffsets()[tp.Topic][tp.Partition]
	return ok
}

// set makes kgo read on at offset. The caller holds mu.
func (r *reader) set(tp kafka.TopicPartition, offset int64) {
	if r.group {
		r.cl.SetOffsets(map[string]map[int32]kgo.EpochOffset{tp.Topic: {tp.Partition: {Epoch: -1, Offset: offset}}})
		return
	}
	// Without a group, kgo ignores SetOffsets for a partition that it has not started
	// yet. Removing and adding the partition works always.
	r.cl.RemoveConsumePartitions(byTopic([]kafka.TopicPartition{tp}))
	r.cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{tp.Topic: {tp.Partition: kgo.NewOffset().At(offset)}})
}

// Pause implements kafka.Consumer.
func (c *consumer) Pause(p ...kafka.TopicPartition) error { return c.pause(p, true) }

// Resume implements kafka.Consumer.
func (c *consumer) Resume(p ...kafka.TopicPartition) error { return c.pause(p, false) }

func (c *consumer) pause(parts []kafka.TopicPartition, pause bool) error {
	r, err := c.current()
	if err != nil || r == nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var changed []kafka.TopicPartition
	for _, tp := range parts {
		if p := r.parts[tp]; p != nil {
			p.paused = pause
			if !p.held { // else it is paused in kgo until a Seek, whatever the caller wants
				changed = append(changed, tp)
			}
		}
	}
	switch {
	case len(changed) == 0: // without arguments kgo would act on all
	case pause:
		r.cl.PauseFetchPartitions(byTopic(changed))
	default:
		r.cl.ResumeFetchPartitions(byTopic(changed))
	}
	return nil
}
