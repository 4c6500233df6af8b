package kafkatest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/kavro/kavro/kafka"
)

// cause is a condition in which a client retries without success.
type cause struct {
	name  string
	is    error // what errors.Is finds
	start func(e *env) (conf kafka.Config)
	topic bool // of the topic alone: other requests are answered
	brief bool // a variant of another cause: with fewer cases
}

func causes() []cause {
	return []cause{
		{name: "refused", is: kafka.ErrUnreachable, start: func(*env) kafka.Config {
			return kafka.Config{"bootstrap.servers": unreachable}
		}},
		{name: "hung up", is: kafka.ErrUnreachable, start: func(e *env) kafka.Config { // as a TLS listener does with plain text
			return ownBroker(e, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate(e)}}))
		}},
		{name: "password", is: kafka.ErrAuthentication, start: func(e *env) kafka.Config {
			conf := ownBroker(e, kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "right"))
			conf["security.protocol"], conf["sasl.mechanism"] = "sasl_plaintext", "PLAIN"
			conf["sasl.username"], conf["sasl.password"] = "ada", "wrong"
			return conf
		}},
		{name: "certificate", is: kafka.ErrTLS, start: func(e *env) kafka.Config {
			conf := ownBroker(e, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate(e)}}))
			conf["security.protocol"] = "ssl"
			return conf
		}},
		{name: "silent", brief: true, is: kafka.ErrUnreachable, start: func(e *env) kafka.Config { return foreignServer(e, readSilently) }},
		{name: "silent to TLS", brief: true, is: kafka.ErrUnreachable, start: func(e *env) kafka.Config { return withTLS(foreignServer(e, readSilently)) }},
		{name: "web server", brief: true, is: kafka.ErrUnreachable, start: func(e *env) kafka.Config { return foreignServer(e, answerHTTP) }},
		{name: "TLS to plain text", brief: true, is: kafka.ErrUnreachable, start: func(e *env) kafka.Config { return withTLS(ownBroker(e)) }},
		{name: "without SASL", brief: true, is: kafka.ErrUnreachable, start: func(e *env) kafka.Config {
			return ownBroker(e, kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "right"))
		}},
		{name: "topic", is: kafka.ErrUnknownTopic, topic: true, start: func(e *env) kafka.Config { return ownBroker(e) }},
	}
}

// secured is conf with TLS.
func withTLS(conf kafka.Config) kafka.Config {
	conf["security.protocol"] = "ssl"
	return conf
}

// ownBroker starts a broker for one case, and returns the configuration to reach it.
func ownBroker(e *env, opts ...kfake.Opt) kafka.Config {
	k, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1))...)
	require.NoError(e, err)
	e.Cleanup(k.Close)
	return kafka.Config{"bootstrap.servers": strings.Join(k.ListenAddrs(), ",")}
}

// certificate makes a certificate that no client trusts.
func certificate(e *env) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(e, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nobody"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(e, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// journal is a slog.Handler's writer.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, string(b))
	return len(b), nil
}

// warnings are kavro's lines, without those of the client library.
func (j *journal) warnings() (lines []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range j.lines {
		if strings.Contains(l, "kafka: client error") {
			lines = append(lines, l)
		}
	}
	return lines
}

// failingWait is the timeout of a call that cannot succeed. In that time a client finds the cause.
const failingWait = 3 * time.Second

// failingCtx is a context for such a call.
func (e *env) failingCtx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), failingWait)
	e.Cleanup(cancel)
	return ctx
}

func causeCases() (all []testCase) {
	for _, c := range causes() {
		add := func(call string, clients int, run func(e *env, c cause, conf kafka.Config, hooks kafka.Hooks)) {
			// librdkafka has up to two texts for one thing, and under load the warning that
			// nobody has answered may come before them.
			most := max(4, 2*clients)
			all = append(all, testCase{"Causes/" + c.name + "/" + call, func(e *env) {
				j := &journal{}
				hooks := kafka.Hooks{Logger: slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelWarn}))}
				run(e, c, c.start(e), hooks)
				e.eventually(func() bool { return len(j.warnings()) > 0 })
				require.LessOrEqual(e, len(j.warnings()), most, "each warning is written once: %v", j.warnings())
			}})
		}
		add("flush and close", 1, causeFlush)
		add("read", 1, causeRead)
		all = append(all, testCase{"Causes/" + c.name + "/in time", func(e *env) { causeDeadlines(e, c.start(e), kafka.Hooks{}) }})
		if !c.brief {
			add("report", 1, causeReport)
		}
		if !c.topic {
			add("ask", 3, causeQueries)
		}
		if !c.topic && !c.brief {
			add("room", 1, causeFullQueue)
			add("transaction", 1, causeTransaction)
			add("session", 2, causeSession)
		}
	}
	return all
}

// requireTimeout checks that err is a context's, with its cause.
func (e *env) requireTimeout(c cause, err error, call string) {
	e.Helper()
	require.ErrorIs(e, err, context.DeadlineExceeded, call)
	e.requireCause(c, err, call)
}

// requireCause checks that err has the cause.
func (e *env) requireCause(c cause, err error, call string) {
	e.Helper()
	require.ErrorIs(e, err, c.is, call)
	var be *kafka.Error
	require.ErrorAs(e, err, &be, call)
}

func causeFlush(e *env, c cause, conf kafka.Config, hooks kafka.Hooks) {
	p, err := e.driver.NewProducer(conf, hooks)
	require.NoError(e, err)
	var reported error
	require.NoError(e, p.Produce(e.ctx(), text("nowhere", -1, "v"), func(_ *kafka.Record, err error) { reported = err }))
	e.requireTimeout(c, p.Flush(e.failingCtx()), "Flush")
	e.requireTimeout(c, kafka.Explain(p, context.DeadlineExceeded), "Explain")
	ctx, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	e.requireTimeout(c, p.Close(ctx), "Close")
	require.ErrorIs(e, reported, kafka.ErrClosed)
	require.ErrorIs(e, reported, c.is)
}

// causeReport: the report of a record that was not delivered in time has the cause.
func causeReport(e *env, c cause, conf kafka.Config, hooks kafka.Hooks) {
	conf["message.timeout.ms"], conf["topic.metadata.propagation.max.ms"] = 1500, 1000
	p, err := e.driver.NewProducer(conf, hooks)
	require.NoError(e, err)
	var reported error
	require.NoError(e, p.Produce(e.ctx(), text("nowhere", -1, "v"), func(_ *kafka.Record, err error) { reported = err }))
	require.NoError(e, p.Flush(e.ctx()))
	require.ErrorIs(e, reported, c.is)
	var be *kafka.Error
	require.ErrorAs(e, reported, &be)
	require.Equal(e, "nowhere", be.Topic)
	require.NoError(e, p.Close(e.ctx()))
}

// causeFullQueue: the error of a full queue has the cause.
func causeFullQueue(e *env, c cause, conf kafka.Config, hooks kafka.Hooks) {
	conf["queue.buffering.max.messages"] = 1
	p, err := e.driver.NewProducer(conf, hooks)
	require.NoError(e, err)
	require.NoError(e, p.Produce(e.ctx(), text("nowhere", -1, "v"), nil))
	e.requireTimeout(c, p.Produce(e.failingCtx(), text("nowhere", -1, "v"), nil), "Produce")
	e.closeNow(p)
}

func causeRead(e *env, c cause, conf kafka.Config, hooks kafka.Hooks) {
	conf["group.id"] = "g"
	if !c.topic { // librdkafka keeps a commit that it cannot send for so long
		conf["session.timeout.ms"], conf["heartbeat.interval.ms"] = 3000, 1000
	}
	r, err := e.driver.NewConsumer(conf, hooks)
	require.NoError(e, err)
	require.NoError(e, r.Subscribe([]string{"nowhere"}, nil))
	var b kafka.Batch
	ctx := e.failingCtx()
	for err = r.Poll(ctx, &b, 1); err == nil; err = r.Poll(ctx, &b, 1) {
		require.Empty(e, b.Records) // errors of the topic may come first
	}
	e.requireTimeout(c, err, "Poll")
	e.requireTimeout(c, kafka.Explain(r, context.DeadlineExceeded), "Explain")
	if !c.topic {
		e.requireCause(c, r.Commit(e.failingCtx(), []kafka.Offset{offset("nowhere", 0, 1)}), "Commit")
	}
	ctx, cancel := context.WithTimeout(context.Background(), failingWait)
	defer cancel()
	if err := r.Close(ctx); err != nil { // leaving the group may fail
		require.ErrorIs(e, err, c.is)
	}
}

func causeQueries(e *env, c cause, conf kafka.Config, hooks kafka.Hooks) {
	conf["group.id"] = "g"
	p, err := e.driver.NewProducer(conf, hooks)
	require.NoError(e, err)
	r, err := e.driver.NewConsumer(conf, hooks)
	require.NoError(e, err)
	a, err := e.driver.NewAdmin(conf, hooks)
	require.NoError(e, err)
	at := part("nowhere", 0)
	asks := map[string]func(context.Context) error{
		"producer: Partitions": func(ctx context.Context) error {
			_, err := p.(kafka.Metadata).Partitions(ctx, "nowhere")
			return err
		},
		"producer: CheckTopic": func(ctx context.Context) error { return p.(kafka.TopicChecker).CheckTopic(ctx, "nowhere") },
		"consumer: Partitions": func(ctx context.Context) error {
			_, err := r.(kafka.Metadata).Partitions(ctx, "nowhere")
			return err
		},
		"Committed": func(ctx context.Context) error {
			_, err := e.offsets(r).Committed(ctx, at)
			return err
		},
		"Watermarks": func(ctx context.Context) error {
			_, _, err := e.offsets(r).Watermarks(ctx, at)
			return err
		},
		"OffsetsAt": func(ctx context.Context) error {
			_, err := e.offsets(r).OffsetsAt(ctx, time.Now(), at)
			return err
		},
		"Assign": func(ctx context.Context) error {
			return r.(kafka.Assigner).Assign(ctx, offset("nowhere", 0, kafka.OffsetNone))
		},
		"Ping":         a.Ping,
		"CreateTopics": func(ctx context.Context) error { return a.CreateTopics(ctx, kafka.NewTopic{Name: "nowhere"}) },
		"admin: Partitions": func(ctx context.Context) error {
			_, err := a.Partitions(ctx, "nowhere")
			return err
		},
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var wrong []error
	for name, ask := range asks {
		wg.Go(func() {
			err := ask(e.failingCtx())
			if be := (*kafka.Error)(nil); !errors.Is(err, c.is) || !errors.As(err, &be) {
				mu.Lock()
				defer mu.Unlock()
				wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	wg.Wait()
	require.Empty(e, wrong)
	if !c.brief { // a silent broker fails by timeout only
		start := time.Now()
		e.requireCause(c, a.Ping(e.ctx()), "Ping with a long deadline")
		require.Less(e, time.Since(start), closeLimit, "Ping returns when all brokers have failed")
	}
	e.requireCloseInTime("Close of the admin client", a)
	e.closeNow(p)
	ctx, cancel := context.WithTimeout(context.Background(), failingWait)
	defer cancel()
	_ = r.Close(ctx)
}

func causeTransaction(e *env, c cause, conf kafka.Config, hooks kafka.Hooks) {
	conf["transactional.id"], conf["transaction.timeout.ms"] = "t", 1500 // bounds what librdkafka does in the background
	p, err := e.driver.NewProducer(conf, hooks)
	require.NoError(e, err)
	err = p.(kafka.TxnProducer).Begin(e.failingCtx())
	e.requireCause(c, err, "Begin")
	e.closeNow(p)
}

func causeSession(e *env, c cause, conf kafka.Config, hooks kafka.Hooks) {
	conf["transactional.id"], conf["transaction.timeout.ms"], conf["group.id"] = "t", 1500, "g"
	s, err := e.driver.NewSession(conf, hooks)
	require.NoError(e, err)
	require.NoError(e, s.Subscribe([]string{"nowhere"}, nil))
	err = s.Begin(e.failingCtx())
	e.requireCause(c, err, "Begin")
	var b kafka.Batch
	e.requireTimeout(c, s.Poll(e.failingCtx(), &b, 1), "Poll")
	ctx, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	_ = s.Close(ctx)
}
