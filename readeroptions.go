package kavro

import (
	"context"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
)

// The options of packages avroconsumer, avroproducer and pipeline, under the same names.

func forConsumer(o avroconsumer.Option) ConsumerOption {
	return option(func(s *settings) { s.consumer = append(s.consumer, o) })
}

func forReader(c avroconsumer.Option, p pipeline.Option) EndOption {
	return option(func(s *settings) {
		s.consumer, s.pipeline = append(s.consumer, c), append(s.pipeline, p)
	})
}

func forProducer(o avroproducer.Option) ProducerOption {
	return option(func(s *settings) { s.producer = append(s.producer, o) })
}

// WithAutoCommit sets how often what was processed is committed in the background
// (auto.commit.interval.ms). The default is every 5 seconds.
func WithAutoCommit(interval time.Duration) ConsumerOption {
	return forConsumer(avroconsumer.WithAutoCommit(interval))
}

// WithManualCommit leaves committing to [avroconsumer.Consumer.Commit] alone
// (enable.auto.commit=false).
func WithManualCommit() ConsumerOption { return forConsumer(avroconsumer.WithManualCommit()) }

// WithConcurrency lets Run handle up to n records (RunBatch: n batches) at the same time;
// a pipeline, the records of up to n partitions. Those of one partition stay in order,
// unless [WithOrdering] says otherwise. The default is 1, the greatest n a million.
func WithConcurrency(n int) ReaderOption {
	return option(func(s *settings) {
		s.once("WithConcurrency")
		s.workers = n
	})
}

// WithOrdering says which records wait for each other under [WithConcurrency]: those of
// one partition (the default), those with the same key, or none.
func WithOrdering(o Ordering) ConsumerOption {
	return option(func(s *settings) {
		s.once("WithOrdering")
		s.ordering = o
	})
}

// WithReuse makes Run and RunBatch recycle messages, values and records when their handler
// returns. A handler must not keep them: see [avroconsumer.WithReuse], also for a build tag
// that finds who does.
func WithReuse() ConsumerOption { return forConsumer(avroconsumer.WithReuse()) }

// WithInFlight sets the high-water mark of one partition, in records and in bytes of keys and
// values. When that many are polled and unprocessed, the partition is paused until they have
// fallen to half of it. The default is 5,000 records and 32 MiB.
func WithInFlight(records, bytes int) ConsumerOption {
	return forConsumer(avroconsumer.WithInFlight(records, bytes))
}

// WithDrainTimeout sets how long handlers at work may take to return when their partition
// is revoked or Run ends, before their contexts are cancelled. The default is 15 seconds.
func WithDrainTimeout(d time.Duration) ConsumerOption {
	return forConsumer(avroconsumer.WithDrainTimeout(d))
}

// WithStart says where to begin reading partitions. The default is what the group
// committed, else what auto.offset.reset says.
func WithStart(at Start) ConsumerOption { return forConsumer(avroconsumer.WithStart(at)) }

// WithOnAssigned has f called with partitions that this member gets, and what the group
// committed for each, before any of their records is handed out. Reading starts where f
// says. See [avroconsumer.OnAssigned].
func WithOnAssigned(f func(ctx context.Context, committed []Offset) (start []Offset, err error)) ReaderOption {
	return option(func(s *settings) {
		if s.need("WithOnAssigned", "function", f) {
			s.consumer, s.pipeline = append(s.consumer, avroconsumer.OnAssigned(f)), append(s.pipeline, pipeline.OnAssigned(f))
		}
	})
}

// WithOnRevoked has f called with partitions that go to another member, or are given up by
// Close, before what was processed is committed. See [avroconsumer.OnRevoked].
func WithOnRevoked(f func(ctx context.Context, p []TopicPartition)) ConsumerOption {
	return option(func(s *settings) {
		if s.need("WithOnRevoked", "function", f) {
			s.consumer = append(s.consumer, avroconsumer.OnRevoked(f))
		}
	})
}

// WithOnLost has f called with partitions that belong to another member already. See
// [avroconsumer.OnLost].
func WithOnLost(f func(p []TopicPartition)) ConsumerOption {
	return option(func(s *settings) {
		if s.need("WithOnLost", "function", f) {
			s.consumer = append(s.consumer, avroconsumer.OnLost(f))
		}
	})
}

// WithPolicy says what Run, RunBatch and pipelines do with records that fail with an error
// of this class. The default is [Stop].
func WithPolicy(class Class, p Policy) PolicyOption {
	return option(func(s *settings) { s.policies = append(s.policies, classPolicy{class, p}) })
}

type classPolicy struct {
	class  Class
	policy Policy
}

// WithTombstones says what Run, RunBatch and pipelines do with records whose value is
// null. The default is to deliver them where the type of values can be null, and to end
// with [ErrTombstone] where it cannot.
func WithTombstones(t Tombstones) ReaderOption {
	return forReader(avroconsumer.WithTombstones(t), pipeline.WithTombstones(t))
}

// WithToEnd stops reading once every assigned partition was read to the end that it had
// when it was assigned: Run returns nil, Poll returns [ErrEnd]. It sets the key
// enable.partition.eof; false for that key is an error. See [avroconsumer.WithToEnd].
func WithToEnd() EndOption {
	return option(func(s *settings) {
		s.toEnd = true
		s.consumer, s.pipeline = append(s.consumer, avroconsumer.WithToEnd()), append(s.pipeline, pipeline.WithToEnd())
	})
}

// noticeEnds has the Kafka client report ends of partitions, which whoever reads to the end
// needs: after a transaction or compaction the last offset may hold no record.
func (w *wiring) noticeEnds(reader string) {
	const key = "enable.partition.eof"
	w.configure(key, true)
	if on, err := w.conf.kafka.Bool(key, true); err == nil && !on { // what is no boolean is the driver's to refuse
		w.keep(&kafka.ConfigError{Key: key, Reason: "false contradicts " + reader + ", which would wait for ever where the last offset holds no record"})
	}
}

// WithBatch bounds a batch, which is one transaction: up to n records, or those polled
// within interval after the first. The default is 1,000 records and 100 milliseconds.
func WithBatch(n int, interval time.Duration) BatchOption {
	return option(func(s *settings) { s.pipeline = append(s.pipeline, pipeline.WithBatch(n, interval)) })
}

// WithAbortTimeout sets how long a transaction that failed may take to abort, also after
// its context has ended. The default is 10 seconds.
func WithAbortTimeout(d time.Duration) WriterOption {
	return option(func(s *settings) {
		s.producer = append(s.producer, avroproducer.WithAbortTimeout(d))
		s.pipeline = append(s.pipeline, pipeline.WithAbortTimeout(d))
	})
}

// WithMaxScratch sets the largest buffer for a key and a value, in bytes, that a producer
// keeps for reuse. The default is 1 MiB; 0 keeps none.
func WithMaxScratch(n int) ProducerOption { return forProducer(avroproducer.WithMaxScratch(n)) }

// WithMaxFailures sets how many failures that nobody was told of are kept for Flush and
// Close. Those beyond are counted only. The default is 100.
func WithMaxFailures(n int) ProducerOption { return forProducer(avroproducer.WithMaxFailures(n)) }

// WithMaxReports sets how many reports may wait for OnDelivery before Produce waits as
// well. The default is 100,000.
func WithMaxReports(n int) ProducerOption { return forProducer(avroproducer.WithMaxReports(n)) }

// WithCloser makes Close call f last, once. A constructor that fails calls it as well. Several
// are called in the order given.
func WithCloser(f func(context.Context) error) ConstructorOption {
	return option(func(s *settings) {
		if s.need("WithCloser", "function", f) {
			s.closers = append(s.closers, f)
		}
	})
}
