package kavro_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/serde"
)

// What a program without hooks hears of brokers that cannot be reached, and of a
// topic that does not exist: a warning soon, and the cause with every error.

// lines is what slog.Default() writes meanwhile.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(part string) int { return strings.Count(l.String(), part) }

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// overhear collects the warnings of a test that does not run beside others.
func overhear(t *testing.T) *lines {
	l := &lines{}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(l, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return l
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// requireVain requires that err says that time was up, and why.
func requireVain(t *testing.T, err, cause error) {
	t.Helper()
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, cause)
	e := (*kafka.Error)(nil)
	require.ErrorAs(t, err, &e)
	require.LessOrEqual(t, strings.Count(err.Error(), e.Err.Error()), 1, "said once: %v", err)
}

func TestNobodyListens(t *testing.T) {
	conf := kavro.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "transactional.id": ""}
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			warnings := overhear(t)
			p, err := kavro.NewProducer[string, string](open(t, name, conf), plainValues())
			require.NoError(t, err)
			rec := kavro.Record[string, string]{Topic: "orders", Value: "v"}
			err = p.ProduceSync(within(t, time.Second), rec)
			requireVain(t, err, kafka.ErrUnreachable)
			require.ErrorIs(t, err, avroproducer.ErrNotReported)
			require.NoError(t, p.Produce(t.Context(), "orders", "k", "v"))
			requireVain(t, p.Flush(within(t, time.Second)), kafka.ErrUnreachable)
			require.ErrorIs(t, p.Warmup(within(t, time.Second), "orders"), kafka.ErrUnreachable)
			requireVain(t, p.Close(within(t, time.Second)), kafka.ErrUnreachable)

			c, err := kavro.NewConsumer[string, string](open(t, name, conf), "", []string{"orders"}, plainValues())
			require.NoError(t, err)
			_, err = c.Poll(within(t, time.Second))
			requireVain(t, err, kafka.ErrUnreachable)
			handle := func(context.Context, *kavro.Message[string, string]) error { return nil }
			requireVain(t, c.Run(within(t, time.Second), handle), kafka.ErrUnreachable)
			for _, err := range c.Messages(within(t, time.Second)) {
				requireVain(t, err, kafka.ErrUnreachable)
			}
			_ = c.Close(within(t, time.Second))

			require.GreaterOrEqual(t, warnings.count("kafka: client error"), 2, "each client")
			require.LessOrEqual(t, warnings.count("kafka: client error"), 4, "each client, and not each try")
		})
	}
}

func TestPipelineWithoutBrokers(t *testing.T) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			warnings := overhear(t)
			p, err := kavro.NewPipeline[string, string, string, string](open(t, name, kavro.Config{
				"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "transactional.id": "t", "transaction.timeout.ms": 1500,
			}), "", []string{"orders"}, plainValues())
			require.NoError(t, err)
			err = p.Run(within(t, 2*time.Second), func(context.Context, *kavro.Message[string, string]) ([]kavro.Record[string, string], error) {
				return nil, nil
			})
			requireVain(t, err, kafka.ErrUnreachable)
			_ = p.Close(within(t, time.Second))
			require.NotZero(t, warnings.count("kafka: client error"))
		})
	}
}

// A topic that brokers do not make: Warmup says so, and a producer and a consumer
// that go on regardless do.
func TestMissingTopic(t *testing.T) {
	env := kavrotest.New(t, kavrotest.WithoutTopicCreation(), kavrotest.WithTopic("there", 1))
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			warnings := overhear(t)
			p, err := kavro.NewProducer[string, string](open(t, name, env.Config()), plainValues())
			require.NoError(t, err)
			require.NoError(t, p.Warmup(t.Context(), "there"))
			err = p.Warmup(t.Context(), "there", "orders")
			require.ErrorIs(t, err, kafka.ErrUnknownTopic)
			require.ErrorContains(t, err, "orders")
			require.NoError(t, p.Produce(t.Context(), "orders", "k", "v"))
			requireVain(t, p.Flush(within(t, 2*time.Second)), kafka.ErrUnknownTopic)
			requireVain(t, p.Close(within(t, time.Second)), kafka.ErrUnknownTopic)
			require.Equal(t, 1, warnings.count(`error="orders: `))

			c, err := kavro.NewConsumer[string, string](open(t, name, env.Config()), "g-"+name, []string{"orders"}, plainValues())
			require.NoError(t, err)
			handle := func(context.Context, *kavro.Message[string, string]) error { return nil }
			requireVain(t, c.Run(within(t, 2*time.Second), handle), kafka.ErrUnknownTopic)
			require.Equal(t, 2, warnings.count(`error="orders: `), "each client")
			require.NoError(t, c.Close(t.Context()))
		})
	}
}

// Where brokers make topics by themselves, Warmup lets them.
func TestWarmupMakesTopics(t *testing.T) {
	env := kavrotest.New(t)
	for _, name := range drivers.Names() {
		p, err := kavro.NewProducer[string, string](open(t, name, env.Config()), plainValues())
		require.NoError(t, err)
		require.NoError(t, p.Warmup(t.Context(), "new-"+name), name)
		parts, err := p.Client().(kafka.Metadata).Partitions(t.Context(), "new-"+name)
		require.NoError(t, err)
		require.Len(t, parts, 3)
		require.NoError(t, p.Close(t.Context()))
	}
}

// plainValues writes values as keys are: no registry is asked.
func plainValues() kavro.ConstructorOption { return kavro.WithValue(kavro.WithSerde(serde.String)) }

// A second Hooks adds to the first.
func TestHooksTwice(t *testing.T) {
	conf := kavro.Config{"bootstrap.servers": "127.0.0.1:1"}
	quiet := kavro.WithHooks(kavro.Hooks{Logger: slog.New(slog.DiscardHandler)})
	for _, name := range drivers.Names() {
		first, second := make(chan error, 1000), make(chan error, 1000)
		p, err := kavro.NewProducer[string, string](open(t, name, conf, quiet, kavro.WithHooks(kavro.Hooks{Error: func(err error) { first <- err }}), kavro.WithHooks(kavro.Hooks{Error: func(err error) { second <- err }})), plainValues())
		require.NoError(t, err)
		require.NoError(t, p.Produce(t.Context(), "orders", "k", "v"))
		require.ErrorIs(t, <-first, kafka.ErrUnreachable)
		require.ErrorIs(t, <-second, kafka.ErrUnreachable)
		_ = p.Close(within(t, time.Millisecond))
	}
}

// A static member whose name another one has taken is closed at once, and says why, once.
func TestCloseFenced(t *testing.T) {
	env := kavrotest.New(t, kavrotest.WithTopic("orders", 2))
	overhear(t)
	for _, name := range drivers.Names() {
		p, err := kavro.NewProducer[string, string](open(t, name, env.Config()), plainValues())
		require.NoError(t, err)
		require.NoError(t, p.Produce(t.Context(), "orders", "k", "v"))
		require.NoError(t, p.Close(t.Context()))

		conf := env.Group("g-"+name, kavro.Config{"group.instance.id": "i", "session.timeout.ms": 6000, "heartbeat.interval.ms": 200})
		first, err := kavro.NewConsumer[string, string](open(t, name, conf), "", []string{"orders"}, plainValues())
		require.NoError(t, err)
		_, err = first.Poll(within(t, time.Minute))
		require.NoError(t, err)
		second, err := kavro.NewConsumer[string, string](open(t, name, conf), "", []string{"orders"}, plainValues())
		require.NoError(t, err)
		_, _ = second.Poll(within(t, 2*time.Second)) // joins
		e := (*kafka.Error)(nil)
		for e == nil || !e.Fatal {
			_, err = first.Poll(within(t, time.Minute))
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			_ = errors.As(err, &e)
		}
		start := time.Now()
		err = first.Close(within(t, time.Minute))
		require.Less(t, time.Since(start), 20*time.Second)
		require.ErrorAs(t, err, &e)
		require.EqualValues(t, 82, e.Code)
		require.Equal(t, 1, strings.Count(err.Error(), e.Err.Error()), "%v", err)
		require.NoError(t, second.Close(t.Context()))
	}
}
