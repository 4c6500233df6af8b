package franz

import (
	"context"

	"github.com/kavro/kavro/kafka"
)

// Assign implements kafka.Assigner. Each call makes a client of its own.
func (c *consumer) Assign(ctx context.Context, at ...kafka.Offset) error {
	if c.session != nil {
		return kafka.ErrUnsupported
	}
	old, err := c.current()
	switch {
	case err != nil:
		return err
	case old != nil && old.group:
		return local(codeConflict, "Subscribe was called: it excludes Assign")
	}
	r := newReader(c, nil)
	clientCtx, stop := context.WithCancel(context.Background())
	r.stop = stop
	opts, err := c.opts(clientCtx)
	if err != nil {
		stop()
		return err
	}
	if r.cl, err = newClient(opts); err != nil {
		stop()
		return err
	}
	if err := r.read(ctx, at); err != nil {
		r.close(ctx)
		return c.explain(err)
	}
	if old != nil {
		old.close(ctx)
	}
	c.replace(r)
	return nil
}

// read starts reading partitions.
func (r *reader) read(ctx context.Context, offsets []kafka.Offset) error {
	offsets, err := r.withCommitted(ctx, offsets)
	if err != nil {
		return err
	}
	for _, o := range offsets {
		r.parts[o.TopicPartition] = newPart(o)
	}
	at := r.starts(ctx, offsets)
	if err := r.c.errs.ContextError(ctx); err != nil {
		return err
	}
	for topic, parts := range at {
		for id := range parts {
			if id < 0 {
				return local(codeInvalidArg, "Assign: %s has no partition %d", topic, id)
			}
		}
	}
	r.cl.AddConsumePartitions(at)
	return nil
}

// withCommitted replaces OffsetNone by the group's offset, if there is a group. It returns a
// copy.
func (r *reader) withCommitted(ctx context.Context, offsets []kafka.Offset) ([]kafka.Offset, error) {
	out := append([]kafka.Offset(nil), offsets...)
	if r.c.s.group == "" {
		return out, nil
	}
	var index []int
	var parts []kafka.TopicPartition
	for i, o := range out {
		if o.Offset == kafka.OffsetNone {
			index, parts = append(index, i), append(parts, o.TopicPartition)
		}
	}
	found, err := committed(ctx, r.cl, r.c.s.group, parts)
	for i, o := range found {
		out[index[i]] = o
	}
	return out, err
}

var _ kafka.Assigner = (*consumer)(nil)
var _ kafka.Offsets = (*consumer)(nil)
var _ kafka.Metadata = (*consumer)(nil)
