package franz

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// partitions asks a broker for topic's partitions. It creates nothing.
func partitions(ctx context.Context, cl *kgo.Client, topic string) ([]int32, error) {
	return partitionsOr(ctx, cl, false, topic)
}

// partitionsOr is partitions; with create, a broker may make the topic.
func partitionsOr(ctx context.Context, cl *kgo.Client, create bool, topic string) ([]int32, error) {
	topics, err := describeOr(ctx, cl, create, topic)
	if err != nil {
		return nil, err
	}
	if err := topics[topic].err; err != nil {
		return nil, err
	}
	return topics[topic].partitions, nil
}

// described is the metadata of one topic.
type described struct {
	id         [16]byte
	partitions []int32 // ascending
	err        error
}

// describe asks for several topics. The result has an entry for each.
func describe(ctx context.Context, cl *kgo.Client, topics ...string) (map[string]described, error) {
	return describeOr(ctx, cl, false, topics...)
}

// describeOr is describe; with create, a broker may make topics.
func describeOr(ctx context.Context, cl *kgo.Client, create bool, topics ...string) (map[string]described, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.AllowAutoTopicCreation = create
	for _, topic := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(topic)
		req.Topics = append(req.Topics, t)
	}
	resp, err := await(ctx, func(ctx context.Context) (*kmsg.MetadataResponse, error) { return req.RequestWith(ctx, cl) })
	if err != nil {
		return nil, convert(err)
	}

	all := map[string]described{}
	for _, topic := range topics { // a topic that is not in the response does not exist
		all[topic] = described{err: at(convert(kerr.UnknownTopicOrPartition), kafka.TopicPartition{Topic: topic, Partition: -1})}
	}
	for _, t := range resp.Topics {
		if t.Topic == nil {
			continue
		}
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			all[*t.Topic] = described{err: at(convert(err), kafka.TopicPartition{Topic: *t.Topic, Partition: -1})}
			continue
		}
		d := described{id: t.TopicID}
		for _, p := range t.Partitions {
			d.partitions = append(d.partitions, p.Partition)
		}
		slices.Sort(d.partitions)
		all[*t.Topic] = d
	}
	return all, nil
}

// creationPauses are the pauses between requests for a topic that a broker may be creating.
var creationPauses = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond, 400 * time.Millisecond}

// CheckTopic implements kafka.TopicChecker.
func (p *producer) CheckTopic(ctx context.Context, topic string) error {
	if p.closing.Load() {
		return kafka.ErrClosed
	}
	return checkTopic(ctx, p.cl, p.errs, topic)
}

// CheckTopic works before Subscribe as well.
func (p *sessionProducer) CheckTopic(ctx context.Context, topic string) error {
	cl, err := p.s.requestClient()
	if err != nil {
		return err
	}
	return checkTopic(ctx, cl, p.errs, topic)
}

func checkTopic(ctx context.Context, cl *kgo.Client, t *clienterr.Tracker, topic string) error {
	create := cl.OptValue(kgo.AllowAutoTopicCreation).(bool)
	for try := 0; ; try++ {
		_, err := partitionsOr(ctx, cl, create, topic)
		if err == nil {
			t.OK()
			t.TopicOK(topic)
			return nil
		}
		if !create || try == len(creationPauses) || !errors.Is(err, kafka.ErrUnknownTopic) && !errors.Is(err, kerr.LeaderNotAvailable) {
			return t.Explain(err)
		}
		select {
		case <-time.After(creationPauses[try]):
		case <-ctx.Done():
			return t.Explain(err)
		}
	}
}
