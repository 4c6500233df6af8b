package franz

import (
	"context"
	"errors"
	"hash/crc32"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// What needs a broker that misbehaves on demand; the rest is in kafkatest.

func misbehaving(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, kafka.Config) {
	k, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(1, "topic"))...)
	require.NoError(t, err)
	t.Cleanup(k.Close)
	return k, kafka.Config{
		"bootstrap.servers": strings.Join(k.ListenAddrs(), ","), "group.id": "group",
		"auto.offset.reset": "earliest", "heartbeat.interval.ms": 100, "fetch.wait.max.ms": 50,
	}
}

func code(t *testing.T, err error) int16 {
	t.Helper()
	var be *kafka.Error
	require.ErrorAs(t, err, &be)
	return be.Code
}

// No broker answers: the record is reported within about message.timeout.ms, by
// librdkafka's code.
func TestMessageTimeout(t *testing.T) {
	for name, conf := range map[string]kafka.Config{
		"nobody listens": {"bootstrap.servers": "127.0.0.1:1"},
		"not idempotent": {"bootstrap.servers": "127.0.0.1:1", "enable.idempotence": false},
	} {
		t.Run(name, func(t *testing.T) {
			conf["message.timeout.ms"] = 300
			p, err := NewProducer(conf, kafka.Hooks{})
			require.NoError(t, err)
			reported := make(chan error, 1)
			require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: -1}, func(_ *kafka.Record, err error) { reported <- err }))
			err = <-reported
			require.Equal(t, codeMsgTimedOut, code(t, err))
			require.ErrorContains(t, err, "topic: not delivered within message.timeout.ms: ")
			require.ErrorContains(t, err, "connection refused")
			require.ErrorIs(t, err, kafka.ErrUnreachable)
			require.NoError(t, p.Close(t.Context()))
		})
	}
}

// The broker goes away after it has taken records: what comes then times out as
// well, whatever became of the last connection.
func TestMessageTimeoutWhenTheBrokerGoesAway(t *testing.T) {
	k, conf := misbehaving(t)
	conf["message.timeout.ms"] = 1000
	p, err := NewProducer(conf, kafka.Hooks{})
	require.NoError(t, err)
	reported := make(chan error, 1)
	produce := func() error {
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: 0}, func(_ *kafka.Record, err error) { reported <- err }))
		return <-reported
	}
	for produce() != nil { // on a busy machine even this may take longer
	}
	k.Close()
	for range 3 {
		require.Equal(t, codeMsgTimedOut, code(t, produce()))
	}
	require.NoError(t, p.Close(t.Context()))
}

// A broker that is away for more than kgo's 20 tries: the commit waits for it.
func TestCommitWaitsForTheBroker(t *testing.T) {
	k, conf := misbehaving(t)
	conf["transactional.id"], conf["retry.backoff.ms"], conf["retry.backoff.max.ms"] = "txn", 1, 1
	tries := 0
	k.ControlKey(int16(kmsg.EndTxn), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if tries++; tries > 40 {
			return nil, nil, false
		}
		k.KeepControl()
		resp := req.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.CoordinatorNotAvailable.Code
		return resp, nil, true
	})
	p, err := NewProducer(conf, kafka.Hooks{})
	require.NoError(t, err)
	txn := p.(kafka.TxnProducer)
	require.NoError(t, txn.Begin(t.Context()))
	require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: 0}, nil))
	require.NoError(t, txn.End(t.Context(), true))
	require.NoError(t, p.Close(t.Context()))
}

// A broker that takes requests and does not answer: the records time out too,
// and the producer works again when it does.
func TestMessageTimeoutInFlight(t *testing.T) {
	k, conf := misbehaving(t)
	var mu sync.Mutex
	silent := false
	k.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		return nil, nil, silent // handled, and no answer
	})
	conf["message.timeout.ms"], conf["socket.timeout.ms"], conf["request.timeout.ms"] = 500, 100, 100
	p, err := NewProducer(conf, kafka.Hooks{})
	require.NoError(t, err)
	produce := func() error {
		reported := make(chan error, 1)
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: 0}, func(_ *kafka.Record, err error) { reported <- err }))
		return <-reported
	}
	require.NoError(t, produce())
	mu.Lock()
	silent = true
	mu.Unlock()
	require.Equal(t, codeMsgTimedOut, code(t, produce()))
	mu.Lock()
	silent = false
	mu.Unlock()
	require.NoError(t, produce())
	require.NoError(t, p.Close(t.Context()))
}

// Requests of producers may create topics, those of consumers only with allow.auto.create.topics.
func TestAutoCreate(t *testing.T) {
	_, conf := misbehaving(t, kfake.AllowAutoTopicCreation())
	p, err := NewProducer(conf, kafka.Hooks{})
	require.NoError(t, err)
	reported := make(chan error, 1)
	require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "new", Partition: -1}, func(_ *kafka.Record, err error) { reported <- err }))
	require.NoError(t, <-reported)
	_, err = p.(kafka.Metadata).Partitions(t.Context(), "other")
	require.Equal(t, kerr.UnknownTopicOrPartition.Code, code(t, err), "not by asking for metadata")
	require.NoError(t, p.Close(t.Context()))

	c, err := NewConsumer(conf, kafka.Hooks{})
	require.NoError(t, err)
	require.NoError(t, c.Subscribe([]string{"absent"}, nil))
	var b kafka.Batch
	require.NoError(t, c.Poll(t.Context(), &b, 1))
	require.Equal(t, kerr.UnknownTopicOrPartition.Code, code(t, b.Errors[0].Err))
	require.NoError(t, c.Close(t.Context()))
}

// An End whose context ends goes on, and the next call of it has the outcome.
func TestTxnEndInterrupted(t *testing.T) {
	for _, commit := range []bool{true, false} {
		k, conf := misbehaving(t)
		conf["transactional.id"] = "txn"
		p, err := NewProducer(conf, kafka.Hooks{})
		require.NoError(t, err)
		txn := p.(kafka.TxnProducer)
		require.NoError(t, txn.Begin(t.Context()))
		require.NoError(t, txn.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: 0}, nil))
		require.NoError(t, txn.Flush(t.Context()))

		proceed := make(chan struct{})
		k.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
			k.DropControl()
			k.SleepControl(func() { <-proceed })
			return nil, nil, false
		})
		for range 2 {
			short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			err = txn.End(short, commit)
			cancel()
			require.Equal(t, codeTimedOut, code(t, err))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			var be *kafka.Error
			require.ErrorAs(t, err, &be)
			require.True(t, be.Retriable)
			require.False(t, be.AbortTxn || be.Fatal)
		}
		require.Equal(t, codeState, code(t, txn.End(t.Context(), !commit)), "the other way")
		require.Equal(t, codeState, code(t, txn.Begin(t.Context())))
		close(proceed)
		require.NoError(t, txn.End(t.Context(), commit))
		require.Equal(t, codeState, code(t, txn.End(t.Context(), commit)), "over")
		require.NoError(t, txn.Begin(t.Context()))
		require.NoError(t, txn.Close(t.Context()))
	}
}

// A log whose last offsets have no record, as compaction leaves it, has its end
// behind them.
func TestEndBehindAGap(t *testing.T) {
	k, conf := misbehaving(t)
	record := kmsg.Record{Length: 7, Value: []byte("v")}
	batch := kmsg.RecordBatch{
		Magic: 2, LastOffsetDelta: 4, NumRecords: 1, // offsets 0 to 4, of which only 0 is left
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, PartitionLeaderEpoch: 0,
		Records: record.AppendTo(nil),
	}
	encoded := batch.AppendTo(nil)
	batch.Length = int32(len(encoded) - 12)
	encoded = batch.AppendTo(nil)
	batch.CRC = int32(crc32.Checksum(encoded[21:], crc32.MakeTable(crc32.Castagnoli)))
	encoded = batch.AppendTo(nil)

	k.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		asked := req.(*kmsg.FetchRequest)
		resp := asked.ResponseKind().(*kmsg.FetchResponse)
		for _, t := range asked.Topics {
			rt := kmsg.NewFetchResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewFetchResponseTopicPartition()
				rp.Partition, rp.HighWatermark, rp.LastStableOffset = p.Partition, 5, 5
				if p.FetchOffset < 5 {
					rp.RecordBatches = encoded
				}
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		time.Sleep(5 * time.Millisecond) // an idle broker is not asked all the time
		return resp, nil, true
	})
	conf["enable.partition.eof"] = true
	c, err := NewConsumer(conf, kafka.Hooks{})
	require.NoError(t, err)
	// At 0 for Assign, although kfake's log is empty: auto.offset.reset is earliest.
	at := kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: "topic"}, Offset: 0, LeaderEpoch: -1}
	require.NoError(t, c.(kafka.Assigner).Assign(t.Context(), at))
	var b kafka.Batch
	var recs int
	var ends []int64
	for len(ends) < 2 { // kfake's own answer, an empty log, is the first
		require.NoError(t, c.Poll(t.Context(), &b, 10))
		recs += len(b.Records)
		for _, end := range b.Ends {
			ends = append(ends, end.Offset)
		}
	}
	require.Equal(t, 1, recs)
	require.Equal(t, []int64{0, 5}, ends)
	require.NoError(t, c.Close(t.Context()))
}

// An offset committed in an epoch of which the log has kept less starts where
// that epoch ends now, and says so.
func TestStartAfterTruncation(t *testing.T) {
	k, conf := misbehaving(t)
	p, err := NewProducer(conf, kafka.Hooks{})
	require.NoError(t, err)
	for range 10 {
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: 0}, nil))
	}
	require.NoError(t, p.Close(t.Context()))
	k.ControlKey(int16(kmsg.OffsetForLeaderEpoch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		resp := req.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
		rt := kmsg.NewOffsetForLeaderEpochResponseTopic()
		rt.Topic = "topic"
		rp := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
		rp.LeaderEpoch, rp.EndOffset = 0, 4
		rt.Partitions = append(rt.Partitions, rp)
		resp.Topics = append(resp.Topics, rt)
		return resp, nil, true
	})
	c, err := NewConsumer(conf, kafka.Hooks{})
	require.NoError(t, err)
	at := kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: "topic"}, Offset: 8, LeaderEpoch: 0}
	require.NoError(t, c.(kafka.Assigner).Assign(t.Context(), at))
	var first []int64
	var errs []kafka.PartitionError
	for len(first) < 6 {
		var b kafka.Batch
		require.NoError(t, c.Poll(t.Context(), &b, 10))
		for _, r := range b.Records {
			first = append(first, r.Offset)
		}
		errs = append(errs, b.Errors...)
	}
	require.Equal(t, []int64{4, 5, 6, 7, 8, 9}, first)
	require.Len(t, errs, 1)
	require.Equal(t, codeLogTruncation, code(t, errs[0].Err))
	require.NoError(t, c.Close(t.Context()))
}

// A group that another instance of the same name has taken over is a fatal error.
func TestFencedInstance(t *testing.T) {
	k, conf := misbehaving(t)
	k.ControlKey(int16(kmsg.JoinGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		resp := req.ResponseKind().(*kmsg.JoinGroupResponse)
		resp.ErrorCode = kerr.FencedInstanceID.Code
		return resp, nil, true
	})
	conf["group.instance.id"] = "me"
	c, err := NewConsumer(conf, kafka.Hooks{})
	require.NoError(t, err)
	require.NoError(t, c.Subscribe([]string{"topic"}, nil))
	var b kafka.Batch
	for err == nil {
		err = c.Poll(t.Context(), &b, 1)
	}
	var be *kafka.Error
	require.ErrorAs(t, err, &be)
	require.True(t, be.Fatal)
	require.Equal(t, kerr.FencedInstanceID.Code, be.Code)
	require.Equal(t, err, c.Close(t.Context()), "Close says why")
	require.NoError(t, c.Close(t.Context()), "idempotent")
}

// The errors of kgo, and what becomes of them.
func TestConvert(t *testing.T) {
	tests := []struct {
		name                       string
		err                        error
		code                       int16
		retriable, fatal, abortTxn bool
	}{
		{name: "unknown topic", err: kerr.UnknownTopicOrPartition, code: 3, retriable: true},
		{name: "not authorized", err: kerr.TopicAuthorizationFailed, code: 29},
		{name: "fenced", err: kerr.ProducerFenced, code: codeFenced, fatal: true},
		{name: "an older epoch", err: kerr.InvalidProducerEpoch, code: codeFenced, fatal: true},
		{name: "abortable", err: kerr.TransactionAbortable, code: 120, abortTxn: true},
		{name: "fenced instance", err: kerr.FencedInstanceID, code: 82, fatal: true},
		{name: "something else", err: errors.New("x"), code: codeFail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := convert(tt.err).(*kafka.Error)
			require.Equal(t, tt.code, e.Code)
			require.Equal(t, tt.retriable, e.Retriable)
			require.Equal(t, tt.fatal, e.Fatal)
			require.Equal(t, tt.abortTxn, e.AbortTxn)
			require.ErrorIs(t, e, tt.err)
			require.Equal(t, int32(-1), e.Partition)

			tp := kafka.TopicPartition{Topic: "orders", Partition: 3}
			require.Contains(t, at(e, tp).Error(), "orders [3]: ")
			require.Empty(t, e.Topic, "at makes a copy")
		})
	}
	require.NoError(t, convert(nil))
	require.ErrorIs(t, convert(context.Canceled), context.Canceled)
	require.Equal(t, kafka.ErrClosed, convert(kafka.ErrClosed))
}
