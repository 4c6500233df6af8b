//go:build cgo

package confluent_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// env is a broker for one test, and clients that are closed with it.
type env struct {
	*testing.T
	fake *kfake.Cluster
}

// newEnv starts a broker with topics of some partitions. The test runs
// in parallel with others, since most of its time is waiting.
func newEnv(t *testing.T, partitions int32, topics ...string) *env {
	t.Parallel()
	k, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.GroupMinSessionTimeout(time.Millisecond),
		kfake.SeedTopics(partitions, topics...),
	)
	require.NoError(t, err)
	t.Cleanup(k.Close)
	return &env{T: t, fake: k}
}

// ctx ends after a minute. No test depends on that time.
func (e *env) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	e.Cleanup(cancel)
	return ctx
}

func (e *env) brokers() string { return strings.Join(e.fake.ListenAddrs(), ",") }

func (e *env) conf(more ...kafka.Config) kafka.Config {
	conf := kafka.Config{"bootstrap.servers": e.brokers()}
	for _, m := range more {
		maps.Copy(conf, m)
	}
	return conf
}

func (e *env) producer(more ...kafka.Config) kafka.Producer {
	p, err := confluent.NewProducer(e.conf(more...), kafka.Hooks{})
	require.NoError(e, err)
	e.Cleanup(func() { require.NoError(e, p.Close(context.Background())) })
	return p
}

func (e *env) txnProducer(id string) kafka.TxnProducer {
	p, ok := e.producer(kafka.Config{"transactional.id": id}).(kafka.TxnProducer)
	require.True(e, ok)
	return p
}

func (e *env) consumerConf(group string, more ...kafka.Config) kafka.Config {
	return e.conf(append([]kafka.Config{{
		"group.id":              group,
		"auto.offset.reset":     "earliest",
		"session.timeout.ms":    10_000,
		"heartbeat.interval.ms": 50,
		"fetch.wait.max.ms":     20,
	}}, more...)...)
}

// consumer is a consumer with all that this client's consumers can do.
type consumer interface {
	kafka.Consumer
	kafka.Offsets
	kafka.Assigner
	kafka.Metadata
}

func (e *env) consumer(group string, more ...kafka.Config) consumer {
	c, err := confluent.NewConsumer(e.consumerConf(group, more...), kafka.Hooks{})
	require.NoError(e, err)
	e.Cleanup(func() { require.NoError(e, c.Close(context.Background())) })
	return c.(consumer)
}

func (e *env) session(id, group string, more ...kafka.Config) kafka.Session {
	s, err := confluent.NewSession(e.consumerConf(group, append(more, kafka.Config{"transactional.id": id})...), kafka.Hooks{})
	require.NoError(e, err)
	e.Cleanup(func() { require.NoError(e, s.Close(context.Background())) })
	return s
}

// produce sends one record per value to a partition and waits for the reports.
func (e *env) produce(p kafka.Producer, topic string, partition int32, values ...string) {
	var mu sync.Mutex
	var errs []error
	for _, v := range values {
		r := &kafka.Record{Topic: topic, Partition: partition, Key: []byte(v), Value: []byte(v)}
		require.NoError(e, p.Produce(e.ctx(), r, func(_ *kafka.Record, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			}
		}))
	}
	require.NoError(e, p.Flush(e.ctx()))
	require.Empty(e, errs)
}

// numbers is "0" to "n-1".
func numbers(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint(i))
	}
	return list
}

// poll polls until there are n records, and returns their values.
func (e *env) poll(c kafka.Consumer, n int) []string {
	var values []string
	var b kafka.Batch
	for len(values) < n {
		require.NoError(e, c.Poll(e.ctx(), &b, n-len(values)))
		require.Empty(e, b.Errors)
		for _, r := range b.Records {
			values = append(values, string(r.Value))
		}
	}
	return values
}

// quiet polls for a while and requires that nothing comes.
func (e *env) quiet(c kafka.Consumer) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	var b kafka.Batch
	require.ErrorIs(e, c.Poll(ctx, &b, 1), context.DeadlineExceeded)
	require.Empty(e, b.Records)
}

// serve polls until cond holds, for rebalances that bring no records.
func (e *env) serve(c kafka.Consumer, cond func() bool) {
	var b kafka.Batch
	for ctx := e.ctx(); !cond(); {
		require.NoError(e, ctx.Err())
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		if err := c.Poll(short, &b, 100); err != nil {
			require.ErrorIs(e, err, context.DeadlineExceeded)
		}
		cancel()
	}
}

func tp(topic string, partition int32) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: topic, Partition: partition}
}

func at(topic string, partition int32, offset int64) kafka.Offset {
	return kafka.Offset{TopicPartition: tp(topic, partition), Offset: offset, LeaderEpoch: -1}
}

// observer is a Rebalance that records its calls. The hooks are optional.
type observer struct {
	mu       sync.Mutex
	has      map[kafka.TopicPartition]bool
	log      []string
	assigned func(context.Context, []kafka.Offset) ([]kafka.Offset, error)
	revoked  func(context.Context, []kafka.TopicPartition)
}

func (o *observer) note(has bool, what string, list []kafka.TopicPartition) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.has == nil {
		o.has = make(map[kafka.TopicPartition]bool)
	}
	for _, p := range list {
		o.log = append(o.log, fmt.Sprintf("%s %s/%d", what, p.Topic, p.Partition))
		if o.has[p] == has {
			o.log = append(o.log, "which is not a change")
		}
		o.has[p] = has
		if !has {
			delete(o.has, p)
		}
	}
}

func (o *observer) Assigned(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	var start []kafka.Offset
	if o.assigned != nil {
		var err error
		if start, err = o.assigned(ctx, committed); err != nil {
			return nil, err
		}
	}
	var list []kafka.TopicPartition
	for _, c := range committed {
		list = append(list, c.TopicPartition)
	}
	o.note(true, "assigned", list)
	return start, nil
}

func (o *observer) Revoked(ctx context.Context, p []kafka.TopicPartition) {
	if o.revoked != nil {
		o.revoked(ctx, p)
	}
	o.note(false, "revoked", p)
}

func (o *observer) Lost(p []kafka.TopicPartition) { o.note(false, "lost", p) }

func (o *observer) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.has)
}

func (o *observer) events() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.log...)
}

// client is the bare producer under p.
func (e *env) client(p any) *ckafka.Producer {
	k, ok := confluent.Client(p)
	require.True(e, ok)
	return k
}

// fakeTopic makes one more topic.
func (e *env) fakeTopic(name string, partitions int32) {
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, 1
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, topic)
	cl, err := kgo.NewClient(kgo.SeedBrokers(e.fake.ListenAddrs()...))
	require.NoError(e, err)
	defer cl.Close()
	resp, err := req.RequestWith(e.ctx(), cl)
	require.NoError(e, err)
	require.NoError(e, kerr.ErrorForCode(resp.Topics[0].ErrorCode))
}
