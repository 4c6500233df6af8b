package kafkatest

import (
	"context"
	"fmt"
	"hash/crc32"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func produceCases() []testCase {
	return []testCase{
		{"Produce/reports", produceReports},
		{"Produce/without done", produceWithoutDone},
		{"Produce/again after done", produceAgain},
		{"Produce/full queue", produceFullQueue},
		{"Produce/a cancelled context takes nothing back", produceCancelled},
		{"Produce/partition", producePartition},
		{"Produce/partition of a key", producePartitionOfKey},
		{"Produce/unknown topic", produceUnknownTopic},
		{"Produce/too large", produceTooLarge},
		{"Produce/compression", produceCompression},
		{"Produce/acks", produceAcks},
		{"Produce/flush waits for what came before", produceFlush},
		{"Produce/many goroutines", produceConcurrently},
	}
}

// produceReports: every record is reported once, serially, as the very record
// that was given, with the partition, offset and timestamp that it got.
func produceReports(e *env) {
	const n = 100
	topic := e.topic(1)
	p := e.producer()

	type report struct {
		rec *kafka.Record
		err error
	}
	var reports []report // written by done only, which runs serially
	given := make([]*kafka.Record, n)
	before := time.Now().Truncate(time.Millisecond)
	for i := range given {
		given[i] = &kafka.Record{Topic: topic, Partition: -1, Key: fmt.Append(nil, i), Value: []byte("v"), Attach: i}
		require.NoError(e, p.Produce(e.ctx(), given[i], func(r *kafka.Record, err error) {
			reports = append(reports, report{r, err})
		}))
	}
	require.NoError(e, p.Flush(e.ctx()))

	require.Len(e, reports, n)
	for i, rep := range reports {
		require.NoError(e, rep.err)
		require.Same(e, given[i], rep.rec)
		require.Equal(e, i, rep.rec.Attach)
		require.Equal(e, topic, rep.rec.Topic)
		require.Equal(e, fmt.Sprint(i), string(rep.rec.Key))
		require.Equal(e, int32(0), rep.rec.Partition)
		require.Equal(e, int64(i), rep.rec.Offset)
		require.False(e, rep.rec.Timestamp.Before(before), rep.rec.Timestamp)
		require.Equal(e, kafka.TimestampCreate, rep.rec.TimestampType)
	}
}

func produceWithoutDone(e *env) {
	topic := e.topic(1)
	p := e.producer()
	require.NoError(e, p.Produce(e.ctx(), text(topic, 0, "a"), nil))
	require.NoError(e, p.Flush(e.ctx()))
	require.Equal(e, []string{"a"}, values(e.read(e.subscribed([]string{topic}), 1)))
}

// produceAgain: the record and its bytes are the caller's once done is called.
func produceAgain(e *env) {
	topic := e.topic(1)
	p := e.producer()
	r := text(topic, 0, "0")
	r.Headers = []kafka.Header{{Key: "h", Value: []byte("0")}}
	for i := range 20 {
		reported := make(chan error, 1)
		r.Value, r.Headers[0].Value = fmt.Append(r.Value[:0], i), fmt.Append(r.Headers[0].Value[:0], i)
		require.NoError(e, p.Produce(e.ctx(), r, func(_ *kafka.Record, err error) { reported <- err }))
		require.NoError(e, <-reported)
	}
	recs := e.read(e.subscribed([]string{topic}), 20)
	require.Equal(e, numbers(0, 20), values(recs))
	for i, rec := range recs {
		require.Equal(e, fmt.Sprint(i), string(rec.Headers[0].Value))
	}
}

// produceFullQueue: a full queue holds Produce back within its context, and a
// record that did not get in is not reported.
func produceFullQueue(e *env) {
	const limit = 10
	topic := e.topic(1)
	// Nothing leaves the queue before the flush.
	p := e.producer(kafka.Config{"queue.buffering.max.messages": limit, "linger.ms": 60_000})

	var reports int
	done := func(_ *kafka.Record, err error) {
		if err == nil {
			reports++
		}
	}
	for i := range limit {
		require.NoError(e, p.Produce(e.ctx(), text(topic, 0, fmt.Sprint(i)), done))
	}
	short, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	require.ErrorIs(e, p.Produce(short, text(topic, 0, "never"), done), context.DeadlineExceeded)

	waited := make(chan error, 1)
	ctx := e.ctx()
	go func() { waited <- p.Produce(ctx, text(topic, 0, fmt.Sprint(limit)), done) }()
	require.NoError(e, p.Flush(e.ctx()))
	require.NoError(e, <-waited)
	require.NoError(e, p.Flush(e.ctx()))
	require.Equal(e, limit+1, reports)
	require.Equal(e, numbers(0, limit+1), values(e.read(e.subscribed([]string{topic}), limit+1)))
}

// produceCancelled: the context bounds the wait for room, and nothing else.
func produceCancelled(e *env) {
	topic := e.topic(1)
	p := e.producer(kafka.Config{"linger.ms": 60_000})
	reports := 0
	done := func(_ *kafka.Record, err error) {
		if err == nil {
			reports++
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	require.NoError(e, p.Produce(ctx, text(topic, 0, "0"), done))
	require.NoError(e, p.Produce(e.ctx(), text(topic, 0, "1"), done))
	cancel()
	require.NoError(e, p.Produce(e.ctx(), text(topic, 0, "2"), done))
	require.NoError(e, p.Flush(e.ctx()))
	require.Equal(e, 3, reports)
	require.Equal(e, numbers(0, 3), values(e.read(e.subscribed([]string{topic}), 3)))
}

// producePartition: the partition of a record is used. One that does not exist is an error of the
// record.
func producePartition(e *env) {
	topic := e.topic(3)
	p := e.producer()
	e.send(p, text(topic, 2, "two"), text(topic, 0, "zero"), text(topic, 1, "one"))
	for _, rec := range e.read(e.subscribed([]string{topic}), 3) {
		require.Equal(e, []string{"zero", "one", "two"}[rec.Partition], string(rec.Value))
	}

	err := e.report(p, text(topic, 7, "nowhere"))
	require.Equal(e, int16(-190), e.code(err), "librdkafka's UNKNOWN_PARTITION")
	e.send(p, text(topic, 2, "still works"))
}

// report produces one record and returns the error of Produce or of its report.
func (e *env) report(p kafka.Producer, r *kafka.Record) error {
	e.Helper()
	reported := make(chan error, 1)
	if err := p.Produce(e.ctx(), r, func(_ *kafka.Record, err error) { reported <- err }); err != nil {
		return err
	}
	require.NoError(e, p.Flush(e.ctx()))
	return <-reported
}

// producePartitionOfKey: keys are placed as librdkafka places them by default,
// consistent_random: CRC-32 of the key, and anywhere without a key.
func producePartitionOfKey(e *env) {
	const n, parts = 1000, 7
	topic := e.topic(parts)
	p := e.producer()
	recs := make([]*kafka.Record, n, n+2)
	for i := range recs {
		recs[i] = &kafka.Record{Topic: topic, Partition: -1, Key: fmt.Appendf(nil, "key-%d", i), Value: []byte("v")}
	}
	recs = append(recs,
		&kafka.Record{Topic: topic, Partition: -1, Value: []byte("no key")},
		&kafka.Record{Topic: topic, Partition: -1, Key: []byte{}, Value: []byte("empty key")})
	e.send(p, recs...)
	for _, r := range recs[:n] {
		require.Equal(e, int32(crc32.ChecksumIEEE(r.Key)%parts), r.Partition, string(r.Key))
	}
	for _, r := range recs[n:] {
		require.True(e, r.Partition >= 0 && r.Partition < parts, "%d", r.Partition)
	}
}

// produceUnknownTopic: a topic that does not exist fails its records, after the
// time in which it might appear, and not those of others.
func produceUnknownTopic(e *env) {
	topic := e.topic(1)
	p := e.producer(kafka.Config{"topic.metadata.propagation.max.ms": 500, "allow.auto.create.topics": false})
	e.send(p, text(topic, 0, "before"))
	missing := e.name("missing")
	err := e.report(p, text(missing, -1, "nowhere"))
	require.Equal(e, int16(3), e.code(err), "UNKNOWN_TOPIC_OR_PARTITION")
	var be *kafka.Error
	require.ErrorAs(e, err, &be)
	require.Equal(e, missing, be.Topic)
	e.send(p, text(topic, 0, "after"))
}

func produceTooLarge(e *env) {
	topic := e.topic(1)
	p := e.producer(kafka.Config{"message.max.bytes": 2000})
	err := e.report(p, &kafka.Record{Topic: topic, Partition: 0, Value: make([]byte, 5000)})
	require.Equal(e, int16(10), e.code(err), "MESSAGE_TOO_LARGE")
	e.send(p, text(topic, 0, "small"))
}

func produceCompression(e *env) {
	topic := e.topic(1)
	codecs := []string{"none", "gzip", "snappy", "lz4", "zstd"}
	for _, codec := range codecs {
		e.fill(e.producer(kafka.Config{"compression.type": codec}), topic, 0, 50)
	}
	for i, v := range values(e.read(e.subscribed([]string{topic}), 50*len(codecs))) {
		require.Equal(e, fmt.Sprint(i%50), v)
	}
}

// produceAcks: asking for fewer acknowledgements is enough to turn idempotence
// off, which is on by default. With none, the offset is not known.
func produceAcks(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(kafka.Config{"acks": "1"}), topic, 0, 5)
	e.fill(e.producer(kafka.Config{"acks": 0}), topic, 0, 5)
	e.fill(e.producer(kafka.Config{"enable.idempotence": false}), topic, 0, 5)
	require.Len(e, e.read(e.subscribed([]string{topic}), 15), 15)
}

// produceFlush: Flush waits for all that was produced before it, which does not linger, and not past
// its context.
func produceFlush(e *env) {
	topic := e.topic(1)
	p := e.producer(kafka.Config{"linger.ms": 60_000})
	require.NoError(e, p.Flush(e.ctx()), "of nothing")
	for range 5 {
		reported := false
		require.NoError(e, p.Produce(e.ctx(), text(topic, 0, "before"), func(*kafka.Record, error) { reported = true }))
		require.NoError(e, p.Flush(e.ctx()))
		require.True(e, reported)
	}

	lonely := e.producerAt(unreachable)
	require.NoError(e, lonely.Produce(e.ctx(), text(topic, 0, "x"), nil))
	short, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	require.ErrorIs(e, lonely.Flush(short), context.DeadlineExceeded)
}

// producerAt makes a producer for other brokers, closed with the test whatever
// comes of its records.
func (e *env) producerAt(brokers string, more ...kafka.Config) kafka.Producer {
	e.Helper()
	conf := e.conf(append([]kafka.Config{{"bootstrap.servers": brokers}}, more...)...)
	p, err := e.driver.NewProducer(conf, kafka.Hooks{})
	require.NoError(e, err)
	e.Cleanup(func() { e.closeNow(p) })
	return p
}

// abandon closes a producer whose records cannot be sent.
func (e *env) closeNow(p kafka.Producer) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Close(ctx)
}

// produceConcurrently: many goroutines share one producer, and each one's
// records keep their order.
func produceConcurrently(e *env) {
	const goroutines, n = 8, 200
	topic := e.topic(1)
	p := e.producer(kafka.Config{"queue.buffering.max.messages": 50})
	var wg sync.WaitGroup
	reports := 0
	for g := range goroutines {
		wg.Go(func() {
			for i := range n {
				r := &kafka.Record{Topic: topic, Partition: 0, Key: fmt.Append(nil, g), Value: fmt.Append(nil, i)}
				err := p.Produce(context.Background(), r, func(_ *kafka.Record, err error) {
					if err == nil {
						reports++
					}
				})
				if err != nil {
					e.Errorf("goroutine %d, record %d: %v", g, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	require.NoError(e, p.Flush(e.ctx()))
	require.Equal(e, goroutines*n, reports)

	next := map[string]int{}
	for _, rec := range e.read(e.subscribed([]string{topic}), goroutines*n) {
		require.Equal(e, fmt.Sprint(next[string(rec.Key)]), string(rec.Value))
		next[string(rec.Key)]++
	}
}
