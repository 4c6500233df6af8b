package franz

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// Special timestamps of a ListOffsets request.
const (
	listEnd   int64 = -1
	listStart int64 = -2
)

// listed is one partition's answer to a ListOffsets request.
type listed struct {
	offset int64 // -1 if no record is at or after the time
	epoch  int32
	err    error
}

// list asks for one offset of each partition: with listStart, listEnd, or a time in
// milliseconds, for the first offset at or after it. With isolation 1 the end is the last
// stable offset. The result has an entry for every partition.
func list(ctx context.Context, cl *kgo.Client, timestamp int64, isolation int8, parts []kafka.TopicPartition) map[kafka.TopicPartition]listed {
	req := kmsg.NewPtrListOffsetsRequest()
	req.IsolationLevel = isolation
	for topic, ids := range byTopic(parts) {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = topic
		for _, id := range ids {
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition, p.Timestamp = id, timestamp
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
	}

	answers := map[kafka.TopicPartition]listed{}
	failed := error(kerr.UnknownTopicOrPartition) // of partitions that no broker answers for
	shards, err := await(ctx, func(ctx context.Context) ([]kgo.ResponseShard, error) { return cl.RequestSharded(ctx, req), nil })
	if err != nil {
		failed = err
	}
	for _, shard := range shards {
		if shard.Err != nil {
			failed = shard.Err
			continue
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				tp := kafka.TopicPartition{Topic: t.Topic, Partition: p.Partition}
				answers[tp] = listed{offset: p.Offset, epoch: p.LeaderEpoch, err: at(convert(kerr.ErrorForCode(p.ErrorCode)), tp)}
			}
		}
	}
	for _, tp := range parts {
		if _, ok := answers[tp]; !ok {
			answers[tp] = listed{err: at(convert(failed), tp)}
		}
	}
	return answers
}

// readable is the isolation level of requests for the end: 1 for read_committed, else 0.
func (s *settings) readable() int8 {
	if s.isolation == "read_committed" {
		return 1
	}
	return 0
}

// OffsetsAt implements kafka.Offsets.
func (c *consumer) OffsetsAt(ctx context.Context, t time.Time, p ...kafka.TopicPartition) ([]kafka.Offset, error) {
	cl, err := c.requestClient()
	if err != nil {
		return nil, err
	}
	found := list(ctx, cl, t.UnixMilli(), c.s.readable(), p)
	ends := list(ctx, cl, listEnd, c.s.readable(), p)
	offsets := make([]kafka.Offset, len(p))
	for i, tp := range p {
		l := found[tp]
		if l.err == nil && l.offset < 0 {
			l = ends[tp]
		}
		if l.err != nil {
			return nil, c.explain(l.err)
		}
		offsets[i] = kafka.Offset{TopicPartition: tp, Offset: l.offset, LeaderEpoch: l.epoch}
	}
	return offsets, nil
}

// Watermarks implements kafka.Offsets. With isolation.level=read_committed the end is the last
// stable offset.
func (c *consumer) Watermarks(ctx context.Context, p kafka.TopicPartition) (low, high int64, err error) {
	cl, err := c.requestClient()
	if err != nil {
		return 0, 0, err
	}
	l := list(ctx, cl, listStart, 0, []kafka.TopicPartition{p})[p]
	h := list(ctx, cl, listEnd, c.s.readable(), []kafka.TopicPartition{p})[p]
	if err := errors.Join(l.err, h.err); err != nil {
		return 0, 0, c.explain(convert(err))
	}
	return l.offset, h.offset, nil
}

// Committed implements kafka.Offsets.
func (c *consumer) Committed(ctx context.Context, p ...kafka.TopicPartition) ([]kafka.Offset, error) {
	cl, err := c.requestClient()
	switch {
	case err != nil:
		return nil, err
	case c.s.group == "":
		return nil, &kafka.ConfigError{Key: "group.id", Reason: "is required by Committed"}
	}
	offsets, err := committed(ctx, cl, c.s.group, p)
	return offsets, c.explain(err)
}

// committed fetches a group's offsets, in the order of parts. It waits while transactions are
// committing offsets of the group (KIP-447).
func committed(ctx context.Context, cl *kgo.Client, group string, parts []kafka.TopicPartition) ([]kafka.Offset, error) {
	for {
		offsets, err := fetchCommitted(ctx, cl, group, parts)
		if !errors.Is(err, kerr.UnstableOffsetCommit) {
			return offsets, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func fetchCommitted(ctx context.Context, cl *kgo.Client, group string, parts []kafka.TopicPartition) ([]kafka.Offset, error) {
	offsets := make([]kafka.Offset, len(parts))
	if len(parts) == 0 {
		return offsets, nil
	}
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	for topic, ids := range byTopic(parts) {
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic, t.Partitions = topic, ids
		g.Topics = append(g.Topics, t)
	}
	req := kmsg.NewPtrOffsetFetchRequest()
	req.RequireStable = true
	req.Groups = append(req.Groups, g)
	resp, err := await(ctx, func(ctx context.Context) (*kmsg.OffsetFetchResponse, error) { return req.RequestWith(ctx, cl) })
	if err != nil {
		return nil, convert(err)
	}

	answers, err := readCommitted(resp)
	if err != nil {
		return nil, err
	}
	for i, tp := range parts {
		l, ok := answers[tp]
		switch {
		case l.err != nil:
			return nil, l.err
		case !ok || l.offset < 0:
			l.offset, l.epoch = kafka.OffsetNone, -1
		}
		offsets[i] = kafka.Offset{TopicPartition: tp, Offset: l.offset, LeaderEpoch: l.epoch}
	}
	return offsets, nil
}

func readCommitted(resp *kmsg.OffsetFetchResponse) (map[kafka.TopicPartition]listed, error) {
	answers := map[kafka.TopicPartition]listed{}
	for _, g := range resp.Groups {
		err := kerr.ErrorForCode(g.ErrorCode)
		if errors.Is(err, kerr.GroupIDNotFound) {
			continue // a group that does not exist has committed nothing
		}
		if err != nil {
			return nil, convert(err)
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				tp := kafka.TopicPartition{Topic: t.Topic, Partition: p.Partition}
				answers[tp] = listed{offset: p.Offset, epoch: p.LeaderEpoch, err: at(convert(kerr.ErrorForCode(p.ErrorCode)), tp)}
			}
		}
	}
	return answers, nil
}

// diverged finds offsets beyond the end of the leader epoch that they were committed with: the
// log was truncated after an unclean election (KIP-320). It returns the end of that epoch for
// each. Partitions whose leader does not answer are left out.
func (r *reader) diverged(ctx context.Context, wanted []kafka.Offset) map[kafka.TopicPartition]int64 {
	req := kmsg.NewPtrOffsetForLeaderEpochRequest()
	asked := map[kafka.TopicPartition]kafka.Offset{}
	for _, o := range wanted {
		if o.Offset < 0 || o.LeaderEpoch < 0 {
			continue
		}
		asked[o.TopicPartition] = o
		p := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
		p.Partition, p.CurrentLeaderEpoch, p.LeaderEpoch = o.Partition, -1, o.LeaderEpoch
		t := kmsg.NewOffsetForLeaderEpochRequestTopic()
		t.Topic, t.Partitions = o.Topic, append(t.Partitions, p)
		req.Topics = append(req.Topics, t)
	}
	if len(asked) == 0 {
		return nil
	}
	ends := map[kafka.TopicPartition]int64{}
	shards, _ := await(ctx, func(ctx context.Context) ([]kgo.ResponseShard, error) { return r.cl.RequestSharded(ctx, req), nil })
	for _, shard := range shards {
		if shard.Err != nil {
			continue
		}
		for _, t := range shard.Resp.(*kmsg.OffsetForLeaderEpochResponse).Topics {
			for _, p := range t.Partitions {
				tp := kafka.TopicPartition{Topic: t.Topic, Partition: p.Partition}
				if o, ok := asked[tp]; ok && p.ErrorCode == 0 && p.EndOffset >= 0 && p.EndOffset < o.Offset {
					ends[tp] = p.EndOffset
				}
			}
		}
	}
	return ends
}
