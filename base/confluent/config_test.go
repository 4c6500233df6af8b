//go:build cgo

package confluent

import (
	"log/slog"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/base"
)

func TestProducerConf(t *testing.T) {
	// What every producer has, changed by want (nil: absent).
	tests := []struct {
		name  string
		conf  base.Config
		hooks base.Hooks
		want  kafka.ConfigMap
	}{
		{name: "defaults"},
		{name: "values", conf: base.Config{
			"linger.ms": 5 * time.Millisecond, "acks": -1, "compression.type": "lz4", "topic.blacklist": []string{"a", "b"},
			"socket.keepalive.enable": true, "client.id": " a ",
		}, want: kafka.ConfigMap{
			"linger.ms": "5", "acks": "-1", "compression.type": "lz4", "topic.blacklist": "a,b",
			"socket.keepalive.enable": "true", "client.id": " a ",
		}},
		{name: "a fraction of a millisecond", conf: base.Config{"queue.buffering.max.ms": 0.5}, want: kafka.ConfigMap{"queue.buffering.max.ms": "0.5"}},
		{name: "acks contradict idempotence", conf: base.Config{"acks": 1}, want: kafka.ConfigMap{"acks": "1", "enable.idempotence": nil}},
		{name: "acks by its other name", conf: base.Config{"request.required.acks": "0"}, want: kafka.ConfigMap{"request.required.acks": "0", "enable.idempotence": nil}},
		{name: "retries contradict", conf: base.Config{"retries": 0}, want: kafka.ConfigMap{"retries": "0", "enable.idempotence": nil}},
		{name: "in flight contradicts", conf: base.Config{"max.in.flight": "6"}, want: kafka.ConfigMap{"max.in.flight": "6", "enable.idempotence": nil}},
		{name: "in flight does not", conf: base.Config{"max.in.flight": "5"}, want: kafka.ConfigMap{"max.in.flight": "5"}},
		{name: "order does not, in capitals", conf: base.Config{"queuing.strategy": "FIFO"}, want: kafka.ConfigMap{"queuing.strategy": "FIFO"}},
		{name: "spaces around", conf: base.Config{"linger.ms": " 5 ", "acks": " All", "compression.type": "LZ4 ", "socket.keepalive.enable": "T"}, want: kafka.ConfigMap{
			"linger.ms": "5", "acks": "all", "compression.type": "LZ4", "socket.keepalive.enable": "true",
		}},
		{name: "no octal numbers", conf: base.Config{"retries": "010"}, want: kafka.ConfigMap{"retries": "10"}},
		{name: "an alias that says nothing", conf: base.Config{"linger.ms": 7, "queue.buffering.max.ms": ""}, want: kafka.ConfigMap{"linger.ms": "7"}},
		{name: "order contradicts", conf: base.Config{"queuing.strategy": "lifo"}, want: kafka.ConfigMap{"queuing.strategy": "lifo", "enable.idempotence": nil}},
		{name: "idempotence refused", conf: base.Config{"enable.idempotence": false}, want: kafka.ConfigMap{"enable.idempotence": "false"}},
		{name: "idempotence asked for", conf: base.Config{"enable.idempotence": true, "acks": 1}, want: kafka.ConfigMap{"enable.idempotence": "true", "acks": "1"}},
		{name: "a logger", hooks: base.Hooks{Logger: slog.Default()}, want: kafka.ConfigMap{
			"log_level": nil, "log.queue": nil, "go.logs.channel.enable": true,
		}},
		{name: "log level asked for", conf: base.Config{"log_level": 3}, want: kafka.ConfigMap{"log_level": "3", "log.queue": nil}},
		{name: "swallowed", conf: base.Config{
			"enable.auto.commit": true, "auto.commit.interval.ms": 100, "enable.auto.offset.store": true, "go.delivery.report.fields": "all",
			"go.batch.producer": false, "go.delivery.reports": "true",
		}},
		{name: "channel sizes", conf: base.Config{"go.events.channel.size": "5", "go.produce.channel.size": 6}, want: kafka.ConfigMap{
			"go.events.channel.size": 5, "go.produce.channel.size": 6,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := kafka.ConfigMap{
				"bootstrap.servers": "a:1", "enable.idempotence": "true", "log_level": "0", "log.queue": "true",
				"go.delivery.report.fields": "none", "go.events.channel.size": 10_000, "go.produce.channel.size": 1,
			}
			for k, v := range tt.want {
				want[k] = v
				if v == nil {
					delete(want, k)
				}
			}
			conf := base.Config{"bootstrap.servers": "a:1"}
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
	p, kind := consumerConf(base.Config{
		"bootstrap.servers": []string{"a:1", "b:1"}, "group.id": "g", "enable.auto.commit": true, "auto.commit.interval.ms": 5, "enable.auto.offset.store": true,
		"go.events.channel.size": 1,
	}, base.Hooks{})
	require.Empty(t, p.errs)
	require.Equal(t, kafka.ConfigMap{
		"bootstrap.servers": "a:1,b:1", "group.id": "g", "enable.auto.commit": "false", "enable.auto.offset.store": "false",
		"fetch.queue.backoff.ms": "2", "log_level": "0", "log.queue": "true",
	}, p.m)

	require.Equal(t, consumerKind{grouped: true, reset: resetEnd}, kind)

	p, kind = consumerConf(base.Config{"bootstrap.servers": "a", "fetch.queue.backoff.ms": 1000, "auto.offset.reset": "error"}, base.Hooks{})
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
		conf := base.Config{"bootstrap.servers": "a"}
		if text != "" {
			conf["auto.offset.reset"] = text
		}
		p, kind := consumerConf(conf, base.Hooks{})
		require.Empty(t, p.errs)
		require.Equal(t, want, kind.reset, text)
	}
}

func TestConfigErrors(t *testing.T) {
	tests := []struct {
		name    string
		conf    base.Config
		key     string
		nearest string
		reason  string
	}{
		{name: "misspelt", conf: base.Config{"linger.mss": 1}, key: "linger.mss", nearest: "linger.ms", reason: "no such key"},
		{name: "unknown", conf: base.Config{"qqqq.zzzz": 1}, key: "qqqq.zzzz", reason: "no such key"},
		{name: "bad value", conf: base.Config{"linger.ms": "soon"}, key: "linger.ms", reason: "want a number"},
		{name: "bad choice", conf: base.Config{"compression.type": "zip"}, key: "compression.type", reason: "zip"},
		{name: "out of range", conf: base.Config{"queue.buffering.max.messages": -1}, key: "queue.buffering.max.messages", reason: "range"},
		{name: "bad combination", conf: base.Config{"enable.idempotence": true, "acks": 1}, key: "acks", reason: "idempotence"},
		{name: "bad type", conf: base.Config{"linger.ms": map[string]int{}}, key: "linger.ms", reason: "cannot be"},
		{name: "batch producer", conf: base.Config{"go.batch.producer": true}, key: "go.batch.producer", reason: "headers"},
		{name: "no reports", conf: base.Config{"go.delivery.reports": false}, key: "go.delivery.reports", reason: "every record"},
		{name: "reports of errors only", conf: base.Config{"delivery.report.only.error": true}, key: "delivery.report.only.error", reason: "every record"},
		{name: "logs elsewhere", conf: base.Config{"go.logs.channel.enable": true}, key: "go.logs.channel.enable", reason: "Logger"},
		{name: "events elsewhere", conf: base.Config{"go.events.channel.enable": "true"}, key: "go.events.channel.enable", reason: "Poll"},
		{name: "rebalances elsewhere", conf: base.Config{"go.application.rebalance.enable": true}, key: "go.application.rebalance.enable", reason: "Rebalance"},
		{name: "channel without room", conf: base.Config{"go.events.channel.size": 0}, key: "go.events.channel.size", reason: "at least 1"},
		{name: "no brokers", conf: base.Config{"bootstrap.servers": ""}, key: "bootstrap.servers", reason: "required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conf := base.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g"}
			for k, v := range tt.conf {
				conf[k] = v
			}
			_, err := NewProducer(conf, base.Hooks{})
			var ce *base.ConfigError
			require.ErrorAs(t, err, &ce)
			require.Equal(t, tt.key, ce.Key, err)
			require.Equal(t, tt.nearest, ce.Nearest)
			require.Contains(t, ce.Reason, tt.reason)
		})
	}
	var ce *base.ConfigError
	_, err := NewConsumer(base.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "session.timeout.msec": 1}, base.Hooks{})
	require.ErrorAs(t, err, &ce)
	require.Equal(t, "session.timeout.ms", ce.Nearest)
}
