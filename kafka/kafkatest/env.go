package kafkatest

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// testTimeout bounds every wait of the suite. No case depends on the speed of a client.
const testTimeout = 60 * time.Second

// shortWait is how long the suite waits where nothing is expected to happen.
const shortWait = 250 * time.Millisecond

// env is the environment of one case: a driver, a broker, and unique names.
type env struct {
	*testing.T
	cluster Cluster
	driver  kafka.Driver
	names   atomic.Int64
	run     string // makes names differ between runs on the same broker
}

func newEnv(t *testing.T, c Cluster, d kafka.Driver) *env {
	return &env{T: t, cluster: c, driver: d, run: rand.Text()[:8]}
}

// ctx is a context that ends after testTimeout.
func (e *env) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	e.Cleanup(cancel)
	return ctx
}

// name returns a unique name.
func (e *env) name(kind string) string {
	return fmt.Sprintf("%s-%s-%d", kind, e.run, e.names.Add(1))
}

// topic makes a topic. configs come in pairs, such as "message.timestamp.type", "LogAppendTime".
func (e *env) topic(partitions int32, configs ...string) string {
	name := e.name("topic")
	e.createTopic(name, partitions, configs...)
	return name
}

func (e *env) createTopic(name string, partitions int32, configs ...string) {
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, 1
	for i := 0; i+1 < len(configs); i += 2 {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = configs[i], kmsg.StringPtr(configs[i+1])
		topic.Configs = append(topic.Configs, c)
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = 30_000
	req.Topics = append(req.Topics, topic)

	e.plainClient(func(cl *kgo.Client) {
		resp, err := req.RequestWith(e.ctx(), cl)
		require.NoError(e, err)
		require.NoError(e, kerr.ErrorForCode(resp.Topics[0].ErrorCode))
		if e.cluster.fake != nil {
			e.cluster.fake.created(name, resp.Topics[0].TopicID, configs)
		}
		e.eventually(func() bool { return e.visible(cl, name, partitions) }) // brokers learn of it one by one
	})
}

// visible reports whether all partitions of a topic can be used.
func (e *env) visible(cl *kgo.Client, name string, partitions int32) bool {
	req := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr(name)
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(e.ctx(), cl)
	require.NoError(e, err)
	t := resp.Topics[0]
	return t.ErrorCode == 0 && len(t.Partitions) == int(partitions) &&
		!slices.ContainsFunc(t.Partitions, func(p kmsg.MetadataResponseTopicPartition) bool { return p.ErrorCode != 0 || p.Leader < 0 })
}

// plainClient lends a client of franz-go, for what the interfaces do not offer.
func (e *env) plainClient(f func(*kgo.Client)) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(e.cluster.Brokers), kgo.DisableClientMetrics())
	require.NoError(e, err)
	defer cl.Close()
	f(cl)
}

// conf is the cluster's configuration, overridden by more. A nil value unsets a
// key.
func (e *env) conf(more ...kafka.Config) kafka.Config {
	c := kafka.Config{"bootstrap.servers": e.cluster.Brokers}
	maps.Copy(c, e.cluster.Config)
	for _, m := range more {
		maps.Copy(c, m)
	}
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// unreachable is an address where no broker listens.
const unreachable = "127.0.0.1:1"

// producer makes a producer that is closed with the test.
func (e *env) producer(more ...kafka.Config) kafka.Producer {
	p, err := e.driver.NewProducer(e.conf(more...), kafka.Hooks{})
	require.NoError(e, err)
	e.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		require.NoError(e, p.Close(ctx))
	})
	return p
}

// txnProducer makes a producer with a transactional id.
func (e *env) txnProducer(id string, more ...kafka.Config) kafka.TxnProducer {
	e.Helper()
	p := e.producer(append([]kafka.Config{{"transactional.id": id}}, more...)...)
	require.Implements(e, (*kafka.TxnProducer)(nil), p)
	return p.(kafka.TxnProducer)
}

// subscribed makes a consumer of topics, in a group of its own.
func (e *env) subscribed(topics []string, more ...kafka.Config) kafka.Consumer {
	e.Helper()
	c := e.consumer(e.name("group"), more...)
	require.NoError(e, c.Subscribe(topics, nil))
	return c
}

// session makes a session that is closed with the test.
func (e *env) session(group, id string, more ...kafka.Config) kafka.Session {
	e.Helper()
	conf := e.consumerConf(group, append([]kafka.Config{{"transactional.id": id}}, more...)...)
	s, err := e.driver.NewSession(conf, kafka.Hooks{})
	require.NoError(e, err)
	e.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		require.NoError(e, s.Close(ctx))
	})
	return s
}

// consumerConf is a configuration for a member of group: from the start, with
// heartbeats often enough to notice a rebalance soon.
func (e *env) consumerConf(group string, more ...kafka.Config) kafka.Config {
	return e.conf(append([]kafka.Config{{
		"group.id":              group,
		"auto.offset.reset":     "earliest",
		"session.timeout.ms":    10_000,
		"heartbeat.interval.ms": 100,
		"fetch.wait.max.ms":     50,
	}}, more...)...)
}

// consumer makes a consumer that is closed with the test.
func (e *env) consumer(group string, more ...kafka.Config) kafka.Consumer {
	c, err := e.driver.NewConsumer(e.consumerConf(group, more...), kafka.Hooks{})
	require.NoError(e, err)
	e.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		require.NoError(e, c.Close(ctx))
	})
	return c
}

// eventually waits until so returns true.
func (e *env) eventually(so func() bool) {
	e.Helper()
	ctx := e.ctx()
	for !so() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			require.Fail(e, "still waiting")
		}
	}
}
