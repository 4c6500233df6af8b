package fakekafka

import (
	"errors"

	"github.com/kavro/kavro/kafka"
)

// Codes of errors: Kafka's, and librdkafka's own, which are negative.
const (
	codeUnknownPartition = 3
	codeUnknownMember    = 25
	codeFenced           = -144
	codeState            = -172
)

var (
	errNoTransaction    = errors.New("no transaction is open")
	errTransactionOpen  = errors.New("a transaction is open")
	errFenced           = errors.New("fenced by a newer producer with the same transactional id")
	errUnknownPartition = errors.New("unknown topic or partition")
	errNotOwner         = errors.New("partition is not assigned to this member")
)

func unknownPartition(topic string, partition int32) error {
	return &kafka.Error{Code: codeUnknownPartition, Topic: topic, Partition: partition, Retriable: true, Err: errUnknownPartition}
}

func (c *Cluster) partitions(topic string) ([]int32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	logs, ok := c.topics[topic]
	if !ok {
		return nil, unknownPartition(topic, -1)
	}
	out := make([]int32, len(logs))
	for i := range out {
		out[i] = int32(i)
	}
	return out, nil
}
