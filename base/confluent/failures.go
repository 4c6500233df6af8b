//go:build cgo

package confluent

import (
	"strings"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/base"
)

// handleError sorts an error that Poll came upon: one that ends the consumer,
// one of a partition, or one that librdkafka deals with by itself.
func (c *consumer) handleError(ke kafka.Error) {
	switch {
	case ke.IsFatal():
		c.fatal = convert(ke)
	case isPartitionError(ke.Code()):
		tp := c.locate(ke.String())
		c.batch.Errors = append(c.batch.Errors, base.PartitionError{
			TopicPartition: tp, Err: convertAt(ke, tp.Topic, tp.Partition),
		})
	default:
		// All brokers down, a lost connection, a coordinator that moves, a poll
		// interval that was exceeded: what follows from it comes by itself.
		c.events.report(convert(ke))
	}
}

// failed notes the error of one partition.
func (c *consumer) failed(tp kafka.TopicPartition) {
	c.batch.Errors = append(c.batch.Errors, base.PartitionError{
		TopicPartition: base.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition},
		Err:            convertAt(tp.Error, *tp.Topic, tp.Partition),
	})
}

// isPartitionError reports whether something cannot be read until somebody does
// something about it: errors of topics, partitions and access, not those that
// pass by themselves.
func isPartitionError(code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrUnknownTopicOrPart, kafka.ErrUnknownTopicID, kafka.ErrInvalidMsg, // retriable, but not by waiting alone
		kafka.ErrAutoOffsetReset, kafka.ErrLogTruncation, kafka.ErrUnknownTopic, kafka.ErrUnknownPartition,
		kafka.ErrBadMsg, kafka.ErrBadCompression, kafka.ErrUnderflow, kafka.ErrNotImplemented:
		return true
	}
	return code > 0 && !retriable(code)
}

// locate finds out which partition an error is of. The binding drops what
// librdkafka says about it, so the text is searched for the name of a topic
// that is subscribed to or assigned. Without one, a single partition it must
// be; else the topic is "" and the partition -1.
func (c *consumer) locate(text string) base.TopicPartition {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := base.TopicPartition{Partition: -1}
	consider := func(topic string) {
		if len(topic) > len(found.Topic) && strings.Contains(text, topic) {
			found.Topic = topic
		}
	}
	for _, topic := range c.topics {
		consider(topic)
	}
	for tp := range c.parts {
		consider(tp.Topic)
	}
	if found.Topic == "" && len(c.parts) == 1 {
		for tp := range c.parts {
			return tp
		}
	}
	return found
}
