package kavrotest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStart(t *testing.T) {
	var requests int
	env, err := kavrotest.Start(
		kavrotest.WithTopic("orders", 5),
		kavrotest.WithLevel(schemas.Full),
		kavrotest.WithRegistryMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				next.ServeHTTP(w, r)
			})
		}))
	require.NoError(t, err)

	// The registry answers over HTTP, and is the one in env.
	client, err := registry.New(env.RegistryURL)
	require.NoError(t, err)
	level, err := client.Compatibility(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, schemas.Full, level)
	_, err = env.Registry.Register(t.Context(), "s", registry.Definition{Text: `"string"`})
	require.NoError(t, err)
	s, err := client.Latest(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, 1, s.ID)
	require.Equal(t, 2, requests)
	require.NoError(t, client.Close())

	// The broker has the topic of WithTopic.
	producer, err := kgo.NewClient(kgo.SeedBrokers(env.Brokers...), kgo.ConsumeTopics("orders"))
	require.NoError(t, err)
	require.NoError(t, producer.ProduceSync(t.Context(), &kgo.Record{Topic: "orders", Value: []byte("x")}).FirstErr())
	require.ErrorContains(t, env.CreateTopic(t.Context(), "orders", 1), "kavrotest: topic orders: ")
	producer.Close()

	require.NoError(t, env.Close())
}

// What New starts ends with the test.
func TestNew(t *testing.T) {
	var env *kavrotest.Env
	t.Run("a test", func(t *testing.T) {
		env = kavrotest.New(t, kavrotest.WithTopic("orders", 5))
		require.ErrorContains(t, env.CreateTopic(t.Context(), "orders", 1), "kavrotest: topic orders: ")
	})
	client, err := registry.New(env.RegistryURL, registry.WithRetries(0, time.Millisecond, time.Millisecond))
	require.NoError(t, err)
	_, err = client.Compatibility(t.Context(), "")
	require.ErrorAs(t, err, new(*registry.UnavailableError))
	require.NoError(t, client.Close())
}

func TestConfig(t *testing.T) {
	env := kavrotest.New(t)
	conf := env.Group("g", kafka.Config{"auto.offset.reset": "latest", "linger.ms": 1})
	require.Equal(t, kafka.Config{
		"bootstrap.servers": env.Brokers[0], "schema.registry.url": env.RegistryURL,
		"group.id": "g", "auto.offset.reset": "latest", "linger.ms": 1,
	}, conf)
	conf["group.id"] = "changed"
	require.Equal(t, "g", env.Group("g")["group.id"], "every configuration is the caller's own")
	require.Equal(t, "earliest", env.Config()["auto.offset.reset"])
}
