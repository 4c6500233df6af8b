//go:build cgo

package confluent

import (
	"fmt"
	"strings"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/kafka"
)

// handleError classifies an error event: it ends the consumer, belongs to a partition, or is one
// that librdkafka recovers from.
func (c *consumer) handleError(ke ckafka.Error) {
	switch {
	case ke.IsFatal():
		c.events.SetFatal(convert(ke).(*kafka.Error)) // Poll returns it
	case isPartitionError(ke.Code()) && !isForeign(ke):
		tp := c.locate(ke.String())
		c.partitionError(tp, convertAt(ke, tp.Topic, tp.Partition))
	default:
		// All brokers down, a lost connection, a moved coordinator, an exceeded poll
		// interval: librdkafka recovers, and sends further events.
		c.pollExceeded = c.pollExceeded || ke.Code() == ckafka.ErrMaxPollExceeded
		c.events.handle(ke)
	}
}

// failed adds the error of one partition to the batch.
func (c *consumer) failed(tp ckafka.TopicPartition) {
	at := kafka.TopicPartition{Topic: *tp.Topic, Partition: tp.Partition}
	c.partitionError(at, convertAt(tp.Error, at.Topic, at.Partition))
}

// partitionError adds an error of one partition to the batch. A retriable one is a warning too:
// reading goes on, so a program may overlook it.
func (c *consumer) partitionError(tp kafka.TopicPartition, err error) {
	c.batch.Errors = append(c.batch.Errors, kafka.PartitionError{TopicPartition: tp, Err: err})
	if isRetriable(err) {
		c.events.Note(err)
	}
}

// isPartitionError reports whether a partition cannot be read until a person acts: errors of
// topics, partitions and access, not those that librdkafka recovers from.
func isPartitionError(code ckafka.ErrorCode) bool {
	switch code {
	case ckafka.ErrUnknownTopicOrPart, ckafka.ErrUnknownTopicID, ckafka.ErrInvalidMsg, // retriable, and waiting alone does not help
		ckafka.ErrAutoOffsetReset, ckafka.ErrLogTruncation, ckafka.ErrUnknownTopic, ckafka.ErrUnknownPartition,
		ckafka.ErrBadMsg, ckafka.ErrBadCompression, ckafka.ErrUnderflow, ckafka.ErrNotImplemented:
		return true
	}
	return code > 0 && !retriable(code)
}

// locate finds the partition of an error. confluent-kafka-go drops it, so locate searches the text
// for a subscribed or assigned topic, as in "orders" or "orders [3]". If one assigned partition
// alone matches, it is that one. Topic "" and partition -1 are unknown.
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

// findTopic searches text for the word topic and a partition after it; that is -1 if there is none.
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
