package kafkatest

import (
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func configCases() []testCase {
	return []testCase{
		{"Config/refused", configRefused},
		{"Config/all at once", configAllAtOnce},
		{"Config/security", configSecurity},
		{"Config/brokers", configBrokers},
		{"Config/accepted", configAccepted},
		{"Config/not changed", configUnchanged},
		{"Hooks/errors", hooksErrors},
		{"Hooks/logger", hooksLogger},
	}
}

// configRefused: what cannot be honoured is a ConfigError from the constructor.
func configRefused(e *env) {
	tests := []struct {
		name    string
		conf    kafka.Config
		key     string
		nearest string
	}{
		{name: "misspelt", conf: kafka.Config{"linger.mss": 5}, key: "linger.mss", nearest: "linger.ms"},
		{name: "not a number", conf: kafka.Config{"linger.ms": "soon"}, key: "linger.ms"},
		{name: "idempotence with acks", conf: kafka.Config{"enable.idempotence": true, "acks": 1}, key: "enable.idempotence"},
		{name: "no such codec", conf: kafka.Config{"compression.type": "rar"}, key: "compression.type"},
		{name: "no such type", conf: kafka.Config{"acks": []int{1}}, key: "acks"},
	}
	for _, tt := range tests {
		_, err := e.driver.NewProducer(e.conf(tt.conf), kafka.Hooks{})
		var ce *kafka.ConfigError
		require.ErrorAs(e, err, &ce, tt.name)
		require.Equal(e, tt.nearest, ce.Nearest, tt.name)
		if tt.name != "idempotence with acks" { // librdkafka names neither of the two
			require.Equal(e, tt.key, ce.Key, tt.name)
		}
	}
	for _, conf := range []kafka.Config{
		{"auto.offset.reset": "sometimes"},
		{"partition.assignment.strategy": "none.such"},
		{"sesion.timeout.ms": 1000},
	} {
		_, err := e.driver.NewConsumer(e.consumerConf("group", conf), kafka.Hooks{})
		var ce *kafka.ConfigError
		require.ErrorAs(e, err, &ce)
	}
}

// configAllAtOnce: everything that is wrong is found by one call, each by the key
// that was written, with what mends it.
func configAllAtOnce(e *env) {
	const murmur = "partitioner=murmur2_random"
	tests := []struct {
		name     string
		conf     kafka.Config
		consumer bool
		wants    []string // parts of the error's lines, one line each
		never    string
	}{
		{name: "values", conf: kafka.Config{"acks": "most", "linger.ms": "soon", "compression.type": "rar", "retries": "3x", "message.timeout.ms": "5m"}, wants: []string{
			"acks: ", "compression.type: ", "linger.ms: ", "message.timeout.ms: ", "retries: "}, never: "request.required.acks"},
		{name: "by their other names", conf: kafka.Config{"request.required.acks": "most", "queue.buffering.max.ms": "soon"}, wants: []string{"request.required.acks: ", "queue.buffering.max.ms: "}},
		{name: "values of a consumer", consumer: true, conf: kafka.Config{"auto.offset.reset": "sometimes", "fetch.min.bytes": "1e6", "session.timeout.ms": "30s"}, wants: []string{
			"auto.offset.reset: ", "fetch.min.bytes: ", "session.timeout.ms: "}},
		{name: "numbers that wrap", conf: kafka.Config{"queue.buffering.max.messages": "4294967297"}, wants: []string{"queue.buffering.max.messages: "}},
		{name: "types", conf: kafka.Config{"acks": []int{1}, "linger.ms": []any{1}, "client.id": map[string]string{}}, wants: []string{
			"acks: a []int cannot be", "linger.ms: a []interface {} cannot be", "client.id: a map[string]string cannot be"}},
		{name: "a time for a number", conf: kafka.Config{"batch.size": time.Second}, wants: []string{"batch.size: 1s is a time"}},
		{name: "misspellings", conf: kafka.Config{"lingerms": 5, "Client.Id": "a", "queue_buffering_max_messages": 1, "bacth.size": 1, "enable.idempotance": true, " retries": 1}, wants: []string{
			`lingerms: no such key; did you mean "linger.ms"?`, `Client.Id: no such key; did you mean "client.id"?`,
			`queue_buffering_max_messages: no such key; did you mean "queue.buffering.max.messages"?`, `bacth.size: no such key; did you mean "batch.size"?`,
			`enable.idempotance: no such key; did you mean "enable.idempotence"?`, ` retries: no such key; did you mean "retries"?`}},
		{name: "two names, two values", conf: kafka.Config{"linger.ms": 1, "queue.buffering.max.ms": 2}, wants: []string{"queue.buffering.max.ms: \"2\" contradicts linger.ms"}},
		{name: "secrets are not shown", conf: kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.method": "oidc",
			"sasl.oauthbearer.client.id": "me", "sasl.oauthbearer.token.endpoint.url": "http://127.0.0.1:1/token",
			"sasl.oauthbearer.client.secret": "sesame", "sasl.oauthbearer.client.credentials.client.secret": "simsim"},
			wants: []string{"sasl.oauthbearer.client.secret: contradicts"}, never: "ses"},

		{name: "Java's producer", conf: kafka.Config{"max.block.ms": 1, "buffer.memory": 1, "max.request.size": 1, "sasl.jaas.config": "x",
			"ssl.truststore.location": "x", "partitioner.class": "x", "compression.lz4.level": 1}, wants: []string{
			"max.block.ms: is a key of Java's client; the context", "buffer.memory: is a key of Java's client; write queue.buffering.max.kbytes",
			"max.request.size: is a key of Java's client; write message.max.bytes", "sasl.jaas.config: is a key of Java's client; write the user",
			"ssl.truststore.location: is a key of Java's client; write ssl.ca.location", "partitioner.class: is a key of Java's client; write partitioner",
			"compression.lz4.level: is a key of Java's client; write compression.level", murmur}},
		{name: "Java's producer, with its partitioner", conf: kafka.Config{"max.block.ms": 1, "partitioner": "murmur2_random"}, wants: []string{"max.block.ms: "}, never: murmur},
		{name: "Java's consumer", consumer: true, conf: kafka.Config{"fetch.max.wait.ms": 1, "default.api.timeout.ms": 1,
			"partition.assignment.strategy": "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.RoundRobinAssignor"}, wants: []string{
			"fetch.max.wait.ms: is a key of Java's client; write fetch.wait.max.ms", "default.api.timeout.ms: is a key of Java's client",
			"partition.assignment.strategy: names Java classes; write range,roundrobin"}, never: murmur},
		{name: "for share consumers", consumer: true, conf: kafka.Config{"max.poll.records": 100}, wants: []string{"max.poll.records: "}},
		{name: "near to Java's", conf: kafka.Config{"fetch.max.wait.mss": 1, "sasl.jaas.conf": "x"}, wants: []string{"write fetch.wait.max.ms", "sasl.mechanism and security.protocol"}},
		{name: "settings of topics", conf: kafka.Config{"default.topic.config": kafka.Config{"acks": 1}, "{topic}.acks": 1}, wants: []string{
			"default.topic.config: is not a key of librdkafka, whose names are used here; write the keys in it beside the others", "{topic}.acks: is not a key of librdkafka, whose names are used here; write acks"}},
	}
	for _, tt := range tests {
		conf := e.conf(tt.conf)
		var err error
		if tt.consumer {
			conf["group.id"] = "group"
			_, err = e.driver.NewConsumer(conf, kafka.Hooks{})
		} else {
			_, err = e.driver.NewProducer(conf, kafka.Hooks{})
		}
		var ce *kafka.ConfigError
		require.ErrorAs(e, err, &ce, tt.name)
		for _, want := range tt.wants {
			require.ErrorContains(e, err, want, tt.name)
		}
		if tt.never != "" {
			require.NotContains(e, err.Error(), tt.never, tt.name)
		}
		require.LessOrEqual(e, strings.Count(err.Error(), murmur), 1, tt.name)
		lines := strings.Split(err.Error(), "\n")
		require.LessOrEqual(e, len(lines), len(tt.conf), "%s: more than one line for a key: %v", tt.name, err)
		for _, line := range lines {
			require.Contains(e, line, "configuration: ", tt.name)
		}
	}
}

// configSecurity: what was set for security and has no effect is an error, and so is
// half of a pair.
func configSecurity(e *env) {
	tests := []struct {
		name string
		conf kafka.Config
		want string // "key: part of the reason"
	}{
		{"a user without a protocol", kafka.Config{"sasl.username": "ada", "sasl.password": "p", "sasl.mechanism": "PLAIN"},
			"sasl.username: has no effect: security.protocol is not set, and plaintext by default; set it to sasl_ssl or sasl_plaintext"},
		{"a password alone", kafka.Config{"sasl.password": "p"}, "sasl.password: has no effect: security.protocol is not set"},
		{"a mechanism alone", kafka.Config{"sasl.mechanism": "PLAIN"}, "sasl.mechanism: has no effect: security.protocol is not set"},
		{"a user over plain TLS", kafka.Config{"security.protocol": "SSL", "sasl.username": "ada"}, "sasl.username: has no effect with security.protocol=ssl; it needs sasl_ssl or sasl_plaintext"},
		{"a user where plaintext is asked for", kafka.Config{"security.protocol": "plaintext", "sasl.username": "ada"}, "sasl.username: has no effect with security.protocol=plaintext"},
		{"OAuth without a protocol", kafka.Config{"sasl.oauthbearer.client.id": "me"}, "sasl.oauthbearer.client.id: has no effect"},
		{"certificates without TLS", kafka.Config{"ssl.ca.location": "/ca.pem"}, "ssl.ca.location: has no effect: security.protocol is not set, and plaintext by default; set it to ssl or sasl_ssl"},
		{"a key without TLS", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": "a", "sasl.password": "b", "ssl.key.pem": "x"},
			"ssl.key.pem: has no effect with security.protocol=sasl_plaintext"},
		{"no verification of what is not encrypted", kafka.Config{"enable.ssl.certificate.verification": false}, "enable.ssl.certificate.verification: has no effect"},
		{"a user without a mechanism", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.username": "a", "sasl.password": "b"}, "sasl.username: has no effect: sasl.mechanism is not set"},
		{"a mechanism without a user", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN"}, "sasl.username: is required by PLAIN"},
		{"a password without a user", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.password": "b"}, "sasl.username: is required by PLAIN"},
		{"a user without a password", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanisms": "SCRAM-SHA-256", "sasl.username": "a"}, "sasl.password: is required by SCRAM-SHA-256"},
		{"a user for a token", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER", "sasl.username": "a"}, "sasl.username: has no effect with sasl.mechanism=OAUTHBEARER"},
		{"OAuth with a password", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": "a", "sasl.password": "b", "sasl.oauthbearer.method": "oidc"},
			"sasl.oauthbearer.method: has no effect with sasl.mechanism=PLAIN; it needs OAUTHBEARER"},
		{"OIDC that is not asked for", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.client.id": "me"},
			"sasl.oauthbearer.client.id: has no effect without sasl.oauthbearer.method=oidc"},
		{"nobody to ask for a token", kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER"}, "sasl.mechanism: OAUTHBEARER needs Hooks.Token"},
		{"a certificate without its key", kafka.Config{"security.protocol": "ssl", "ssl.certificate.location": "/c.pem"}, "ssl.key.location: is required with ssl.certificate.location"},
		{"a key without its certificate", kafka.Config{"security.protocol": "ssl", "ssl.key.location": "/k.pem"}, "ssl.certificate.location: is required with ssl.key.location"},
		{"a password without a key", kafka.Config{"security.protocol": "ssl", "ssl.key.password": "p"}, "ssl.key.password: is set without a key"},
		{"a text and a file", kafka.Config{"security.protocol": "ssl", "ssl.ca.pem": "x", "ssl.ca.location": "/ca.pem"}, "ssl.ca.pem: excludes ssl.ca.location"},
		{"no such protocol", kafka.Config{"security.protocol": "tls", "ssl.ca.location": "/ca.pem"}, "security.protocol: "},
	}
	for _, tt := range tests {
		for _, role := range []string{"producer", "consumer"} {
			var err error
			if role == "producer" {
				_, err = e.driver.NewProducer(e.conf(tt.conf), kafka.Hooks{})
			} else {
				_, err = e.driver.NewConsumer(e.consumerConf("group", tt.conf), kafka.Hooks{})
			}
			var ce *kafka.ConfigError
			require.ErrorAs(e, err, &ce, "%s, %s", tt.name, role)
			require.ErrorContains(e, err, "configuration: "+tt.want, "%s, %s", tt.name, role)
		}
	}
}

// configBrokers: bootstrap.servers as Java, librdkafka and Confluent Cloud write it.
func configBrokers(e *env) {
	address := strings.Split(e.cluster.Brokers, ",")[0]
	topic := e.topic(1)
	for _, servers := range []any{
		"PLAINTEXT://" + address, "plaintext://" + address + "/", " " + address + " , ", "," + address + ",,", address + "," + address, []string{address, "PLAINTEXT://" + address},
	} {
		p, err := e.driver.NewProducer(e.conf(kafka.Config{"bootstrap.servers": servers}), kafka.Hooks{})
		require.NoError(e, err, servers)
		e.send(p, text(topic, 0, "v"))
		require.NoError(e, p.Close(e.ctx()))
	}
	p, err := e.driver.NewProducer(e.conf(kafka.Config{"bootstrap.servers": nil, "metadata.broker.list": "PLAINTEXT://" + address}), kafka.Hooks{})
	require.NoError(e, err)
	e.send(p, text(topic, 0, "v"))
	require.NoError(e, p.Close(e.ctx()))

	for _, tt := range []struct {
		servers any
		more    kafka.Config
		want    string
	}{
		{"SASL_SSL://" + address, nil, "contradicts security.protocol, which is plaintext by default: set security.protocol to sasl_ssl"},
		{"ssl://" + address, kafka.Config{"security.protocol": "PLAINTEXT"}, "contradicts security.protocol, which is plaintext"},
		{address + ",ssl://b:1", nil, "\"ssl://b:1\": contradicts"},
		{"http://" + address, nil, "there is no protocol \"http\""},
		{"a:1 b:2", nil, "separated by commas"},
		{"a:1;b:2", nil, "separated by commas"},
		{"a:port", nil, "the port is not a number"},
		{"a:0", nil, "the port is not a number from 1 to 65535"},
		{"a:65536", nil, "the port is not a number from 1 to 65535"},
		{"a:", nil, "the port is not a number"},
		{":9092", nil, "has no host"},
		{"user@a:1", nil, "want host:port"},
		{"a:1/topic", nil, "want host:port"},
		{"1:2:3", nil, "more than one colon"},
		{"[a]:1", nil, "no IPv6 address in the brackets"},
		{" , ,", nil, "names no broker"},
		{"", nil, "required"},
		{map[string]int{}, nil, "cannot be a configuration value"},
	} {
		_, err := e.driver.NewProducer(e.conf(kafka.Config{"bootstrap.servers": tt.servers}, tt.more), kafka.Hooks{})
		var ce *kafka.ConfigError
		require.ErrorAs(e, err, &ce, "%v", tt.servers)
		require.Equal(e, "bootstrap.servers", ce.Key)
		require.ErrorContains(e, err, tt.want)
	}
	_, err = e.driver.NewProducer(e.conf(kafka.Config{"bootstrap.servers": "a:1", "metadata.broker.list": "b:1"}), kafka.Hooks{})
	require.ErrorContains(e, err, "metadata.broker.list: \"b:1\" contradicts bootstrap.servers")
}

// configAccepted: one map serves both kinds of client, in all the types that
// values may have, with what the layers above read in it.
func configAccepted(e *env) {
	topic := e.topic(1)
	conf := e.consumerConf(e.name("group"), kafka.Config{
		"linger.ms": 5.5, "compression.type": "lz4", "acks": "all", "enable.idempotence": "true",
		"batch.num.messages": "100", "message.timeout.ms": 30_000, "client.id": "kavro-test",
		"enable.auto.commit": true, "auto.commit.interval.ms": 1000, "enable.auto.offset.store": false,
		"partition.assignment.strategy": []string{"range", "roundrobin"},
		"security.protocol":             "PLAINTEXT", "max.poll.interval.ms": 60_000,
	})
	p, err := e.driver.NewProducer(conf, kafka.Hooks{})
	require.NoError(e, err)
	c, err := e.driver.NewConsumer(conf, kafka.Hooks{})
	require.NoError(e, err)
	e.send(p, text(topic, 0, "v"))
	require.NoError(e, c.Subscribe([]string{topic}, nil))
	require.Equal(e, []string{"v"}, values(e.read(c, 1)))
	require.NoError(e, p.Close(e.ctx()))
	require.NoError(e, c.Close(e.ctx()))
}

func configUnchanged(e *env) {
	conf := e.consumerConf("group", kafka.Config{"enable.auto.commit": true, "linger.ms": 1, "transactional.id": e.name("txn")})
	before := maps.Clone(conf)
	p, err := e.driver.NewProducer(conf, kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, p.Close(e.ctx()))
	c, err := e.driver.NewConsumer(conf, kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, c.Close(e.ctx()))
	s, err := e.driver.NewSession(conf, kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, s.Close(e.ctx()))
	require.Equal(e, before, conf)
}

// hooksErrors: that no broker can be reached is told to Hooks.Error, by
// librdkafka's codes for a connection (-195) and for all of them (-187).
func hooksErrors(e *env) {
	errs := make(chan error, 1000)
	hooks := kafka.Hooks{Error: func(err error) {
		select {
		case errs <- err:
		default:
		}
	}}
	conf := e.conf(kafka.Config{"bootstrap.servers": unreachable})
	p, err := e.driver.NewProducer(conf, hooks)
	require.NoError(e, err)
	require.NoError(e, p.Produce(e.ctx(), text("nowhere", -1, "v"), nil))
	ctx := e.ctx()
	codes := map[int16]bool{}
	for !codes[-195] || !codes[-187] {
		select {
		case err := <-errs:
			codes[e.code(err)] = true
		case <-ctx.Done():
			require.Fail(e, "still waiting", "%v", codes)
		}
	}
	e.closeNow(p)
}

func hooksLogger(e *env) {
	var lines lineCount
	p, err := e.driver.NewProducer(
		e.conf(kafka.Config{"bootstrap.servers": unreachable, "log_level": 7, "debug": "all"}),
		kafka.Hooks{Logger: slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(e, err)
	require.NoError(e, p.Produce(e.ctx(), text("nowhere", -1, "v"), nil))
	e.eventually(func() bool { return lines.count() > 0 })
	e.closeNow(p)
}

// lineCount counts what is written to it.
type lineCount struct {
	mu sync.Mutex
	n  int
}

func (l *lineCount) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	return len(b), nil
}

func (l *lineCount) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}
