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

// known refuses partitions that are not assigned.
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

// numbers looks up offsets that are positions, and the ends if they are to be
// reported.
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
			return nil // revoked in between: there is nothing to move
		}
		if !p.installed {
			p.seek = o.Offset // starts will see it
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
			// kgo goes on after Poll has run what is queued, and Poll may be waiting
			// for whoever seeks.
			e := local(codeState, "Seek: the group is rebalancing")
			e.Retriable = true
			return at(e, o.TopicPartition)
		}
		// kgo was told where to start and is about to: a moment, or as long as
		// the broker does not say where the log begins.
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return r.c.errs.ContextError(ctx)
		}
	}
}

// running reports whether kgo reads tp, so that it can be told to read
// elsewhere. The caller holds mu.
func (r *reader) running(tp kafka.TopicPartition) bool {
	if !r.group {
		return true
	}
	_, ok := r.cl.CommittedOffsets()[tp.Topic][tp.Partition]
	return ok
}

// set tells kgo to read on at offset. The caller holds mu.
func (r *reader) set(tp kafka.TopicPartition, offset int64) {
	if r.group {
		r.cl.SetOffsets(map[string]map[int32]kgo.EpochOffset{tp.Topic: {tp.Partition: {Epoch: -1, Offset: offset}}})
		return
	}
	// Without a group, kgo ignores SetOffsets for what it has not begun to
	// read; beginning anew is heeded always.
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
			if !p.held { // kgo has it paused already, and must not resume it
				changed = append(changed, tp)
			}
		}
	}
	switch {
	case len(changed) == 0: // kgo takes none for all
	case pause:
		r.cl.PauseFetchPartitions(byTopic(changed))
	default:
		r.cl.ResumeFetchPartitions(byTopic(changed))
	}
	return nil
}
