package kavro_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/internal/bases"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
)

// AssociatedNameStrategy, on request, costs one request more for a topic's values,
// also of a registry that has never heard of associations.
func TestAssociatedSubjects(t *testing.T) {
	const records = 10_000
	for _, base := range bases.Names() {
		for _, test := range []struct {
			name    string
			knows   bool
			subject string
		}{
			{"a registry with associations", true, "all-orders"},
			{"a registry without", false, "orders-value"},
		} {
			t.Run(base+", "+test.name, func(t *testing.T) {
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
				ctx := patient(t)
				if test.knows {
					associate(t, env, "orders", test.subject)
				}
				before := asked.Load()

				conf := kavro.Config{"value.subject.name.strategy": "io.confluent.kafka.serializers.subject.AssociatedNameStrategy"}
				p, err := kavro.NewProducer[string, Order](env.Config(conf), kavro.Base(base), kavro.ValueSchema(orderSchema))
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
				c, err := kavro.NewConsumer[string, Order](env.Group("readers", conf), []string{"orders"}, kavro.Base(base), kavro.ValueSchema(orderSchema))
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
