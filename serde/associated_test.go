package serde_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
	"github.com/kavro/kavro/serde"
)

// associating is a registry over HTTP that counts its requests, and a client.
type associating struct {
	*memory.Registry
	*registrytest.Faults
	client *registry.Client
}

var (
	_ serde.Associations = (*registry.Client)(nil)
	_ serde.Associations = (*memory.Registry)(nil)
)

const associationsOfOrders = "GET /associations/resources/-/orders"

func newAssociating(t *testing.T) *associating {
	m := memory.New()
	a := &associating{Registry: m, Faults: registrytest.NewFaults(memory.Handler(m))}
	server := httptest.NewServer(a.Faults)
	t.Cleanup(server.Close)
	var err error
	a.client, err = registry.New(server.URL, registry.WithRetries(0, time.Millisecond, time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.client.Close()) })
	return a
}

// associate says that subject belongs to the values of topic orders in a cluster.
func (a *associating) associate(t *testing.T, cluster, subject string) {
	_, err := a.Registry.Register(t.Context(), subject, registry.Definition{Text: orderV1.String()})
	require.NoError(t, err)
	require.NoError(t, a.client.Do(t.Context(), http.MethodPost, "/associations", map[string]any{
		"resourceName": "orders", "resourceNamespace": cluster, "resourceId": "id in " + cluster,
		"associations": []map[string]any{{"subject": subject, "associationType": "value"}},
	}, nil))
}

// One request per topic, and the subject that it names is used from then on.
func TestAssociatedSubject(t *testing.T) {
	r := newAssociating(t)
	r.associate(t, "lkc-1", "all-orders")
	before := r.Total()
	s := serializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", nil))
	d := deserializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", nil))
	for range 1000 {
		to := target()
		payload, err := s.Append(t.Context(), nil, to, &Order{ID: "a"})
		require.NoError(t, err)
		require.Equal(t, "all-orders", to.Schema.Subject)
		require.Equal(t, "a", decode(t, d, payload).ID)
	}
	require.Equal(t, 1, r.Requests()[associationsOfOrders], "%v", r.Requests())
	require.Equal(t, 3, r.Total()-before, "association, lookup, schema by id")
}

// Ids are looked up where the associated subject is.
func TestAssociatedSubjectInAContext(t *testing.T) {
	r := newAssociating(t)
	_, err := r.Registry.Register(t.Context(), "other", registry.Definition{Text: `"string"`}) // id 1 in the default context
	require.NoError(t, err)
	r.associate(t, "lkc-1", ":.eu:all-orders") // id 1 there
	s := serializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("lkc-1", nil))
	payload := encode(t, s, Order{ID: "a", Total: 3})
	require.Equal(t, []byte{0, 0, 0, 0, 1}, payload[:5])
	for name, fallback := range map[string]serde.Subject{"TopicName": serde.TopicName, "none": nil} {
		d := deserializer[any](t, r.client, serde.WithAssociated("lkc-1", fallback))
		require.Equal(t, map[string]any{"id": "a", "total": int64(3)}, decode(t, d, payload), name)

		var v any // a topic without an association: the default context
		err = d.Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, 'x'}, &serde.Target{Topic: "others", Part: serde.Value}, &v)
		require.NoError(t, err, name)
		require.Equal(t, "x", v, name)
	}
}

// Registries that know no associations say so in many ways. Each means none, is
// asked once per topic, and the fallback names the subject.
func TestAssociatedOnOtherRegistries(t *testing.T) {
	html, bare, list, object, empty := "<html>404</html>", `"Not Found"`, `[]`, `{"error_code":404,"message":"HTTP 404 Not Found"}`, ""
	for name, fault := range map[string]registrytest.Fault{
		"404, a page":           {Status: 404, Body: &html},
		"404, a string":         {Status: 404, Body: &bare},
		"404, empty":            {Status: 404, Body: &empty},
		"404, an object":        {Status: 404, Body: &object},
		"405, empty":            {Status: 405, Body: &empty},
		"405, a page":           {Status: 405, Body: &html},
		"501, a list":           {Status: 501, Body: &list},
		"501, a string":         {Status: 501, Body: &bare},
		"200, but none":         {Status: 200, Body: &list},
		"what ours itself says": {Header: http.Header{"X-Nothing": {"changed"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newAssociating(t)
			fault.Path = "/associations/*"
			r.Add(fault)
			s := serializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", serde.TopicName))
			d := deserializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", serde.TopicName))
			for range 1000 {
				to := target()
				payload, err := s.Append(t.Context(), nil, to, &Order{ID: "a"})
				require.NoError(t, err)
				require.Equal(t, "orders-value", to.Schema.Subject)
				require.Equal(t, "a", decode(t, d, payload).ID)
			}
			require.Equal(t, 1, r.Requests()[associationsOfOrders], "%v", r.Requests())
			require.Equal(t, 4, r.Total(), "association, lookup, register, schema by id: %v", r.Requests())
		})
	}
}

// A registry that cannot answer has not said that there is no association.
func TestAssociatedWhileTheRegistryIsDown(t *testing.T) {
	r := newAssociating(t)
	r.associate(t, "lkc-1", ":.eu:all-orders")
	r.Add(registrytest.Fault{Path: "/associations/*", Status: 503, Count: 2})
	s := serializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", serde.TopicName))
	d := deserializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", serde.TopicName))
	var down *registry.UnavailableError
	_, err := s.Append(t.Context(), nil, target(), &Order{})
	require.ErrorAs(t, err, &down)
	var v Order
	err = d.Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, 'a', 6}, target(), &v)
	require.ErrorAs(t, err, &down)

	require.NoError(t, d.Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, 'a', 6}, target(), &v))
	require.Equal(t, Order{ID: "a", Total: 3}, v)
	encode(t, s, v)
}

func TestAssociatedErrors(t *testing.T) {
	r := newAssociating(t)
	_, err := serializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", nil)).Append(t.Context(), nil, target(), &Order{})
	require.EqualError(t, err, "orders value: no subject is associated with the values of topic orders")
	_, err = serializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", serde.TopicName)).Append(t.Context(), nil, &serde.Target{}, &Order{})
	require.ErrorContains(t, err, "no topic given")

	r = newAssociating(t)
	r.associate(t, "lkc-1", "a")
	r.associate(t, "lkc-2", "b")
	many := "2 subjects are associated with the values of topic orders: a, b"
	_, err = serializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", serde.TopicName)).Append(t.Context(), nil, target(), &Order{})
	require.EqualError(t, err, "orders value: "+many)
	var v Order
	err = deserializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("", serde.TopicName)).Decode(t.Context(), []byte{0, 0, 0, 0, 1, 0, 0}, target(), &v)
	require.ErrorContains(t, err, many)
	to := target()
	_, err = serializer[Order](t, r.client, serde.WithSchema(orderV1), serde.WithAssociated("lkc-2", nil)).Append(t.Context(), nil, to, &Order{})
	require.NoError(t, err, "the cluster decides")
	require.Equal(t, "b", to.Schema.Subject)

	_, err = serde.NewAvroSerializer[Order](struct{ serde.SchemaRegistrar }{r.client}, serde.WithSchema(orderV1), serde.WithAssociated("", nil))
	require.ErrorContains(t, err, "knows no associations")
	_, err = serde.NewAvroDeserializer[Order](struct{ serde.SchemaSource }{r.client}, serde.WithSchema(orderV1), serde.WithAssociated("", nil))
	require.ErrorContains(t, err, "knows no associations")
}

// The strategy by the names that it has elsewhere, for keys or values.
func TestAssociatedByConfiguration(t *testing.T) {
	subjectOf := func(t *testing.T, r *associating, part serde.Part, conf kafka.Config) (string, error) {
		opts, _, err := serde.FromConfig(conf, part)
		require.NoError(t, err)
		to := &serde.Target{Topic: "orders", Part: part}
		if _, err = serializer[Order](t, r.client, append(opts, serde.WithSchema(orderV1))...).Append(t.Context(), nil, to, &Order{}); err != nil {
			return "", err
		}
		return to.Schema.Subject, nil
	}
	const java = "io.confluent.kafka.serializers.subject.AssociatedNameStrategy"
	for _, c := range []struct {
		name       string
		conf       kafka.Config
		key, value string // subjects; "" is an error
	}{
		{"of values", kafka.Config{"value.subject.name.strategy": java}, "orders-key", "all-orders"},
		{"of keys", kafka.Config{"key.subject.name.strategy": java}, "orders-key", "orders-value"},
		{"of both, by Python's name", kafka.Config{"subject.name.strategy.type": "ASSOCIATED"}, "orders-key", "all-orders"},
		{"one part's own name wins", kafka.Config{"subject.name.strategy.type": "RECORD", "value.subject.name.strategy": java}, "shop.Order", "all-orders"},
		{"this cluster", kafka.Config{"value.subject.name.strategy": java, "subject.name.strategy.kafka.cluster.id": "lkc-1"}, "orders-key", "all-orders"},
		{"another cluster", kafka.Config{"value.subject.name.strategy": java, "subject.name.strategy.kafka.cluster.id": "lkc-2"}, "orders-key", "orders-value"},
		{"falling back to RECORD", kafka.Config{"subject.name.strategy.type": "ASSOCIATED", "subject.name.strategy.fallback.type": "record"}, "shop.Order", "all-orders"},
		{"falling back to TOPIC_RECORD", kafka.Config{"subject.name.strategy.type": "ASSOCIATED", "subject.name.strategy.fallback.type": "TOPIC_RECORD"}, "orders-shop.Order", "all-orders"},
		{"falling back to nothing", kafka.Config{"subject.name.strategy.type": "ASSOCIATED", "subject.name.strategy.fallback.type": "NONE"}, "", "all-orders"},
		{"without it", kafka.Config{}, "orders-key", "orders-value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newAssociating(t)
			r.associate(t, "lkc-1", "all-orders")
			for part, want := range map[serde.Part]string{serde.Key: c.key, serde.Value: c.value} {
				got, err := subjectOf(t, r, part, c.conf)
				if want == "" {
					require.ErrorContains(t, err, "no subject is associated with the "+part.String()+"s of topic orders")
				}
				require.Equal(t, want, got, part)
			}
		})
	}
}
