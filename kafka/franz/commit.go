package franz

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// Commit implements kafka.Consumer. A session's offsets are committed by its
// transactions only.
func (c *consumer) Commit(ctx context.Context, next []kafka.Offset) error {
	r, err := c.current()
	switch {
	case err != nil:
		return err
	case len(next) == 0:
		return nil
	case c.session != nil:
		return kafka.ErrUnsupported
	case c.s.group == "":
		return &kafka.ConfigError{Key: "group.id", Reason: "is required by Commit"}
	}
	for _, o := range next {
		if o.Offset < 0 {
			return at(local(codeInvalidArg, "%d is not an offset to commit", o.Offset), o.TopicPartition)
		}
	}
	if r != nil && r.group {
		return c.explain(r.commit(ctx, next))
	}
	cl, err := c.requestClient()
	if err != nil {
		return err
	}
	return c.explain(commitAlone(ctx, cl, c.s.group, next))
}

// commit commits as a member of the group.
func (r *reader) commit(ctx context.Context, next []kafka.Offset) error {
	offsets := toKgo(next) // a copy: f may run after this returns, and next is the caller's then
	_, err := await(ctx, func(ctx context.Context) (_ struct{}, err error) {
		// kgo calls the function before it returns.
		r.cl.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, commitErr error) {
			err = commitErr
			if err == nil {
				err = commitError(resp)
			}
		})
		return struct{}{}, err
	})
	return convert(err)
}

// commitError returns the first error of a partition, with topic and partition.
func commitError(resp *kmsg.OffsetCommitResponse) error {
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return at(convert(err), kafka.TopicPartition{Topic: t.Topic, Partition: p.Partition})
			}
		}
	}
	return nil
}

func toKgo(offsets []kafka.Offset) map[string]map[int32]kgo.EpochOffset {
	m := map[string]map[int32]kgo.EpochOffset{}
	for _, o := range offsets {
		if m[o.Topic] == nil {
			m[o.Topic] = map[int32]kgo.EpochOffset{}
		}
		m[o.Topic][o.Partition] = kgo.EpochOffset{Epoch: o.LeaderEpoch, Offset: o.Offset}
	}
	return m
}

// commitAlone commits without membership, which brokers allow while the group has no member.
func commitAlone(ctx context.Context, cl *kgo.Client, group string, next []kafka.Offset) error {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = group, -1
	var topics []string
	for topic, parts := range toKgo(next) {
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic = topic
		for id, o := range parts {
			p := kmsg.NewOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset, p.LeaderEpoch = id, o.Offset, o.Epoch
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
		topics = append(topics, topic)
	}
	known, err := describe(ctx, cl, topics...)
	if err != nil {
		return err
	}
	for i := range req.Topics { // from OffsetCommit version 10 on topics are sent by id
		t := known[req.Topics[i].Topic]
		if t.err != nil {
			return t.err
		}
		req.Topics[i].TopicID = t.id
	}

	resp, err := await(ctx, func(ctx context.Context) (*kmsg.OffsetCommitResponse, error) { return req.RequestWith(ctx, cl) })
	if err != nil {
		return convert(err)
	}
	if err := commitError(resp); err != nil {
		if e, ok := errors.AsType[*kafka.Error](err); ok && e.Topic == "" {
			e.Partition = -1 // the answer named the topic by its id
		}
		return err
	}
	return nil
}
