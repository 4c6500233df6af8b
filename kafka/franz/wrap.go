package franz

import (
	"math"
	"reflect"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// WrapProducer makes a kafka.Producer of a client that exists already. It does
// not take ownership: Close flushes and detaches, cl goes on. Records that
// Close could not send stay in cl and are reported when it is done with them.
//
// The error is a [*kafka.ConfigError] if cl has options that a kafka.Producer
// cannot work with: manual flushing, a partitioner that wants the partition
// from every record, or a default topic that overrides the record's. A record
// with a partition of its own needs a client made with [Partitioner]; with
// another one Produce returns kafka.ErrUnsupported for it. Room for records is
// bounded by the client's own limits, so do not produce to cl otherwise.
//
// If cl is transactional, the producer is a kafka.TxnProducer.
func WrapProducer(cl *kgo.Client) (kafka.Producer, error) {
	chosen := cl.OptValue(kgo.RecordPartitioner)
	switch {
	case cl.OptValue(kgo.ManualFlushing).(bool):
		return nil, &kafka.ConfigError{Key: "kgo.ManualFlushing", Reason: "Produce would wait for a Flush that does not come"}
	case cl.OptValue(kgo.DefaultProduceTopicAlways).(bool):
		return nil, &kafka.ConfigError{Key: "kgo.DefaultProduceTopicAlways", Reason: "it overrides the topic of every record"}
	case reflect.TypeOf(chosen) == reflect.TypeOf(kgo.ManualPartitioner()) && isManual(chosen.(kgo.Partitioner)):
		return nil, &kafka.ConfigError{Key: "kgo.ManualPartitioner", Reason: "records that leave the partition open cannot be placed; use franz.Partitioner"}
	}

	records := cl.OptValue(kgo.MaxBufferedRecords).(int64)
	bytes := cl.OptValue(kgo.MaxBufferedBytes).(int64)
	if bytes == 0 {
		bytes = math.MaxInt64
	}
	p := newProducer(cl, newQuota(records, bytes), clienterr.New(kafka.Hooks{}))
	_, p.manual = chosen.(partitioner)
	if id, ok := cl.OptValues(kgo.TransactionalID)[0].(string); ok && id != "" {
		return newTxnProducer(p), nil
	}
	return p, nil
}

// isManual reports whether p takes the partition from the record: then it
// returns whatever the record says, even what does not exist.
func isManual(p kgo.Partitioner) bool {
	const marker = 1 << 30
	return p.ForTopic("").Partition(&kgo.Record{Partition: marker}, 1) == marker
}

// Client returns the client under a producer, consumer or session of this
// package. A consumer has one only after Subscribe or Assign, and a new one
// after each. It is the client's: closing it, or polling it, breaks the client.
func Client(b any) (*kgo.Client, bool) {
	c, ok := b.(interface{ client() *kgo.Client })
	if !ok {
		return nil, false
	}
	cl := c.client()
	return cl, cl != nil
}
