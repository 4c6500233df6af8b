package kavro_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
	"github.com/kavro/kavro/schemas"
)

// AssociatedNameStrategy, on request, costs one request more for a topic's values,
// also of a registry that has never heard of associations.
func TestAssociatedSubjects(t *testing.T) {
	const records = 10_000
	for _, name := range drivers.Names() {
		for _, test := range []struct {
			name    string
			knows   bool
			subject string
		}{
			{"a registry with associations", true, "all-orders"},
			{"a registry without", false, "orders-value"},
		} {
			t.Run(name+", "+test.name, func(t *testing.T) {
				var asked, associations atomic.Int64
				env, err := kavrotest.Start(kavrotest.WithTopic("orders", 1), kavrotest.WithRegistryMiddleware(func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						asked.Add(1)
						if !strings.HasPrefix(r.URL.Path, "/associations/") {
							next.ServeHTTP(w, r)
							return
						}
						associations.Add(1)
						if test.knows {
							next.ServeHTTP(w, r)
							return
						}
						w.WriteHeader(http.StatusNotFound)
						_, _ = w.Write([]byte(`"Not Found"`)) // as Karapace says it
					})
				}))
				require.NoError(t, err)
				defer func() { require.NoError(t, env.Close()) }()
				ctx := deadline(t)
				if test.knows {
					associate(t, env, "orders", test.subject)
				}
				before := asked.Load()

				conf := kavro.Config{"value.subject.name.strategy": "io.confluent.kafka.serializers.subject.AssociatedNameStrategy"}
				p, err := kavro.NewProducer[string, Order](open(t, name, env.Config(conf)), kavro.WithValue(kavro.WithSchema(orderSchema)))
				require.NoError(t, err)
				for i := range records {
					require.NoError(t, p.Produce(ctx, "orders", "key", Order{ID: fmt.Sprint(i)}))
				}
				require.NoError(t, p.Close(ctx))
				require.Equal(t, int64(1), associations.Load())
				require.LessOrEqual(t, asked.Load()-before, int64(3), "the association, a lookup, a registration")
				versions, err := env.Registry.Versions(ctx, test.subject)
				require.NoError(t, err)
				require.Equal(t, []int{1}, versions)

				before = asked.Load()
				c, err := kavro.NewConsumer[string, Order](open(t, name, env.Config(conf)), "readers", []string{"orders"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
				require.NoError(t, err)
				for i := range records {
					msg, err := c.Poll(ctx)
					require.NoError(t, err)
					require.Equal(t, fmt.Sprint(i), msg.Value.ID)
				}
				require.NoError(t, c.Close(ctx))
				require.Equal(t, int64(2), associations.Load())
				require.Equal(t, int64(2), asked.Load()-before, "the association, the schema by id")
			})
		}
	}
}

// associate says in env's registry that a subject belongs to the values of a
// topic.
func associate(t *testing.T, env *kavrotest.Env, topic, subject string) {
	_, err := env.Registry.Register(t.Context(), subject, registry.Definition{Text: orderSchema.String()})
	require.NoError(t, err)
	client, err := registry.New(env.RegistryURL)
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	require.NoError(t, client.Do(t.Context(), http.MethodPost, "/associations", map[string]any{
		"resourceName": topic, "resourceNamespace": "lkc-1", "resourceId": "id of " + topic,
		"associations": []map[string]any{{"subject": subject, "associationType": "value"}},
	}, nil))
}

// durable is a registry with a log, which can be killed and started again where
// it was.
type durable struct {
	dir, address string
	memory       *memory.Registry
	server       *http.Server
}

func (d *durable) start(t *testing.T) {
	var err error
	d.memory, err = memory.Open(d.dir)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", d.address)
	require.NoError(t, err)
	d.address = listener.Addr().String()
	d.server = &http.Server{Handler: memory.Handler(d.memory)}
	go func(s *http.Server) { _ = s.Serve(listener) }(d.server)
}

func (d *durable) kill(t *testing.T) {
	require.NoError(t, d.server.Close())
	require.NoError(t, d.memory.Close())
}

// A registry that is killed in the middle of producing and consuming: what is
// known goes on without an error, what is not waits or says so, and in the end no
// record is lost.
func TestRegistryKilled(t *testing.T) {
	const before, during = 1000, 300 // records
	type Paid struct {
		Order
		Paid bool `avro:"paid"`
	}
	paidSchema := schemas.MustParse(`{"type":"record","name":"Order","namespace":"shop","fields":[
		{"name":"id","type":"string"},{"name":"total","type":"long"},{"name":"paid","type":"boolean","default":false}]}`)
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			env := kavrotest.New(t, kavrotest.WithTopic("orders", 1), kavrotest.WithTopic("others", 1))
			d := &durable{dir: t.TempDir(), address: "127.0.0.1:0"}
			d.start(t)
			defer func() { d.kill(t) }()
			ctx := deadline(t)
			conf := kavro.Config{"schema.registry.url": "http://" + d.address}
			client := open(t, name, env.Config(conf), kavro.WithRegistryOptions(
				registry.WithRetries(1, time.Millisecond, time.Millisecond), registry.WithBreaker(3, 50*time.Millisecond, 100*time.Millisecond)))
			orders, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
			require.NoError(t, err)
			paid, err := kavro.NewProducer[string, Paid](client, kavro.WithValue(kavro.WithSchema(paidSchema)))
			require.NoError(t, err)
			c, err := kavro.NewConsumer[string, Order](client, "readers", []string{"orders"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
			require.NoError(t, err)
			next := 0
			read := func(n int) {
				t.Helper()
				for range n {
					msg, err := c.Poll(ctx)
					require.NoError(t, err)
					require.Equal(t, int64(next), msg.Value.Total)
					next++
				}
			}

			for i := range before {
				require.NoError(t, orders.Produce(ctx, "orders", "k", Order{ID: "a", Total: int64(i)}))
			}
			require.NoError(t, orders.Flush(ctx))
			read(1)
			require.NoError(t, paid.Produce(ctx, "orders", "k", Paid{Order: Order{ID: "b", Total: before}}))
			require.NoError(t, paid.Flush(ctx))

			d.kill(t)
			for i := range during {
				order := Order{ID: "c", Total: int64(before + 1 + i)}
				if i%2 == 0 {
					require.NoError(t, orders.Produce(ctx, "orders", "k", order), "a schema that is known")
					require.NoError(t, orders.Flush(ctx))
					continue
				}
				require.NoError(t, paid.Produce(ctx, "orders", "k", Paid{Order: order}))
				require.NoError(t, paid.Flush(ctx))
			}
			read(before - 1)
			for range 3 { // the next record's schema was never asked for
				short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
				_, err = c.Poll(short)
				cancel()
				require.ErrorIs(t, err, context.DeadlineExceeded, "it is not the record that is bad")
			}
			err = orders.Produce(ctx, "others", "k", Order{})
			var down *registry.UnavailableError
			require.ErrorAs(t, err, &down, "a topic that is new")
			require.True(t, down.Temporary())

			d.start(t)
			read(1 + during)
			for down != nil {
				if err = orders.Produce(ctx, "others", "k", Order{}); !errors.As(err, &down) {
					break
				}
			}
			require.NoError(t, err)
			require.NoError(t, orders.Close(ctx))
			require.NoError(t, paid.Close(ctx))
			require.NoError(t, c.Close(ctx))
		})
	}
}

// Schemas can be fetched when partitions are assigned: the registry may then be
// gone before the first record of any of them is read.
func TestWarmupOnAssignment(t *testing.T) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			var faults *registrytest.Faults
			env, err := kavrotest.Start(kavrotest.WithTopic("orders", 1), kavrotest.WithRegistryMiddleware(func(next http.Handler) http.Handler {
				faults = registrytest.NewFaults(next)
				return faults
			}))
			require.NoError(t, err)
			defer func() { require.NoError(t, env.Close()) }()
			ctx := deadline(t)
			p, err := kavro.NewProducer[string, Order](open(t, name, env.Config()), kavro.WithValue(kavro.WithSchema(orderSchema)))
			require.NoError(t, err)
			require.NoError(t, p.Produce(ctx, "orders", "k", Order{ID: "a"}))
			require.NoError(t, p.Close(ctx))

			client, err := registry.New(env.RegistryURL)
			require.NoError(t, err)
			defer func() { require.NoError(t, client.Close()) }()
			warmup := func(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
				for _, o := range committed {
					if err := client.Warmup(ctx, o.Topic+"-value"); err != nil {
						return nil, err
					}
				}
				faults.Add(registrytest.Fault{Reset: true})
				return nil, nil // reading starts where it would anyway
			}
			c, err := kavro.NewConsumer[string, Order](open(t, name, env.Config(), kavro.WithRegistry(client)), "readers", []string{"orders"}, kavro.WithValue(kavro.WithSchema(orderSchema)), kavro.WithOnAssigned(warmup))
			require.NoError(t, err)
			before := faults.Total()
			msg, err := c.Poll(ctx)
			require.NoError(t, err)
			require.Equal(t, "a", msg.Value.ID)
			require.Equal(t, 2, faults.Total()-before, "the list of versions, and the one")
			require.NoError(t, c.Close(ctx))
		})
	}
}

// A program that ran before starts with the registry down, if it has a cache
// directory: it produces and consumes.
func TestStartWithTheRegistryDown(t *testing.T) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			var faults *registrytest.Faults
			env, err := kavrotest.Start(kavrotest.WithTopic("orders", 1), kavrotest.WithRegistryMiddleware(func(next http.Handler) http.Handler {
				faults = registrytest.NewFaults(next)
				return faults
			}))
			require.NoError(t, err)
			defer func() { require.NoError(t, env.Close()) }()
			ctx := deadline(t)
			associate(t, env, "orders", "all-orders")
			conf := kavro.Config{"kavro.registry.cache.dir": t.TempDir(), "value.subject.name.strategy": "AssociatedNameStrategy"}
			for run := range 3 {
				p, err := kavro.NewProducer[string, Order](open(t, name, env.Config(conf)), kavro.WithValue(kavro.WithSchema(orderSchema)))
				require.NoError(t, err)
				for i := range 10 {
					require.NoError(t, p.Produce(ctx, "orders", "k", Order{ID: "a", Total: int64(10*run + i)}))
				}
				require.NoError(t, p.Close(ctx))
				c, err := kavro.NewConsumer[string, Order](open(t, name, env.Config(conf)), fmt.Sprint("run ", run), []string{"orders"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
				require.NoError(t, err)
				for i := range 10 * (run + 1) {
					msg, err := c.Poll(ctx)
					require.NoError(t, err)
					require.Equal(t, int64(i), msg.Value.Total)
				}
				require.NoError(t, c.Close(ctx))
				if run == 0 {
					faults.Add(registrytest.Fault{Reset: true})
				}
			}
		})
	}
}

// A registry that answers with an id that cannot be one, or with the schema of
// another subject, puts nothing on the wire.
func TestWrongAnswersReachNoRecord(t *testing.T) {
	answers := []string{`"id":-5`, `"id":0`, `"id":4294967297`, `"id":null`, `"id":1,"subject":"another"`, `"id":1,"version":-3`}
	var next atomic.Int64
	env, err := kavrotest.Start(kavrotest.WithTopic("orders", 1), kavrotest.WithRegistryMiddleware(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"schema":%q,"subject":"orders-value","version":1,%s}`, orderSchema.String(), answers[next.Load()])
		})
	}))
	require.NoError(t, err)
	defer func() { require.NoError(t, env.Close()) }()
	ctx := deadline(t)
	conf := kavro.Config{"use.latest.version": true, "auto.register.schemas": false, "kavro.registry.call.timeout.ms": 5000}
	for i := range answers {
		next.Store(int64(i))
		p, err := kavro.NewProducer[string, Order](open(t, "franz", env.Config(conf)), kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		err = p.Produce(ctx, "orders", "key", Order{ID: "1"})
		var malformed *registry.MalformedResponseError
		require.ErrorAs(t, err, &malformed, answers[i])
		require.ErrorContains(t, err, "/subjects/orders-value/versions/latest")
		require.NoError(t, p.Close(ctx))
	}
	c, err := kavro.NewConsumer[string, []byte](open(t, "franz", env.Config(kavro.Config{"value.deserializer": "bytes"})), "readers", []string{"orders"}, kavro.WithToEnd())
	require.NoError(t, err)
	require.NoError(t, c.Run(ctx, func(_ context.Context, m *kavro.Message[string, []byte]) error {
		return fmt.Errorf("on the wire: %x", m.Value)
	}))
	require.NoError(t, c.Close(ctx))
}
