//go:build cgo

package confluent

import (
	"fmt"
	"strings"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/kafka"
)

// handleError sorts an error that Poll came upon: one that ends the consumer,
// one of a partition, or one that librdkafka deals with by itself.
func (c *consumer) handleError(ke ckafka.Error) {
	switch {
	case ke.IsFatal():
		c.events.SetFatal(convert(ke).(*kafka.Error)) // Poll returns it
	case isPartitionError(ke.Code()) && !isForeign(ke):
		tp := c.locate(ke.String())
		c.partitionError(tp, convertAt(ke, tp.Topic, tp.Partition))
	default:
		// All brokers down, a lost connection, a coordinator that moves, a poll
		// interval that was exceeded: what follows from it comes by itself.
		c.pollExceeded = c.pollExceeded || ke.Code() == ckafka.ErrMaxPollExceeded
		c.events.handle(ke)
	}
}

// failed notes the error of one partition.
func (c *consumer) failed(tp ckafka.TopicPartition) {
	at := kafka.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition}
	c.partitionError(at, convertAt(tp.Error, at.Topic, at.Partition))
}

// partitionError gives an error of one partition to whoever polls. Those that may
// pass are a warning too: they end no reading.
func (c *consumer) partitionError(tp kafka.TopicPartition, err error) {
	c.batch.Errors = append(c.batch.Errors, kafka.PartitionError{TopicPartition: tp, Err: err})
	if isRetriable(err) {
		c.events.Note(err)
	}
}

// isPartitionError reports whether something cannot be read until somebody does
// something about it: errors of topics, partitions and access, not those that
// pass by themselves.
func isPartitionError(code ckafka.ErrorCode) bool {
	switch code {
	case ckafka.ErrUnknownTopicOrPart, ckafka.ErrUnknownTopicID, ckafka.ErrInvalidMsg, // retriable, but not by waiting alone
		ckafka.ErrAutoOffsetReset, ckafka.ErrLogTruncation, ckafka.ErrUnknownTopic, ckafka.ErrUnknownPartition,
		ckafka.ErrBadMsg, ckafka.ErrBadCompression, ckafka.ErrUnderflow, ckafka.ErrNotImplemented:
		return true
	}
	return code > 0 && !retriable(code)
}

// locate finds out which partition an error is of. The binding drops what
// librdkafka says about it, so the text is searched for a topic that is
// subscribed to or assigned, "orders" or "orders [3]". If only one partition
// fits what is known, it is that one; else the topic is "" and the partition -1
// where they are not known.
func (c *consumer) locate(text string) kafka.TopicPartition {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := kafka.TopicPartition{Partition: -1}
	consider := func(topic string) {
		if len(topic) > len(found.Topic) {
			if partition, ok := findTopic(text, topic); ok {
				found = kafka.TopicPartition{Topic: topic, Partition: partition}
			}
		}
	}
	for _, topic := range c.topics {
		consider(topic)
	}
	for tp := range c.parts {
		consider(tp.Topic)
	}
	if found.Partition >= 0 {
		return found
	}
	var fits []kafka.TopicPartition
	for tp := range c.parts {
		if found.Topic == "" || found.Topic == tp.Topic {
			fits = append(fits, tp)
		}
	}
	if len(fits) == 1 {
		return fits[0]
	}
	return found
}

// findTopic looks for topic as a word of text, and for a partition after it;
// that is -1 if there is none.
func findTopic(text, topic string) (partition int32, ok bool) {
	inName := func(r rune) bool {
		return r == '.' || r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	for words := text; ; {
		words = strings.TrimLeftFunc(words, func(r rune) bool { return !inName(r) })
		if words == "" {
			return -1, false
		}
		rest := strings.TrimLeftFunc(words, inName)
		if words[:len(words)-len(rest)] == topic {
			if _, err := fmt.Sscanf(rest, " [%d]", &partition); err != nil {
				partition = -1
			}
			return partition, true
		}
		words = rest
	}
}
