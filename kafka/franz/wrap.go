package franz

import (
	"math"
	"reflect"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// WrapProducer makes a kafka.Producer of a client that exists already. The caller keeps cl and
// closes it, after the producer. Close flushes within its context; records that it could not
// send stay in cl and are reported when cl has sent or failed them.
//
// The error is a [*kafka.ConfigError] if cl has options that a kafka.Producer does not work
// with: manual flushing, a partitioner that takes the partition from every record, or a default
// topic that overrides the record's. For a record with Partition set Produce returns
// kafka.ErrUnsupported unless cl was made with [Partitioner]. The queue is bounded by cl's own
// limits, which count all records, so nothing else should produce to cl.
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

// isManual reports whether p takes the partition from the record: then it returns also one that
// does not exist.
func isManual(p kgo.Partitioner) bool {
	const marker = 1 << 30
	return p.ForTopic("").Partition(&kgo.Record{Partition: marker}, 1) == marker
}

// Client returns the franz-go client of a producer, consumer or session of this package. A
// consumer has one only after Subscribe or Assign, and a new one after each call. It must be
// neither closed nor polled.
func Client(client any) (*kgo.Client, bool) {
	c, ok := client.(interface{ client() *kgo.Client })
	if !ok {
		return nil, false
	}
	cl := c.client()
	return cl, cl != nil
}
