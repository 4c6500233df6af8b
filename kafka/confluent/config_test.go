//go:build cgo

package confluent

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func TestProducerConf(t *testing.T) {
	// What every producer has, changed by want (nil: absent).
	tests := []struct {
		name  string
		conf  kafka.Config
		hooks kafka.Hooks
		want  ckafka.ConfigMap
	}{
		{name: "defaults"},
		{name: "values", conf: kafka.Config{
			"linger.ms": 5 * time.Millisecond, "acks": -1, "compression.type": "lz4", "topic.blacklist": []string{"a", "b"},
			"socket.keepalive.enable": true, "client.id": " a ",
		}, want: ckafka.ConfigMap{
			"linger.ms": "5", "acks": "-1", "compression.type": "lz4", "topic.blacklist": "a,b",
			"socket.keepalive.enable": "true", "client.id": " a ",
		}},
		{name: "a fraction of a millisecond", conf: kafka.Config{"queue.buffering.max.ms": 0.5}, want: ckafka.ConfigMap{"queue.buffering.max.ms": "0.5"}},
		{name: "acks contradict idempotence", conf: kafka.Config{"acks": 1}, want: ckafka.ConfigMap{"acks": "1", "enable.idempotence": nil}},
		{name: "acks by its other name", conf: kafka.Config{"request.required.acks": "0"}, want: ckafka.ConfigMap{"request.required.acks": "0", "enable.idempotence": nil}},
		{name: "retries contradict", conf: kafka.Config{"retries": 0}, want: ckafka.ConfigMap{"retries": "0", "enable.idempotence": nil}},
		{name: "in flight contradicts", conf: kafka.Config{"max.in.flight": "6"}, want: ckafka.ConfigMap{"max.in.flight": "6", "enable.idempotence": nil}},
		{name: "in flight does not", conf: kafka.Config{"max.in.flight": "5"}, want: ckafka.ConfigMap{"max.in.flight": "5"}},
		{name: "order does not, in capitals", conf: kafka.Config{"queuing.strategy": "FIFO"}, want: ckafka.ConfigMap{"queuing.strategy": "FIFO"}},
		{name: "spaces around", conf: kafka.Config{"linger.ms": " 5 ", "acks": " All", "compression.type": "LZ4 ", "socket.keepalive.enable": "T"}, want: ckafka.ConfigMap{
			"linger.ms": "5", "acks": "all", "compression.type": "LZ4", "socket.keepalive.enable": "true",
		}},
		{name: "no octal numbers", conf: kafka.Config{"retries": "010"}, want: ckafka.ConfigMap{"retries": "10"}},
		{name: "an alias that says nothing", conf: kafka.Config{"linger.ms": 7, "queue.buffering.max.ms": ""}, want: ckafka.ConfigMap{"linger.ms": "7"}},
		{name: "order contradicts", conf: kafka.Config{"queuing.strategy": "lifo"}, want: ckafka.ConfigMap{"queuing.strategy": "lifo", "enable.idempotence": nil}},
		{name: "idempotence refused", conf: kafka.Config{"enable.idempotence": false}, want: ckafka.ConfigMap{"enable.idempotence": "false"}},
		{name: "idempotence asked for", conf: kafka.Config{"enable.idempotence": true, "acks": 1}, want: ckafka.ConfigMap{"enable.idempotence": "true", "acks": "1"}},
		{name: "a logger", hooks: kafka.Hooks{Logger: slog.Default()}, want: ckafka.ConfigMap{
			"log_level": nil, "log.queue": nil, "go.logs.channel.enable": true,
		}},
		{name: "log level asked for", conf: kafka.Config{"log_level": 3}, want: ckafka.ConfigMap{"log_level": "3", "log.queue": nil}},
		{name: "swallowed", conf: kafka.Config{
			"enable.auto.commit": true, "auto.commit.interval.ms": 100, "enable.auto.offset.store": true, "go.delivery.report.fields": "all",
			"go.batch.producer": false, "go.delivery.reports": "true",
		}},
		{name: "a consumer's keys", conf: kafka.Config{"group.id": "g", "auto.offset.reset": "earliest", "fetch.max.bytes": 1 << 20, "enable.partition.eof": true}},
		{name: "channel sizes", conf: kafka.Config{"go.events.channel.size": "5", "go.produce.channel.size": 6}, want: ckafka.ConfigMap{
			"go.events.channel.size": 5, "go.produce.channel.size": 6,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := ckafka.ConfigMap{
				"bootstrap.servers": "a:1", "enable.idempotence": "true", "log_level": "0", "log.queue": "true",
				"go.delivery.report.fields": "none", "go.events.channel.size": 10_000, "go.produce.channel.size": 1,
			}
			for k, v := range tt.want {
				want[k] = v
				if v == nil {
					delete(want, k)
				}
			}
			conf := kafka.Config{"bootstrap.servers": "a:1"}
			for k, v := range tt.conf {
				conf[k] = v
			}
			before := len(conf)
			got := producerConf(conf, tt.hooks)
			require.Empty(t, got.errs)
			require.Equal(t, want, got.m)
			require.Len(t, conf, before, "the caller's map is left alone")
		})
	}
}

func TestConsumerConf(t *testing.T) {
	p, kind := consumerConf(kafka.Config{
		"bootstrap.servers": []string{"a:1", "b:1"}, "group.id": "g", "enable.auto.commit": true, "auto.commit.interval.ms": 5, "enable.auto.offset.store": true,
		"go.events.channel.size": 1,
	}, kafka.Hooks{})
	require.Empty(t, p.errs)
	require.Equal(t, ckafka.ConfigMap{
		"bootstrap.servers": "a:1,b:1", "group.id": "g", "enable.auto.commit": "false", "enable.auto.offset.store": "false",
		"fetch.queue.backoff.ms": "2", "log_level": "0", "log.queue": "true",
	}, p.m)

	require.Equal(t, consumerKind{grouped: true, reset: resetEnd}, kind)

	before := p.m
	p, _ = consumerConf(kafka.Config{
		"bootstrap.servers": []string{"a:1", "b:1"}, "group.id": "g", "acks": 1, "linger.ms": 5, "compression.type": "lz4", "transactional.id": "t",
	}, kafka.Hooks{})
	require.Empty(t, p.errs)
	require.Equal(t, before, p.m, "librdkafka would log a line about each key of producers")
	require.NotEmpty(t, producerConf(kafka.Config{"bootstrap.servers": "a", "fetch.min.bytes": "few"}, kafka.Hooks{}).errs, "it cannot be read")

	p, kind = consumerConf(kafka.Config{"bootstrap.servers": "a", "fetch.queue.backoff.ms": 1000, "auto.offset.reset": "error"}, kafka.Hooks{})
	require.Empty(t, p.errs)
	require.Equal(t, "1000", p.m["fetch.queue.backoff.ms"])
	require.NotEmpty(t, p.m["group.id"], "librdkafka needs one")
	require.Equal(t, consumerKind{reset: resetError}, kind)
}

// Words are compared without regard to case and spaces, as librdkafka does: where
// reading begins must not depend on them.
func TestResetPolicy(t *testing.T) {
	for text, want := range map[string]reset{
		"": resetEnd, "latest": resetEnd, "Latest": resetEnd, "END": resetEnd, "earliest": resetStart, "EARLIEST": resetStart,
		" earliest ": resetStart, "beginning": resetStart, "error": resetError, "none": resetError, "None": resetError,
	} {
		conf := kafka.Config{"bootstrap.servers": "a"}
		if text != "" {
			conf["auto.offset.reset"] = text
		}
		p, kind := consumerConf(conf, kafka.Hooks{})
		require.Empty(t, p.errs)
		require.Equal(t, want, kind.reset, text)
	}
}

func TestConfigErrors(t *testing.T) {
	tests := []struct {
		name    string
		conf    kafka.Config
		key     string
		nearest string
		reason  string
	}{
		{name: "misspelt", conf: kafka.Config{"linger.mss": 1}, key: "linger.mss", nearest: "linger.ms", reason: "no such key"},
		{name: "unknown", conf: kafka.Config{"qqqq.zzzz": 1}, key: "qqqq.zzzz", reason: "no such key"},
		{name: "bad value", conf: kafka.Config{"linger.ms": "soon"}, key: "linger.ms", reason: "want a number"},
		{name: "bad choice", conf: kafka.Config{"compression.type": "zip"}, key: "compression.type", reason: "zip"},
		{name: "out of range", conf: kafka.Config{"queue.buffering.max.messages": -1}, key: "queue.buffering.max.messages", reason: "range"},
		{name: "bad combination", conf: kafka.Config{"enable.idempotence": true, "acks": 1}, key: "acks", reason: "idempotence"},
		{name: "bad type", conf: kafka.Config{"linger.ms": map[string]int{}}, key: "linger.ms", reason: "cannot be"},
		{name: "batch producer", conf: kafka.Config{"go.batch.producer": true}, key: "go.batch.producer", reason: "headers"},
		{name: "no reports", conf: kafka.Config{"go.delivery.reports": false}, key: "go.delivery.reports", reason: "every record"},
		{name: "reports of errors only", conf: kafka.Config{"delivery.report.only.error": true}, key: "delivery.report.only.error", reason: "every record"},
		{name: "logs elsewhere", conf: kafka.Config{"go.logs.channel.enable": true}, key: "go.logs.channel.enable", reason: "Logger"},
		{name: "events elsewhere", conf: kafka.Config{"go.events.channel.enable": "true"}, key: "go.events.channel.enable", reason: "Poll"},
		{name: "rebalances elsewhere", conf: kafka.Config{"go.application.rebalance.enable": true}, key: "go.application.rebalance.enable", reason: "Rebalance"},
		{name: "channel without room", conf: kafka.Config{"go.events.channel.size": 0}, key: "go.events.channel.size", reason: "at least 1"},
		{name: "no brokers", conf: kafka.Config{"bootstrap.servers": ""}, key: "bootstrap.servers", reason: "required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conf := kafka.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g"}
			for k, v := range tt.conf {
				conf[k] = v
			}
			_, err := NewProducer(conf, kafka.Hooks{})
			var ce *kafka.ConfigError
			require.ErrorAs(t, err, &ce)
			require.Equal(t, tt.key, ce.Key, err)
			require.Equal(t, tt.nearest, ce.Nearest)
			require.Contains(t, ce.Reason, tt.reason)
		})
	}
	var ce *kafka.ConfigError
	_, err := NewConsumer(kafka.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "session.timeout.msec": 1}, kafka.Hooks{})
	require.ErrorAs(t, err, &ce)
	require.Equal(t, "session.timeout.ms", ce.Nearest)
}

// lockedBuffer is a buffer that several goroutines write to.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// One map for both kinds of client makes librdkafka say nothing.
func TestOneMapIsSilent(t *testing.T) {
	var out lockedBuffer
	conf := kafka.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "auto.offset.reset": "earliest", "acks": 1, "linger.ms": 5}
	hooks := kafka.Hooks{Logger: slog.New(slog.NewTextHandler(&out, nil)), Error: func(error) {}}
	p, err := NewProducer(conf, hooks)
	require.NoError(t, err)
	c, err := NewConsumer(conf, hooks)
	require.NoError(t, err)
	require.NoError(t, p.Close(t.Context()))
	require.NoError(t, c.Close(t.Context()))
	require.NotContains(t, out.String(), "will be ignored")
}
