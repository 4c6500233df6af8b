package kavro_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
)

// Close closes what was made from the client, may be called again, and nothing can be
// made afterwards.
func TestClientClose(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		ctx := deadline(t)
		client := open(t, which, env.Config())
		p, err := kavro.NewProducer[string, string](client)
		require.NoError(t, err)
		c, err := kavro.NewConsumer[string, string](client, "g", []string{"t"})
		require.NoError(t, err)
		require.NoError(t, p.Produce(ctx, "t", "k", "v"))
		require.NoError(t, client.Close(ctx))
		require.ErrorIs(t, p.Produce(ctx, "t", "k", "v"), kavro.ErrClosed)
		_, err = c.Poll(ctx)
		require.ErrorIs(t, err, kavro.ErrClosed)
		require.NoError(t, client.Close(ctx))
		_, err = kavro.NewProducer[string, string](client)
		require.ErrorIs(t, err, kavro.ErrClosed)
		require.ErrorIs(t, client.Ping(ctx), kavro.ErrClosed)
		_, err = client.Registry()
		require.ErrorIs(t, err, kavro.ErrClosed)
	})
}

// closingDriver closes the client while it makes a producer.
type closingDriver struct {
	kafka.Driver
	close func()
}

func (d *closingDriver) NewProducer(conf kafka.Config, h kafka.Hooks) (kafka.Producer, error) {
	d.close()
	return d.Driver.NewProducer(conf, h)
}

// A client that is closed while a constructor is at work closes its registry client once
// the constructor has failed.
func TestClientCloseMeanwhile(t *testing.T) {
	ctx, driver := deadline(t), &closingDriver{Driver: franz.Driver()}
	client, err := kavro.Open(kavrotest.New(t).Config(), kavro.WithDriver(driver))
	require.NoError(t, err)
	r, err := client.Registry()
	require.NoError(t, err)
	driver.close = func() {
		require.NoError(t, client.Close(ctx))
		_, err := r.Subjects(ctx, "")
		require.NoError(t, err, "in use")
	}
	_, err = kavro.NewProducer[string, string](client)
	require.ErrorIs(t, err, kavro.ErrClosed)
	_, err = r.Subjects(ctx, "")
	require.ErrorIs(t, err, registry.ErrClosed)
}

// An id that brokers fence by is used once at a time.
func TestIDsThatAreTaken(t *testing.T) {
	ctx := deadline(t)
	client := open(t, "franz", kavrotest.New(t).Config(kavro.Config{"group.instance.id": "i"}))
	txn := kavro.WithConfig(kavro.Config{"transactional.id": "t"})
	p, err := kavro.NewProducer[string, string](client, txn)
	require.NoError(t, err)
	_, err = kavro.NewPipeline[string, string, string, string](client, "g", nil, txn)
	require.EqualError(t, err, `configuration: transactional.id: "t" is that of another producer of this client, which would be fenced`)
	require.NoError(t, p.Close(ctx))
	p, err = kavro.NewProducer[string, string](client, txn)
	require.NoError(t, err, "free again")
	require.NoError(t, p.Close(ctx))

	c, err := kavro.NewConsumer[string, string](client, "g", nil)
	require.NoError(t, err)
	_, err = kavro.NewConsumer[string, string](client, "g", nil)
	require.EqualError(t, err, `configuration: group.instance.id: "i" is that of another consumer of this client, which would be fenced`)
	require.NoError(t, c.Close(ctx))
}

// group.id counts where the argument is "", and must not contradict it.
func TestGroupID(t *testing.T) {
	client := open(t, "franz", kavro.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g"})
	for _, group := range []string{"", "g"} {
		_, err := kavro.NewConsumer[string, string](client, group, nil)
		require.NoError(t, err)
	}
	_, err := kavro.NewConsumer[string, string](client, "h", nil)
	require.EqualError(t, err, `configuration: group.id: "g" contradicts the group that the constructor was given, "h"`)
}

// A client asks the cluster, and makes topics: CreateTopics tells what exists.
func TestPingAndCreateTopics(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		client := open(t, which, env.Config())
		require.NoError(t, client.Ping(deadline(t)))
		topic := kavro.NewTopic{Name: "made", Partitions: 2}
		require.NoError(t, client.CreateTopics(deadline(t), topic))
		var e *kafka.Error
		require.ErrorAs(t, client.CreateTopics(deadline(t), topic), &e)
		require.EqualValues(t, 36, e.Code)

	})
}

// Ping says which of the two is away, and why; nothing is asked of a registry that no key names.
func TestPingCauses(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		const nobody = "127.0.0.1:1"
		ping := func(conf kavro.Config) error {
			retries := kavro.WithRegistryOptions(registry.WithRetries(0, time.Millisecond, time.Millisecond))
			return open(t, which, env.Config(conf), retries).Ping(within(t, 2*time.Second))
		}
		var down *kavro.UnavailableError

		err := ping(kavro.Config{"bootstrap.servers": nobody})
		require.ErrorIs(t, err, kavro.ErrUnreachable)
		require.ErrorContains(t, err, "kavro: Ping: brokers: ")
		require.ErrorContains(t, err, nobody)
		require.False(t, errors.As(err, &down), "the registry answers")
		require.ErrorIs(t, ping(kavro.Config{"bootstrap.servers": nobody, "schema.registry.url": ""}), kavro.ErrUnreachable)

		err = ping(kavro.Config{"schema.registry.url": "http://" + nobody})
		require.ErrorAs(t, err, &down)
		require.ErrorContains(t, err, "kavro: Ping: registry: ")
		require.NotErrorIs(t, err, kavro.ErrUnreachable)

		err = ping(kavro.Config{"bootstrap.servers": nobody, "schema.registry.url": "http://" + nobody})
		require.ErrorIs(t, err, kavro.ErrUnreachable)
		require.ErrorAs(t, err, &down)

		refuse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
		defer refuse.Close()
		var unauthorized *kavro.UnauthorizedError
		require.ErrorAs(t, ping(kavro.Config{"schema.registry.url": refuse.URL}), &unauthorized)
	})
}

// A context that had ended before the call is why it failed, and its cause is told: brokers and
// registry were not asked.
func TestContextThatHadEnded(t *testing.T) {
	why := errors.New("the program ends")
	canceled, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	late, stop := context.WithTimeoutCause(t.Context(), 0, why)
	defer stop()
	plain, end := context.WithCancel(t.Context())
	end()
	client, to := open(t, "franz", kavro.Config{"bootstrap.servers": "127.0.0.1:1", "schema.registry.url": "http://127.0.0.1:1"}), open(t, "franz", nowhere)
	for name, call := range map[string]func(context.Context) error{
		"Ping":         client.Ping,
		"CreateTopics": func(ctx context.Context) error { return client.CreateTopics(ctx, kavro.NewTopic{Name: "orders"}) },
		"Replay": func(ctx context.Context) error {
			_, err := client.Replay(ctx, "g", []string{"orders-dlt"})
			return err
		},
		"Copy": func(ctx context.Context) error {
			return client.Copy(ctx, "g", []string{"orders"}, kavro.WithCopyTo(to))
		},
	} {
		err := call(canceled)
		require.EqualError(t, err, "kavro: "+name+": context canceled: the program ends")
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, why)
		err = call(late)
		require.EqualError(t, err, "kavro: "+name+": context deadline exceeded: the program ends")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, call(plain), "kavro: "+name+": context canceled")
	}
}

// Which half of Ping an error is of is said, whatever the error says itself.
func TestPingNamesTheRegistry(t *testing.T) {
	env := kavrotest.New(t)
	ctx, cancel := context.WithCancelCause(deadline(t))
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel(errors.New("the program ends"))
		<-r.Context().Done()
	}))
	defer silent.Close()
	err := open(t, "franz", env.Config(kavro.Config{"schema.registry.url": silent.URL})).Ping(ctx)
	require.ErrorContains(t, err, "kavro: Ping: registry: the program ends")
}

// All producers and consumers of a client share one registry client: a schema is looked up
// and registered once, and fetched once, however many there are.
func TestOneRegistryClient(t *testing.T) {
	var requests atomic.Int64
	env := kavrotest.New(t, kavrotest.WithRegistryMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			next.ServeHTTP(w, r)
		})
	}))
	client := open(t, "franz", env.Config())
	for range 3 {
		p, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		require.NoError(t, p.Produce(deadline(t), "orders", "k", Order{ID: "a"}))
		require.NoError(t, p.Flush(deadline(t)))
	}
	require.Equal(t, int64(2), requests.Load())
	for _, group := range []string{"g", "h"} {
		c, err := kavro.NewConsumer[string, Order](client, group, []string{"orders"})
		require.NoError(t, err)
		msg, err := c.Poll(deadline(t))
		require.NoError(t, err)
		require.Equal(t, "a", msg.Value.ID)
	}
	require.Equal(t, int64(3), requests.Load())
}
