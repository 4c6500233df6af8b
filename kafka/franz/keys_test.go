package franz

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// librdkafkaKeys reads testdata/librdkafka.tsv: name, client, default.
func librdkafkaKeys(t *testing.T) [][3]string {
	f, err := os.Open("testdata/librdkafka.tsv")
	require.NoError(t, err)
	defer f.Close()
	var keys [][3]string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		require.Len(t, fields, 3, lines.Text())
		keys = append(keys, [3]string(fields))
	}
	require.Greater(t, len(keys), 150)
	return keys
}

// Each of librdkafka's keys is known, with its default, or listed here.
func TestKeysAreLibrdkafkas(t *testing.T) {
	differ := map[string]string{
		"enable.idempotence":      "true",   // kavro's default, on both clients
		"check.crcs":              "true",   // costs little here
		"builtin.features":        "",       // describes a build of librdkafka
		"sasl.kerberos.kinit.cmd": "",       // refused altogether
		"acks":                    "all",    // -1 is another name
		"request.required.acks":   "all",    // likewise
		"auto.offset.reset":       "latest", // largest is another name
	}
	byName := map[string]Key{}
	for _, k := range Keys() {
		for _, name := range append([]string{k.Name}, k.Aliases...) {
			require.NotContains(t, byName, name, "twice in the table")
			byName[name] = k
		}
		require.NotEmpty(t, k.Doc, k.Name)
		require.Contains(t, []string{"C", "P", "*"}, k.Client, k.Name)
	}
	for _, k := range librdkafkaKeys(t) {
		name, want := k[0], k[2]
		require.Contains(t, byName, name)
		if d, ok := differ[name]; ok {
			want = d
		}
		require.Equal(t, want, byName[name].Default, name)
	}
}

// A configuration that says what is the default anyway is accepted whole.
func TestDefaultsAreAccepted(t *testing.T) {
	c := kafka.Config{}
	for _, k := range librdkafkaKeys(t) {
		switch k[0] {
		case "builtin.features", "sasl.kerberos.kinit.cmd": // see TestKeysAreLibrdkafkas
		case "metadata.broker.list":
		default:
			c[k[0]] = k[2]
		}
	}
	c["bootstrap.servers"] = "localhost:9092"
	for _, r := range []role{producing, consuming} {
		_, err := parse(c, r)
		require.NoError(t, err)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name string
		conf kafka.Config
		role role
		want string
	}{
		{name: "no brokers", conf: kafka.Config{"bootstrap.servers": ""}, role: producing,
			want: `configuration: bootstrap.servers: is required`},
		{name: "unknown key", conf: kafka.Config{"bacth.size": 1}, role: producing,
			want: `configuration: bacth.size: no such key; did you mean "batch.size"?`},
		{name: "out of range", conf: kafka.Config{"socket.timeout.ms": 5}, role: producing,
			want: `configuration: socket.timeout.ms: 5ms is not in 100 .. 300000 ms`},
		{name: "number out of range", conf: kafka.Config{"log_level": 9}, role: producing,
			want: `configuration: log_level: 9 is not in 0 .. 7`},
		{name: "not among the values", conf: kafka.Config{"isolation.level": "dirty"}, role: consuming,
			want: `configuration: isolation.level: "dirty" is not one of read_committed, read_uncommitted`},
		{name: "two names, two values", conf: kafka.Config{"linger.ms": 1, "queue.buffering.max.ms": 2}, role: producing,
			want: `configuration: queue.buffering.max.ms: "2" contradicts linger.ms, another name of the same key, which is "1"`},
		{name: "cannot be honoured", conf: kafka.Config{"statistics.interval.ms": 1000}, role: producing,
			want: `configuration: statistics.interval.ms: kafka/franz cannot honour it: franz-go keeps no librdkafka statistics; attach kgo hooks to a client for WrapProducer, or use kafka/confluent`},
		{name: "an ignored key is checked too", conf: kafka.Config{"queued.min.messages": "many"}, role: consuming,
			want: `configuration: queued.min.messages: "many": want a whole number`},
		{name: "backoff upside down", conf: kafka.Config{"retry.backoff.ms": 500, "retry.backoff.max.ms": 100}, role: producing,
			want: `configuration: retry.backoff.max.ms: is below retry.backoff.ms`},
		{name: "response limit below the fetch's", conf: kafka.Config{"receive.message.max.bytes": 10_000_000}, role: consuming,
			want: `configuration: receive.message.max.bytes: must be at least fetch.max.bytes + 512`},

		{name: "idempotence without all acks", conf: kafka.Config{"enable.idempotence": true, "acks": 0}, role: producing,
			want: `configuration: enable.idempotence: must be false because acks is not all`},
		{name: "idempotence with too many in flight", conf: kafka.Config{"enable.idempotence": true, "max.in.flight": 6}, role: producing,
			want: `configuration: enable.idempotence: must be false because max.in.flight is above 5`},
		{name: "idempotence without retries", conf: kafka.Config{"enable.idempotence": true, "retries": 0}, role: producing,
			want: `configuration: enable.idempotence: must be false because retries is 0`},
		{name: "a transaction without idempotence", conf: kafka.Config{"transactional.id": "t", "enable.idempotence": false}, role: producing,
			want: `configuration: enable.idempotence: must be true because transactional.id is set`},
		{name: "a transaction with fewer acks", conf: kafka.Config{"transactional.id": "t", "acks": 1}, role: producing,
			want: `configuration: enable.idempotence: must be false because acks is not all`},
		{name: "a record outliving its transaction", conf: kafka.Config{"transactional.id": "t", "delivery.timeout.ms": 100_000}, role: producing,
			want: `configuration: delivery.timeout.ms: must not be above transaction.timeout.ms`},

		{name: "poll interval below the session's", conf: kafka.Config{"max.poll.interval.ms": 1000}, role: consuming,
			want: `configuration: max.poll.interval.ms: must be at least session.timeout.ms`},
		{name: "heartbeat above the session's", conf: kafka.Config{"session.timeout.ms": 1000, "heartbeat.interval.ms": 1000}, role: consuming,
			want: `configuration: heartbeat.interval.ms: must be below session.timeout.ms`},
		{name: "session time-out with the new protocol", conf: kafka.Config{"group.protocol": "consumer", "session.timeout.ms": 1000}, role: consuming,
			want: `configuration: session.timeout.ms: with group.protocol=consumer this is the broker's setting`},
		{name: "remote assignor with the old one", conf: kafka.Config{"group.remote.assignor": "range"}, role: consuming,
			want: `configuration: group.remote.assignor: needs group.protocol=consumer`},

		{name: "SASL's default mechanism", conf: kafka.Config{"security.protocol": "sasl_ssl"}, role: producing,
			want: `configuration: sasl.mechanism: kafka/franz cannot honour GSSAPI (Kerberos), librdkafka's default; set PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, or use kafka/confluent`},
		{name: "no user", conf: kafka.Config{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "plain"}, role: producing,
			want: `configuration: sasl.username: is required by PLAIN`},
		{name: "half of OIDC", conf: kafka.Config{"security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.method": "oidc"}, role: producing,
			want: `configuration: sasl.oauthbearer.method: oidc needs sasl.oauthbearer.client.id, sasl.oauthbearer.client.secret and sasl.oauthbearer.token.endpoint.url`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := kafka.Config{"bootstrap.servers": "localhost:9092"}
			for k, v := range tt.conf {
				c[k] = v
			}
			_, err := parse(c, tt.role)
			var ce *kafka.ConfigError
			require.ErrorAs(t, err, &ce)
			require.EqualError(t, err, tt.want)
		})
	}
}

// Settings that follow from others.
func TestParseDerives(t *testing.T) {
	read := func(c kafka.Config, r role) *settings {
		c["bootstrap.servers"] = "localhost:9092"
		s, err := parse(c, r)
		require.NoError(t, err)
		return s
	}
	require.True(t, read(kafka.Config{}, producing).idempotence)
	require.False(t, read(kafka.Config{"acks": 1}, producing).idempotence)
	require.False(t, read(kafka.Config{"max.in.flight": 100}, producing).idempotence)
	require.False(t, read(kafka.Config{"retries": "0"}, producing).idempotence)
	require.Equal(t, "all", read(kafka.Config{"acks": -1}, producing).acks)

	require.Equal(t, time.Minute, read(kafka.Config{"transactional.id": "t"}, producing).deliveryTimeout)
	require.Equal(t, 10*time.Millisecond, read(kafka.Config{}, producing).sticky)
	require.Equal(t, 100*time.Millisecond, read(kafka.Config{"linger.ms": 50}, producing).sticky)
	require.Equal(t, 7*time.Millisecond, read(kafka.Config{"linger.ms": 50, "sticky.partitioning.linger.ms": 7}, producing).sticky)
	require.Equal(t, 500*time.Microsecond, read(kafka.Config{"linger.ms": 0.5}, producing).linger)

	require.Equal(t, 333*time.Millisecond, read(kafka.Config{"session.timeout.ms": 1000}, consuming).heartbeat.Truncate(time.Millisecond))
	require.Equal(t, 200_000_512, read(kafka.Config{"fetch.max.bytes": 200_000_000}, consuming).receiveMax)
	require.Equal(t, 60_000_000, read(kafka.Config{"message.max.bytes": 60_000_000}, consuming).fetchMax)
	require.Equal(t, 200*time.Millisecond, read(kafka.Config{"retry.backoff.ms": 2000}, producing).retryBackoffMax/10)
	for text, want := range map[string]string{"smallest": "earliest", "beginning": "earliest", "END": "latest", "none": "error"} {
		require.Equal(t, want, read(kafka.Config{"auto.offset.reset": text}, consuming).offsetReset)
	}
	// What concerns the other kind of client is not in the way.
	read(kafka.Config{"enable.idempotence": true, "acks": 1}, consuming)
	read(kafka.Config{"max.poll.interval.ms": 1000}, producing)
}

func TestUnknownTopicTries(t *testing.T) {
	for _, tt := range []struct {
		propagation time.Duration
		tries       int
	}{
		{0, 0}, {500 * time.Millisecond, 2}, {2 * time.Second, 8}, {30 * time.Second, 120},
	} {
		s, err := parse(kafka.Config{"bootstrap.servers": "x", "topic.metadata.propagation.max.ms": tt.propagation}, producing)
		require.NoError(t, err)
		require.Equal(t, tt.tries, s.unknownTopicTries(), tt.propagation)
	}
}

func TestBackoff(t *testing.T) {
	s, err := parse(kafka.Config{"bootstrap.servers": "x"}, producing)
	require.NoError(t, err)
	for fails, want := range map[int]time.Duration{0: 100, 1: 100, 2: 200, 3: 400, 4: 800, 5: 1000, 50: 1000} {
		want *= time.Millisecond
		d := s.backoff(fails)
		require.True(t, d >= want*4/5 && d <= want*6/5, "%d fails: %v", fails, d)
	}
}

func TestCodec(t *testing.T) {
	for _, tt := range []struct {
		name string
		conf kafka.Config
		err  string
	}{
		{name: "none has no level", conf: kafka.Config{"compression.level": 5}},
		{name: "gzip 9", conf: kafka.Config{"compression.codec": "gzip", "compression.level": 9}},
		{name: "gzip 10", conf: kafka.Config{"compression.codec": "gzip", "compression.level": 10}, err: "configuration: compression.level: too high for gzip"},
		{name: "snappy 0", conf: kafka.Config{"compression.codec": "snappy", "compression.level": 0}},
		{name: "snappy 1", conf: kafka.Config{"compression.codec": "snappy", "compression.level": 1}, err: "configuration: compression.level: too high for snappy"},
		{name: "lz4 12", conf: kafka.Config{"compression.codec": "lz4", "compression.level": 12}},
		{name: "zstd 3", conf: kafka.Config{"compression.codec": "zstd", "compression.level": 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.conf["bootstrap.servers"] = "localhost:9092"
			p, err := NewProducer(tt.conf, kafka.Hooks{})
			if tt.err != "" {
				require.EqualError(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			require.NoError(t, p.Close(t.Context()))
		})
	}
}

// Whatever the text, reading a key ends in a value or in a ConfigError that
// names it.
func FuzzParse(f *testing.F) {
	for _, k := range Keys() {
		f.Add(k.Name, k.Default)
		f.Add(k.Name, "-1")
		f.Add(k.Name, "1e9")
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		for _, r := range []role{producing, consuming, producing | consuming} {
			c := kafka.Config{"bootstrap.servers": "localhost:9092"}
			c[name] = value
			s, err := parse(c, r)
			if err == nil {
				require.NotNil(t, s)
				require.Greater(t, s.metadataMaxAge(), time.Duration(0))
				require.GreaterOrEqual(t, s.unknownTopicTries(), 0)
				continue
			}
			var ce *kafka.ConfigError
			require.ErrorAs(t, err, &ce)
			require.NotEmpty(t, ce.Reason)
		}
	})
}

// A hook that nothing would call is refused.
func TestStatsHook(t *testing.T) {
	hooks := kafka.Hooks{Stats: func([]byte) {}}
	conf := kafka.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "transactional.id": "t"}
	_, producerErr := NewProducer(conf, hooks)
	_, consumerErr := NewConsumer(conf, hooks)
	_, sessionErr := NewSession(conf, hooks)
	for _, err := range []error{producerErr, consumerErr, sessionErr} {
		ce := (*kafka.ConfigError)(nil)
		require.ErrorAs(t, err, &ce)
		require.Equal(t, "Hooks.Stats", ce.Key)
	}
}
