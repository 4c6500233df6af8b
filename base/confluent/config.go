//go:build cgo

package confluent

import (
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/base"
)

// producerConf is the configuration of a producer as librdkafka takes it.
func producerConf(conf base.Config, hooks base.Hooks) (kafka.ConfigMap, error) {
	m, err := translate(conf, hooks)
	if err != nil {
		return nil, err
	}
	idempotent, err := mayBeIdempotent(conf)
	if err != nil {
		return nil, err
	}
	if idempotent {
		setDefault(m, "enable.idempotence", "true")
	}
	m["go.delivery.report.fields"] = "none" // a report brings back the caller's own record
	// The channels are made at full size: a million slots each by default, 24 MB.
	setDefault(m, "go.events.channel.size", 10_000)
	setDefault(m, "go.produce.channel.size", 1) // of ProduceChannel, which nobody has
	return m, nil
}

// consumerConf is the configuration of a consumer as librdkafka takes it.
func consumerConf(conf base.Config, hooks base.Hooks) (m kafka.ConfigMap, k consumerKind, err error) {
	if m, err = translate(conf, hooks); err != nil {
		return nil, k, err
	}
	policy, err := conf.String("auto.offset.reset", "latest")
	if err != nil {
		return nil, k, err
	}
	k = consumerKind{grouped: isSet(m, "group.id"), reset: resetPolicy(policy)}
	if !k.grouped {
		// librdkafka reads nothing without a group, not even what is assigned
		// by hand: a name that nobody has, and that no broker is told of.
		m["group.id"] = "kavro-" + rand.Text()
	}
	m["enable.auto.commit"] = "false"
	m["enable.auto.offset.store"] = "false"
	setDefault(m, "fetch.queue.backoff.ms", "2")
	delete(m, "go.events.channel.size")
	delete(m, "go.produce.channel.size")
	return m, k, nil
}

// translate writes conf as confluent-kafka-go takes it, without the keys that
// are not for librdkafka.
func translate(conf base.Config, hooks base.Hooks) (kafka.ConfigMap, error) {
	m := make(kafka.ConfigMap, len(conf)+8)
	for _, key := range conf.Keys() {
		text, err := conf.String(key, "")
		if err != nil {
			return nil, err
		}
		switch key {
		case "enable.auto.commit", "auto.commit.enable", "auto.commit.interval.ms", "enable.auto.offset.store":
			// Read by the layer above: a base commits only when told to.
		case "go.delivery.report.fields":
		case "go.events.channel.size", "go.produce.channel.size":
			n, err := conf.Int(key, 0)
			if err != nil {
				return nil, err
			}
			if n < 1 {
				return nil, &base.ConfigError{Key: key, Reason: "must be at least 1"}
			}
			m[key] = n
		default:
			want, reason := fixed(key)
			if reason == "" {
				m[key] = text
				break
			}
			if v, err := conf.Bool(key, want); err != nil || v != want {
				return nil, &base.ConfigError{Key: key, Reason: reason}
			}
		}
	}
	if !isSet(m, "bootstrap.servers") && !isSet(m, "metadata.broker.list") && !isSet(m, "test.mock.num.brokers") {
		return nil, &base.ConfigError{Key: "bootstrap.servers", Reason: "required: where the brokers are, as host:port,host:port"}
	}
	switch {
	case hooks.Logger != nil:
		m["go.logs.channel.enable"] = true
	case !isSet(m, "log_level") && !isSet(m, "debug"):
		// librdkafka would write to stderr. What level 0 lets through, the line
		// about a fatal error, lies in its queue until the end.
		m["log_level"], m["log.queue"] = "0", "true"
	}
	return m, nil
}

// fixed names the settings of confluent-kafka-go that must be as they are for
// a base to keep its promises, with the reason; it is empty for other keys.
func fixed(key string) (want bool, reason string) {
	switch key {
	case "go.batch.producer":
		return false, "must be false: it loses headers and timestamps, and Flush may return before everything is sent"
	case "go.delivery.reports":
		return true, "must be true: every record is reported"
	case "delivery.report.only.error":
		return false, "must be false: every record is reported"
	case "go.events.channel.enable":
		return false, "must be false: events come out of Poll"
	case "go.application.rebalance.enable":
		return false, "must be false: rebalances go to base.Rebalance"
	case "go.logs.channel.enable", "go.logs.channel":
		return false, "not to be set: log lines go to base.Hooks.Logger"
	}
	return false, ""
}

// mayBeIdempotent reports whether enable.idempotence can be on by default: the
// program has not spoken about it, and no other setting contradicts it.
func mayBeIdempotent(conf base.Config) (bool, error) {
	if _, ok := conf["enable.idempotence"]; ok {
		return false, nil // as the program says
	}
	for _, key := range []string{"acks", "request.required.acks"} {
		acks, err := conf.String(key, "all")
		if err != nil {
			return false, err
		}
		if acks != "all" && acks != "-1" {
			return false, nil
		}
	}
	limits := []struct {
		key      string
		min, max int
	}{
		{"max.in.flight", 1, 5},
		{"max.in.flight.requests.per.connection", 1, 5},
		{"retries", 1, 1 << 31},
		{"message.send.max.retries", 1, 1 << 31},
		{"queue.buffering.backpressure.threshold", 1, 1},
	}
	for _, l := range limits {
		n, err := conf.Int(l.key, l.min)
		if err != nil {
			return false, err
		}
		if n < l.min || n > l.max {
			return false, nil
		}
	}
	order, err := conf.String("queuing.strategy", "fifo")
	return order == "fifo", err
}

// configError makes a *base.ConfigError of what confluent-kafka-go's
// constructors return, which name the key somewhere in a sentence.
func configError(err error, m kafka.ConfigMap) error {
	var ke kafka.Error
	if !errors.As(err, &ke) || ke.Code() != kafka.ErrInvalidArg {
		return convert(err)
	}
	text := ke.String()
	if strings.Contains(text, "No such configuration property") {
		known := knownKeys()
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !slices.Contains(known, key) && strings.Contains(text, `"`+key+`"`) {
				return base.Unknown(key, known)
			}
		}
	}
	// The first key in the text; the longest, since keys begin with one another.
	named, first := "librdkafka", len(text)
	for key := range m {
		for _, name := range []string{key, mainName(key)} {
			i := strings.Index(text, name)
			if i >= 0 && (i < first || i == first && len(name) > len(named)) {
				named, first = key, i
			}
		}
	}
	return &base.ConfigError{Key: named, Reason: text}
}

// mainName is the name by which librdkafka speaks of key (CONFIGURATION.md,
// "Alias for").
func mainName(key string) string {
	switch key {
	case "acks":
		return "request.required.acks"
	case "bootstrap.servers":
		return "metadata.broker.list"
	case "compression.type":
		return "compression.codec"
	case "delivery.timeout.ms":
		return "message.timeout.ms"
	case "linger.ms":
		return "queue.buffering.max.ms"
	case "max.in.flight":
		return "max.in.flight.requests.per.connection"
	case "max.partition.fetch.bytes":
		return "fetch.message.max.bytes"
	case "retries":
		return "message.send.max.retries"
	case "sasl.mechanism":
		return "sasl.mechanisms"
	}
	return key
}

// without is a copy of conf that lacks the keys in the list.
func without(conf base.Config, list string) base.Config {
	drop, kept := keySet(list), make(base.Config, len(conf))
	for k, v := range conf {
		if !drop[k] {
			kept[k] = v
		}
	}
	return kept
}

func setDefault(m kafka.ConfigMap, key string, v kafka.ConfigValue) {
	if _, ok := m[key]; !ok {
		m[key] = v
	}
}

func isSet(m kafka.ConfigMap, key string) bool {
	v, ok := m[key]
	return ok && v != ""
}
