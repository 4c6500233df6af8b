//go:build cgo

package confluent

import (
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
)

// A plan is a configuration for librdkafka, with the errors found so far. librdkafka checks the
// other keys: see open.
type plan struct {
	m    ckafka.ConfigMap
	view *kafkaconf.View
	errs []error
}

func (p *plan) addError(err error) {
	if err != nil {
		p.errs = append(p.errs, err)
	}
}

// producerConf is the configuration of a producer.
func producerConf(conf kafka.Config, hooks kafka.Hooks) *plan {
	p := translate(conf, hooks)
	if p.mayBeIdempotent() {
		setDefault(p.m, "enable.idempotence", "true")
	}
	p.m["go.delivery.report.fields"] = "none" // a report has the caller's own record
	// The channels are allocated in full: a million slots each by default, 24 MB.
	setDefault(p.m, "go.events.channel.size", 10_000)
	setDefault(p.m, "go.produce.channel.size", 1) // of ProduceChannel, which is not used
	p.dropForeign("P")
	return p
}

// dropForeign takes out the keys of the other kind of client, which one map for both has too: librdkafka
// would log a line about each. Values that cannot be read were refused before. client is as in without.
func (p *plan) dropForeign(client string) {
	for _, key := range kafkaconf.Foreign(slices.Collect(maps.Keys(p.m)), client) {
		delete(p.m, key)
	}
}

// consumerConf is the configuration of a consumer.
func consumerConf(conf kafka.Config, hooks kafka.Hooks) (p *plan, k consumerKind) {
	p = translate(conf, hooks)
	const reset = "auto.offset.reset"
	policy := strings.ToLower(p.view.Get(reset))
	if policy == "none" { // Java's word
		policy = "error"
		p.m[reset] = policy
	}
	k = consumerKind{grouped: isSet(p.m, "group.id"), incremental: p.view.Get("group.protocol") == "consumer", reset: resetPolicy(policy)}
	if !k.grouped {
		// librdkafka does not read without a group, not even partitions that Assign
		// has set. This name is unique and is not sent to a broker.
		p.m["group.id"] = "kavro-" + rand.Text()
	}
	p.m["enable.auto.commit"] = "false"
	p.m["enable.auto.offset.store"] = "false"
	setDefault(p.m, "fetch.queue.backoff.ms", "2")
	delete(p.m, "go.events.channel.size")
	delete(p.m, "go.produce.channel.size")
	p.dropForeign("C")
	return p, k
}

// translate makes a ConfigMap of conf, without keys that are not librdkafka's and without wrong
// ones.
func translate(conf kafka.Config, hooks kafka.Hooks) *plan {
	p := &plan{m: make(ckafka.ConfigMap, len(conf)+8), view: kafkaconf.NewView(conf)}
	for _, key := range conf.Keys() {
		if !kafkaconf.IsForeign(key) {
			p.addError(p.put(conf, key))
		}
	}
	p.view.CheckForeign()
	p.view.CheckSecurity()
	if _, mocked := conf["test.mock.num.brokers"]; !mocked {
		p.putBrokers()
	}
	if p.tokenMissing(hooks) {
		p.view.Fail("sasl.mechanisms", "OAUTHBEARER needs Hooks.Token, or sasl.oauthbearer.method=oidc")
	}
	if hooks.Token != nil && strings.EqualFold(p.view.Get("sasl.oauthbearer.method"), "oidc") && !p.view.Failed("sasl.oauthbearer.method") {
		p.view.Fail("sasl.oauthbearer.method", "is oidc, and Hooks.Token is given too: there is one source of tokens")
	}
	p.addError(p.view.Err())
	switch {
	case hooks.Logger != nil:
		p.m["go.logs.channel.enable"] = true
	case !isSet(p.m, "log_level") && !isSet(p.m, "debug"):
		// Else librdkafka would write to stderr. Level 0 still logs fatal errors: those
		// lines stay in its queue.
		p.m["log_level"], p.m["log.queue"] = "0", "true"
	}
	return p
}

// put sets one key.
func (p *plan) put(conf kafka.Config, key string) error {
	text, err := conf.String(key, "")
	if err != nil {
		return err
	}
	switch key {
	case "enable.auto.commit", "auto.commit.enable", "enable.auto.offset.store":
		// avroconsumer reads them: a client commits only by Commit.
		_, err := conf.Bool(key, false)
		return err
	case "auto.commit.interval.ms":
		_, err := conf.Duration(key, 0)
		return err
	case "max.poll.records":
		if n, err := conf.Int(key, 500); err != nil || n == 500 {
			return err
		}
		return &kafka.ConfigError{Key: key, Reason: "in librdkafka it is for share consumers; avroconsumer.WithInFlight bounds what is read ahead, and the max of RunBatch what a handler gets"}
	case "go.delivery.report.fields":
		return nil // the report of a record is the record itself
	case "go.events.channel.size", "go.produce.channel.size":
		n, err := conf.Int(key, 0)
		if err == nil && n < 1 {
			err = &kafka.ConfigError{Key: key, Reason: "must be at least 1"}
		}
		p.m[key] = n
		return err
	}
	if want, reason := fixed(key); reason != "" {
		if v, err := conf.Bool(key, want); err != nil || v != want {
			return &kafka.ConfigError{Key: key, Reason: reason}
		}
		return nil
	}
	k, known := kafkaconf.Find(key)
	if text == "" && known && p.view.Name(k.Main) != key {
		return nil // another name of the key has a value
	}
	if known {
		var reason string
		if text, reason = k.Value(text); reason != "" {
			return &kafka.ConfigError{Key: key, Reason: reason}
		}
	}
	p.m[key] = text
	return nil
}

// putBrokers sets the addresses of brokers, by the name of the key that the user wrote.
func (p *plan) putBrokers() {
	const key = "metadata.broker.list"
	if !p.view.Given(key) {
		p.view.Fail("bootstrap.servers", "required: where the brokers are, as host:port,host:port")
		return
	}
	brokers := p.view.Brokers()
	if len(brokers) == 0 && p.view.Err() == nil {
		p.view.Fail(key, "names no broker")
	}
	delete(p.m, "metadata.broker.list")
	delete(p.m, "bootstrap.servers")
	p.m[p.view.Name(key)] = strings.Join(brokers, ",")
}

// tokenMissing reports whether a token is needed and has no source.
func (p *plan) tokenMissing(hooks kafka.Hooks) bool {
	return hooks.Token == nil && strings.HasPrefix(strings.ToLower(p.view.Get("security.protocol")), "sasl_") &&
		strings.EqualFold(p.view.Get("sasl.mechanisms"), "OAUTHBEARER") &&
		!strings.EqualFold(p.view.Get("sasl.oauthbearer.method"), "oidc") && !p.view.Changed("enable.sasl.oauthbearer.unsecure.jwt")
}

// fixed returns the value that a setting of confluent-kafka-go must have, and why. reason is
// empty for other keys.
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
		return false, "must be false: rebalances go to kafka.Rebalance"
	case "go.logs.channel.enable", "go.logs.channel":
		return false, "not to be set: log lines go to kafka.Hooks.Logger"
	}
	return false, ""
}

// mayBeIdempotent reports whether enable.idempotence is true by default: it is not set, and no
// other key contradicts it.
func (p *plan) mayBeIdempotent() bool {
	if p.view.Given("enable.idempotence") {
		return false // the key itself counts
	}
	if acks := strings.ToLower(p.view.Get("request.required.acks")); acks != "all" && acks != "-1" {
		return false
	}
	limits := []struct {
		key      string
		min, max int
	}{
		{"max.in.flight.requests.per.connection", 1, 5},
		{"message.send.max.retries", 1, 1 << 31},
		{"queue.buffering.backpressure.threshold", 1, 1},
	}
	for _, l := range limits {
		// A value that is no number is reported elsewhere.
		if n, err := strconv.Atoi(p.view.Get(l.key)); p.view.Given(l.key) && err == nil && (n < l.min || n > l.max) {
			return false
		}
	}
	return strings.EqualFold(p.view.Get("queuing.strategy"), "fifo")
}

// open makes a client of p. librdkafka returns an error for the first wrong key alone, in its own
// order. To find the others, open removes that key and tries again, without brokers, so that
// such a client does not connect.
func open[T any](p *plan, construct func(*ckafka.ConfigMap) (T, error), discard func(T)) (client T, err error) {
	if len(p.errs) == 0 {
		if client, err = construct(&p.m); err == nil {
			return client, nil
		}
		if !isArgument(err) {
			return client, convert(err)
		}
	}
	m := maps.Clone(p.m)
	delete(m, "bootstrap.servers")
	delete(m, "metadata.broker.list")
	errs := p.errs
	blamed := make(map[string]bool)
	for _, err := range errs {
		if e, ok := errors.AsType[*kafka.ConfigError](err); ok {
			blamed[e.Key] = true
		}
	}
	for range len(m) {
		attempt, err := construct(&m)
		if err == nil {
			discard(attempt)
			break
		}
		e, single := p.configError(err, m)
		if blamed[e.Key] || !single && len(errs) > 0 {
			break // this may follow from the keys that were removed
		}
		errs, blamed[e.Key] = append(errs, e), true
		if _, set := m[e.Key]; !set || !single {
			break
		}
		delete(m, e.Key)
	}
	if err != nil && len(errs) == 0 { // something about the brokers
		e, _ := p.configError(err, p.m)
		errs = append(errs, e)
	}
	var none T
	return none, kafkaconf.Join(errs...)
}

// isArgument reports whether librdkafka refused the configuration.
func isArgument(err error) bool {
	var ke ckafka.Error
	return errors.As(err, &ke) && ke.Code() == ckafka.ErrInvalidArg
}

// configError makes a *kafka.ConfigError of an error of confluent-kafka-go's constructors, which
// name the key within a sentence. single is false if the error is about a combination of keys.
func (p *plan) configError(err error, m ckafka.ConfigMap) (e *kafka.ConfigError, single bool) {
	text := strings.TrimSpace(err.Error())
	if ke, ok := errors.AsType[ckafka.Error](err); ok {
		text = strings.TrimSpace(ke.String())
	}
	if strings.Contains(text, "No such configuration property") {
		known := knownKeys()
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !slices.Contains(known, key) && strings.Contains(text, `"`+key+`"`) {
				return kafkaconf.Unknown(key, known), true
			}
		}
	}
	// The first key in the text; of several there the longest, since keys are prefixes of others.
	named, first, length := "librdkafka", len(text), 0
	for key := range m {
		for _, name := range []string{key, kafkaconf.Main(key)} {
			i := strings.Index(text, name)
			if i >= 0 && (i < first || i == first && len(name) > length) {
				named, first, length = key, i, len(name)
			}
		}
	}
	single = strings.Contains(text, `"`+kafkaconf.Main(named)+`"`) || strings.Contains(text, `"`+named+`"`)
	return &kafka.ConfigError{Key: named, Reason: p.inUserNames(text, m)}, single
}

// inUserNames is text with the names of keys that the user wrote: librdkafka's errors have
// request.required.acks where acks is set.
func (p *plan) inUserNames(text string, m ckafka.ConfigMap) string {
	for key := range m {
		if main := kafkaconf.Main(key); main != key {
			for _, quote := range []string{`"`, "`"} {
				text = strings.ReplaceAll(text, quote+main+quote, quote+key+quote)
			}
		}
	}
	return text
}

func setDefault(m ckafka.ConfigMap, key string, v ckafka.ConfigValue) {
	if _, ok := m[key]; !ok {
		m[key] = v
	}
}

func isSet(m ckafka.ConfigMap, key string) bool {
	v, ok := m[key]
	return ok && v != ""
}
