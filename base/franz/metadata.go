package franz

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/base"
)

// partitions asks a broker for topic's partitions. It creates nothing.
func partitions(ctx context.Context, cl *kgo.Client, topic string) ([]int32, error) {
	topics, err := describe(ctx, cl, topic)
	if err != nil {
		return nil, err
	}
	if err := topics[topic].err; err != nil {
		return nil, err
	}
	return topics[topic].partitions, nil
}

// described is what a broker says of one topic.
type described struct {
	id         [16]byte
	partitions []int32 // ascending
	err        error
}

// describe asks for several topics; each is in the answer.
func describe(ctx context.Context, cl *kgo.Client, topics ...string) (map[string]described, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.AllowAutoTopicCreation = false
	for _, topic := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(topic)
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return nil, convert(err)
	}

	all := map[string]described{}
	for _, topic := range topics { // what a broker leaves out does not exist
		all[topic] = described{err: at(convert(kerr.UnknownTopicOrPartition), base.TopicPartition{Topic: topic, Partition: -1})}
	}
	for _, t := range resp.Topics {
		if t.Topic == nil {
			continue
		}
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			all[*t.Topic] = described{err: at(convert(err), base.TopicPartition{Topic: *t.Topic, Partition: -1})}
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
