package basetest

import (
	"log/slog"
	"maps"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/base"
)

func configCases() []testCase {
	return []testCase{
		{"Config/refused", configRefused},
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
		conf    base.Config
		key     string
		nearest string
	}{
		{name: "misspelt", conf: base.Config{"linger.mss": 5}, key: "linger.mss", nearest: "linger.ms"},
		{name: "not a number", conf: base.Config{"linger.ms": "soon"}, key: "linger.ms"},
		{name: "idempotence with acks", conf: base.Config{"enable.idempotence": true, "acks": 1}, key: "enable.idempotence"},
		{name: "no such codec", conf: base.Config{"compression.type": "rar"}, key: "compression.type"},
		{name: "no such type", conf: base.Config{"acks": []int{1}}, key: "acks"},
	}
	for _, tt := range tests {
		_, err := e.factory.Producer(e.conf(tt.conf), base.Hooks{})
		var ce *base.ConfigError
		require.ErrorAs(e, err, &ce, tt.name)
		require.Equal(e, tt.nearest, ce.Nearest, tt.name)
		if tt.name != "idempotence with acks" { // librdkafka names neither of the two
			require.Equal(e, tt.key, ce.Key, tt.name)
		}
	}
	for _, conf := range []base.Config{
		{"auto.offset.reset": "sometimes"},
		{"partition.assignment.strategy": "none.such"},
		{"sesion.timeout.ms": 1000},
	} {
		_, err := e.factory.Consumer(e.consumerConf("group", conf), base.Hooks{})
		var ce *base.ConfigError
		require.ErrorAs(e, err, &ce)
	}
}

// configAccepted: one map serves both kinds of client, in all the types that
// values may have, with what the layers above read in it.
func configAccepted(e *env) {
	topic := e.topic(1)
	conf := e.consumerConf(e.name("group"), base.Config{
		"linger.ms": 5.5, "compression.type": "lz4", "acks": "all", "enable.idempotence": "true",
		"batch.num.messages": "100", "message.timeout.ms": 30_000, "client.id": "kavro-test",
		"enable.auto.commit": true, "auto.commit.interval.ms": 1000, "enable.auto.offset.store": false,
		"partition.assignment.strategy": []string{"range", "roundrobin"},
		"security.protocol":             "PLAINTEXT", "max.poll.interval.ms": 60_000,
	})
	p, err := e.factory.Producer(conf, base.Hooks{})
	require.NoError(e, err)
	c, err := e.factory.Consumer(conf, base.Hooks{})
	require.NoError(e, err)
	e.send(p, text(topic, 0, "v"))
	require.NoError(e, c.Subscribe([]string{topic}, nil))
	require.Equal(e, []string{"v"}, values(e.read(c, 1)))
	require.NoError(e, p.Close(e.ctx()))
	require.NoError(e, c.Close(e.ctx()))
}

func configUnchanged(e *env) {
	conf := e.consumerConf("group", base.Config{"enable.auto.commit": true, "linger.ms": 1, "transactional.id": e.name("txn")})
	before := maps.Clone(conf)
	p, err := e.factory.Producer(conf, base.Hooks{})
	require.NoError(e, err)
	require.NoError(e, p.Close(e.ctx()))
	c, err := e.factory.Consumer(conf, base.Hooks{})
	require.NoError(e, err)
	require.NoError(e, c.Close(e.ctx()))
	s, err := e.factory.Session(conf, base.Hooks{})
	require.NoError(e, err)
	require.NoError(e, s.Close(e.ctx()))
	require.Equal(e, before, conf)
}

// hooksErrors: that no broker can be reached is told to Hooks.Error, by
// librdkafka's codes for a connection (-195) and for all of them (-187).
func hooksErrors(e *env) {
	errs := make(chan error, 1000)
	hooks := base.Hooks{Error: func(err error) {
		select {
		case errs <- err:
		default:
		}
	}}
	conf := e.conf(base.Config{"bootstrap.servers": nobody})
	p, err := e.factory.Producer(conf, hooks)
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
	e.abandon(p)
}

func hooksLogger(e *env) {
	var lines lineCount
	p, err := e.factory.Producer(
		e.conf(base.Config{"bootstrap.servers": nobody, "log_level": 7, "debug": "all"}),
		base.Hooks{Logger: slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(e, err)
	require.NoError(e, p.Produce(e.ctx(), text("nowhere", -1, "v"), nil))
	e.eventually(func() bool { return lines.count() > 0 })
	e.abandon(p)
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
