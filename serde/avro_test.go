package serde_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

type Order struct {
	ID    string `avro:"id"`
	Total int64  `avro:"total"`
}

type OrderV2 struct {
	ID       string `avro:"id"`
	Total    int64  `avro:"total"`
	Currency string `avro:"currency"`
}

const orderFields = `{"name":"id","type":"string"},{"name":"total","type":"long"}`

var (
	orderV1 = schemas.MustParse(`{"type":"record","name":"Order","namespace":"shop","fields":[` + orderFields + `]}`)
	orderV2 = schemas.MustParse(`{"type":"record","name":"Order","namespace":"shop","fields":[` + orderFields + `,{"name":"currency","type":"string","default":"EUR"}]}`)
	// orderV3 adds a field without a default: it cannot read older data.
	orderV3 = schemas.MustParse(`{"type":"record","name":"Order","namespace":"shop","fields":[` + orderFields + `,{"name":"vat","type":"long"}]}`)
)

// counting is a registry that counts what it is asked.
type counting struct {
	*memory.Registry
	calls []string
}

func newCounting() *counting { return &counting{Registry: memory.New()} }

func (c *counting) Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	c.calls = append(c.calls, "lookup "+subject)
	return c.Registry.Lookup(ctx, subject, d, opts...)
}

func (c *counting) Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	c.calls = append(c.calls, "register "+subject)
	return c.Registry.Register(ctx, subject, d, opts...)
}

func (c *counting) SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error) {
	c.calls = append(c.calls, fmt.Sprintf("id %s%d", subject, id))
	return c.Registry.SchemaByID(ctx, subject, id)
}

// idOnly answers as Karapace and Apicurio do: an id and nothing else.
type idOnly struct{ *counting }

func (c idOnly) Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	return bare(c.counting.Lookup(ctx, subject, d, opts...))
}

func (c idOnly) Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	return bare(c.counting.Register(ctx, subject, d, opts...))
}

func bare(s *registry.SubjectSchema, err error) (*registry.SubjectSchema, error) {
	if err != nil {
		return nil, err
	}
	return &registry.SubjectSchema{Subject: s.Subject, ID: s.ID}, nil
}

func serializer[T any](t *testing.T, r serde.SchemaRegistrar, opts ...serde.SerializerOption) *serde.AvroSerializer[T] {
	s, err := serde.NewAvroSerializer[T](r, opts...)
	require.NoError(t, err)
	return s
}

func deserializer[T any](t *testing.T, r serde.SchemaSource, opts ...serde.DeserializerOption) *serde.AvroDeserializer[T] {
	d, err := serde.NewAvroDeserializer[T](r, opts...)
	require.NoError(t, err)
	return d
}

func target() *serde.Target { return &serde.Target{Topic: "orders", Part: serde.Value} }

// encode serializes v for topic orders.
func encode[T any](t *testing.T, s serde.Serializer[T], v T) []byte {
	out, err := s.Append(t.Context(), nil, target(), &v)
	require.NoError(t, err)
	return out
}

func decode[T any](t *testing.T, d serde.Deserializer[T], payload []byte) T {
	var v T
	require.NoError(t, d.Decode(t.Context(), payload, target(), &v))
	return v
}

func TestRoundTrip(t *testing.T) {
	r := newCounting()
	s := serializer[Order](t, r, serde.WithSchema(orderV1))
	to := target()
	out, err := s.Append(t.Context(), []byte("before"), to, &Order{ID: "a", Total: 3})
	require.NoError(t, err)
	require.Equal(t, "before\x00\x00\x00\x00\x01\x02a\x06", string(out))
	require.False(t, to.Null)
	require.Equal(t, "orders-value", to.Schema.Subject)
	require.Equal(t, 1, to.Schema.Version)
	require.Equal(t, []string{"lookup orders-value", "register orders-value"}, r.calls)

	d := deserializer[Order](t, r, serde.WithSchema(orderV1))
	from := target()
	var v Order
	require.NoError(t, d.Decode(t.Context(), out[len("before"):], from, &v))
	require.Equal(t, Order{ID: "a", Total: 3}, v)
	require.Equal(t, 1, from.Schema.ID)
}

// One hundred thousand values make two requests, whatever the registry answers.
func TestWarmPathAsksNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		wrap func(*counting) serde.SchemaRegistrar
	}{
		{"a registry like Confluent's", func(c *counting) serde.SchemaRegistrar { return c }},
		{"a registry that answers only an id", func(c *counting) serde.SchemaRegistrar { return idOnly{c} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newCounting()
			s := serializer[Order](t, c.wrap(r), serde.WithSchema(orderV1))
			d := deserializer[Order](t, r, serde.WithSchema(orderV2Reader))
			var payload []byte
			for i := range 100_000 {
				var err error
				payload, err = s.Append(t.Context(), payload[:0], target(), &Order{ID: "a", Total: int64(i)})
				require.NoError(t, err)
				if i%1000 == 0 {
					require.Equal(t, int64(i), decode(t, d, payload).Total)
				}
			}
			require.Equal(t, []string{"lookup orders-value", "register orders-value", "id 1"}, r.calls)
		})
	}
}

// orderV2Reader is orderV1 without a field: Order fits neither v2 nor this.
var orderV2Reader = orderV1

func TestEvolution(t *testing.T) {
	r := memory.New()
	old := encode(t, serializer[Order](t, r, serde.WithSchema(orderV1)), Order{ID: "old", Total: 1})
	next := encode(t, serializer[OrderV2](t, r, serde.WithSchema(orderV2)), OrderV2{ID: "new", Total: 2, Currency: "CHF"})

	v1 := deserializer[Order](t, r, serde.WithSchema(orderV1))
	v2 := deserializer[OrderV2](t, r, serde.WithSchema(orderV2))
	require.Equal(t, OrderV2{ID: "old", Total: 1, Currency: "EUR"}, decode(t, v2, old), "the default fills what old data lacks")
	require.Equal(t, Order{ID: "new", Total: 2}, decode(t, v1, next), "old programs skip what they do not know")

	s := serializer[map[string]any](t, r, serde.WithSchema(orderV3))
	value := map[string]any{"id": "x", "total": int64(1), "vat": int64(2)}
	to := target()
	out, err := s.Append(t.Context(), []byte("kept"), to, &value)
	require.Equal(t, "kept", string(out))
	var incompatible *schemas.IncompatibleError
	require.ErrorAs(t, err, &incompatible)
	require.Equal(t, schemas.Backward, incompatible.Level)
	require.Equal(t, 2, incompatible.Reasons[0].Version)
	require.ErrorContains(t, err, "orders value (subject orders-value): ")
	require.ErrorContains(t, err, "vat")
}

func TestHeaderFrame(t *testing.T) {
	r := memory.New()
	s := serializer[Order](t, r, serde.WithSchema(orderV1), serde.WithHeaderFrame())
	mine := []kafka.Header{{Key: "trace", Value: []byte("1")}, {Key: "spare"}}[:1:2]
	var payload []byte
	headers := mine
	for range 2 { // the same record again: still one frame
		to := &serde.Target{Topic: "orders", Part: serde.Value, Headers: headers}
		out, err := s.Append(t.Context(), nil, to, &Order{ID: "a", Total: 3})
		require.NoError(t, err)
		require.Equal(t, "\x02a\x06", string(out))
		require.Len(t, to.Headers, 2)
		require.Equal(t, "__value_schema_id", to.Headers[1].Key)
		require.Len(t, to.Headers[1].Value, 17)
		headers, payload = to.Headers, out
	}
	require.Equal(t, "spare", mine[:2][1].Key, "the caller's slice is not written to")

	d := deserializer[Order](t, r, serde.WithSchema(orderV1))
	var v Order
	require.NoError(t, d.Decode(t.Context(), payload, &serde.Target{Topic: "orders", Part: serde.Value, Headers: headers}, &v))
	require.Equal(t, Order{ID: "a", Total: 3}, v)

	_, err := serializer[Order](t, idOnly{newCounting()}, serde.WithSchema(orderV1), serde.WithHeaderFrame()).Append(t.Context(), nil, target(), &Order{})
	require.ErrorContains(t, err, "gave no GUID for schema 1")
}

func TestNull(t *testing.T) {
	r := newCounting()
	t.Run("nil pointer", func(t *testing.T) {
		to := target()
		var v *Order
		out, err := serializer[*Order](t, r, serde.WithSchema(orderV1)).Append(t.Context(), nil, to, &v)
		require.NoError(t, err)
		require.True(t, to.Null)
		require.Empty(t, out)
	})
	t.Run("nil map", func(t *testing.T) {
		to := target()
		var v map[string]any
		_, err := serializer[map[string]any](t, r, serde.WithSchema(orderV1)).Append(t.Context(), nil, to, &v)
		require.NoError(t, err)
		require.True(t, to.Null)
	})
	t.Run("typed nil in an interface", func(t *testing.T) {
		to := target()
		var v any = (*Order)(nil)
		_, err := serializer[any](t, r, serde.WithSchema(orderV1)).Append(t.Context(), nil, to, &v)
		require.NoError(t, err)
		require.True(t, to.Null)
	})
	require.Empty(t, r.calls, "a tombstone needs no schema")
	t.Run("read", func(t *testing.T) {
		v := &Order{ID: "old"}
		from := &serde.Target{Topic: "orders", Part: serde.Value, Null: true}
		require.NoError(t, deserializer[*Order](t, r, serde.WithSchema(orderV1)).Decode(t.Context(), nil, from, &v))
		require.Nil(t, v)
	})
	t.Run("empty is not null", func(t *testing.T) {
		var v Order
		err := deserializer[Order](t, r, serde.WithSchema(orderV1)).Decode(t.Context(), []byte{}, target(), &v)
		var e *serde.FrameError
		require.ErrorAs(t, err, &e)
	})
}

// A top-level "bytes" schema is written without a length, as Java, Python and
// Confluent's Go serializers do.
func TestTopLevelBytes(t *testing.T) {
	r := memory.New()
	out := encode(t, serializer[[]byte](t, r), []byte{0, 1, 0xff})
	require.Equal(t, []byte{0, 0, 0, 0, 1, 0, 1, 0xff}, out)
	require.Equal(t, []byte{0, 1, 0xff}, decode(t, deserializer[[]byte](t, r), out))
	require.Equal(t, "\x00\x01\xff", decode(t, deserializer[string](t, r), out), "bytes resolve to string")

	prefixed := encode(t, serializer[[]byte](t, r, serde.WithLengthPrefixedBytes()), []byte{0, 1, 0xff})
	require.Equal(t, []byte{0, 0, 0, 0, 1, 6, 0, 1, 0xff}, prefixed)
	require.Equal(t, []byte{0, 1, 0xff}, decode(t, deserializer[[]byte](t, r, serde.WithLengthPrefixedBytes()), prefixed))
}

func TestGenericValues(t *testing.T) {
	r := memory.New()
	s := serializer[serde.Generic](t, r, serde.WithSubject(serde.TopicRecordName))
	payload := encode(t, s, serde.Generic{Schema: orderV1, Value: map[string]any{"id": "g", "total": int64(5)}})

	g := decode(t, deserializer[serde.Generic](t, r), payload)
	require.Equal(t, map[string]any{"id": "g", "total": int64(5)}, g.Value)
	require.Equal(t, orderV1.Canonical(), g.Schema.Canonical())
	require.Equal(t, g.Value, decode(t, deserializer[any](t, r), payload))
	require.Equal(t, g.Value, any(decode(t, deserializer[map[string]any](t, r), payload)))
	subjects, err := r.Subjects(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{"orders-shop.Order"}, subjects)
}

type event interface{ isEvent() }

type paid struct {
	ID string `avro:"id"`
}

func (*paid) isEvent() {}
func (Order) isEvent() {}

var paidSchema = schemas.MustParse(`{"type":"record","name":"Paid","namespace":"shop","fields":[{"name":"id","type":"string"}]}`)

// Several event types in one topic, each with a subject of its own.
func TestVariants(t *testing.T) {
	r := memory.New()
	opts := []serde.Option{serde.WithSubject(serde.TopicRecordName), serde.WithVariant[Order](orderV1), serde.WithVariant[paid](paidSchema)}
	s, err := serde.NewAvroSerializer[event](r, serializerOptions(opts)...)
	require.NoError(t, err)
	d, err := serde.NewAvroDeserializer[event](r, deserializerOptions(opts)...)
	require.NoError(t, err)
	for _, v := range []event{Order{ID: "o", Total: 1}, &paid{ID: "p"}} {
		require.Equal(t, v, decode[event](t, d, encode[event](t, s, v)))
	}
	out := encode[event](t, s, &Order{ID: "by pointer", Total: 1})
	require.Equal(t, event(Order{ID: "by pointer", Total: 1}), decode[event](t, d, out))

	other := encode(t, serializer[serde.Generic](t, r, serde.WithSubject(serde.TopicRecordName)),
		serde.Generic{Schema: schemas.MustParse(`{"type":"record","name":"shop.Other","fields":[]}`), Value: map[string]any{}})
	var v event
	err = d.Decode(t.Context(), other, target(), &v)
	require.ErrorContains(t, err, "shop.Other is none of the 2 types")
}

func serializerOptions(opts []serde.Option) (out []serde.SerializerOption) {
	for _, o := range opts {
		out = append(out, o)
	}
	return out
}

func deserializerOptions(opts []serde.Option) (out []serde.DeserializerOption) {
	for _, o := range opts {
		out = append(out, o)
	}
	return out
}

func TestLatest(t *testing.T) {
	r := memory.New()
	encode(t, serializer[Order](t, r, serde.WithSchema(orderV1)), Order{})
	encode(t, serializer[OrderV2](t, r, serde.WithSchema(orderV2)), OrderV2{})

	// The program knows version 1, and writes what the latest version says.
	s := serializer[Order](t, r, serde.WithSchema(orderV1), serde.WithLatest(), serde.WithAutoRegister(false))
	payload := encode(t, s, Order{ID: "a", Total: 1})
	require.Equal(t, []byte{0, 0, 0, 0, 2}, payload[:5])
	require.Equal(t, OrderV2{ID: "a", Total: 1, Currency: "EUR"}, decode(t, deserializer[OrderV2](t, r, serde.WithLatest()), payload))

	byID := serializer[Order](t, r, serde.WithSchema(orderV1), serde.WithSchemaID(1))
	require.Equal(t, []byte{0, 0, 0, 0, 1}, encode(t, byID, Order{})[:5])
	byVersion := serializer[map[string]any](t, r, serde.WithVersion(1))
	require.Equal(t, []byte{0, 0, 0, 0, 1}, encode(t, byVersion, map[string]any{"id": "", "total": int64(0)})[:5])
}

func TestWithoutRegistration(t *testing.T) {
	r := newCounting()
	s := serializer[Order](t, r, serde.WithSchema(orderV1), serde.WithAutoRegister(false))
	_, err := s.Append(t.Context(), nil, target(), &Order{})
	var missing *serde.MissingSchemaError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "kavro schema register orders-value")
	var notFound *registry.NotFoundError
	require.ErrorAs(t, err, &notFound)

	// A refusal is repeated for a moment without asking again.
	asked := len(r.calls)
	for range 50 {
		_, err = s.Append(t.Context(), nil, target(), &Order{})
		require.ErrorAs(t, err, &missing)
	}
	require.Len(t, r.calls, asked)

	// What says the same in other words will do.
	other := `{"fields":[{"type":{"type":"string"},"name":"id"},{"name":"total","type":"long"}],"name":"shop.Order","type":"record"}`
	_, err = r.Registry.Register(t.Context(), "other-value", registry.Definition{Text: other})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), nil, &serde.Target{Topic: "other", Part: serde.Value}, &Order{})
	require.NoError(t, err)
}

func TestRulesAreNotPassedOver(t *testing.T) {
	r := memory.New()
	rules := &registry.RuleSet{DomainRules: []registry.Rule{{Name: "encPII", Kind: "TRANSFORM", Mode: "WRITEREAD", Type: "ENCRYPT", Tags: []string{"PII"}}}}
	def := registry.Definition{Text: orderV1.String(), RuleSet: rules}
	s := serializer[Order](t, r, serde.WithDefinition(orderV1, def))
	_, err := s.Append(t.Context(), nil, target(), &Order{})
	var rule *serde.RuleError
	require.ErrorAs(t, err, &rule)
	require.Equal(t, "encPII", rule.Rule)

	payload := []byte{0, 0, 0, 0, 1, 2, 'a', 6}
	var v Order
	err = deserializer[Order](t, r, serde.WithSchema(orderV1)).Decode(t.Context(), payload, target(), &v)
	require.ErrorAs(t, err, &rule)
	require.Equal(t, Order{ID: "a", Total: 3}, decode(t, deserializer[Order](t, r, serde.WithSchema(orderV1), serde.WithRulesIgnored()), payload))
}

func TestContexts(t *testing.T) {
	r := newCounting()
	byTopic := func(topic string, part serde.Part, record string) (string, error) {
		return serde.InContext(topic, serde.TopicName)(topic, part, record)
	}
	// The same id in two contexts is two schemas.
	for _, c := range []struct{ subject, text string }{{":.a:a-value", `"string"`}, {":.b:b-value", `"long"`}} {
		_, err := r.Registry.Register(t.Context(), c.subject, registry.Definition{Text: c.text})
		require.NoError(t, err)
	}
	d := deserializer[any](t, r, serde.WithSubject(byTopic))
	for range 3 {
		var v any
		require.NoError(t, d.Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, 'x'}, &serde.Target{Topic: "a", Part: serde.Value}, &v))
		require.Equal(t, "x", v)
		require.NoError(t, d.Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2}, &serde.Target{Topic: "b", Part: serde.Value}, &v))
		require.Equal(t, int64(1), v)
	}
	require.Equal(t, []string{"id :.a:1", "id :.b:1"}, r.calls)

	// One serializer that goes from one context to the other writes each one's id.
	_, err := r.Registry.Register(t.Context(), ":.b:a-value", registry.Definition{Text: `"string"`})
	require.NoError(t, err)
	contexts := map[string]string{"a": ".a", "b": ".b"}
	s := serializer[string](t, r, serde.WithSubject(func(topic string, part serde.Part, record string) (string, error) {
		return serde.InContext(contexts[topic], serde.TopicName)("a", part, record)
	}))
	for range 3 {
		for topic, id := range map[string]byte{"a": 1, "b": 2} {
			v := "x"
			out, err := s.Append(t.Context(), nil, &serde.Target{Topic: topic, Part: serde.Value}, &v)
			require.NoError(t, err)
			require.Equal(t, []byte{0, 0, 0, 0, id}, out[:5], topic)
		}
	}
}

func TestBadPayloads(t *testing.T) {
	r := memory.New()
	good := encode(t, serializer[Order](t, r, serde.WithSchema(orderV1)), Order{ID: "abc", Total: 300})
	d := deserializer[Order](t, r, serde.WithSchema(orderV1))
	for _, c := range []struct {
		name    string
		payload []byte
		is      any
		err     string
	}{
		{"unknown id", []byte{0, 0, 0, 0, 99, 2, 'a', 6}, new(*registry.NotFoundError), "orders value (schema 99): registry: schema id 99 does not exist"},
		{"cut datum", good[:len(good)-1], new(*avro.DecodeError), "orders value (schema 1): total: "},
		{"trailing byte", append(good[:len(good):len(good)], 0), new(*avro.DecodeError), "orders value (schema 1): "},
		{"huge length", []byte{0, 0, 0, 0, 1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x7f}, new(*avro.DecodeError), "orders value (schema 1): id: "},
		{"no frame", []byte("plain"), new(*serde.FrameError), "orders value: not framed (5 bytes): first byte 0x70"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Order{ID: "reused"}
			err := d.Decode(t.Context(), c.payload, target(), &v)
			require.ErrorAs(t, err, c.is)
			require.ErrorContains(t, err, c.err)
		})
	}
	// A prefix of a good payload of any length is an error, never a panic.
	for cut := range good {
		var v Order
		require.Error(t, d.Decode(t.Context(), good[:cut:cut], target(), &v))
	}
}

func TestConstructorErrors(t *testing.T) {
	r := memory.New()
	type mismatched struct {
		ID    int32   `avro:"id"`
		Other float64 `avro:"other"`
	}
	_, err := serde.NewAvroSerializer[mismatched](r, serde.WithSchema(orderV1))
	var e *avro.TypeMismatchError
	require.ErrorAs(t, err, &e)
	require.GreaterOrEqual(t, len(e.Mismatches), 3, "all of them: id's type, total missing here, other missing there")

	_, err = serde.NewAvroSerializer[Order](r)
	require.ErrorContains(t, err, "serde_test.Order carries no schema: generate the type with kavro gen or write a method AvroSchema")
	_, err = serde.NewAvroDeserializer[fmt.Stringer](r)
	require.ErrorContains(t, err, "fmt.Stringer carries no schema")
	_, err = serde.NewAvroSerializer[Order](r, serde.WithSchema(orderV1), serde.WithLatest(), serde.WithAutoRegister(true))
	require.ErrorContains(t, err, "contradict")
	_, err = serde.NewAvroSerializer[Order](r, serde.WithSchema(orderV1), serde.WithLatest(), serde.WithVersion(3))
	require.ErrorContains(t, err, "exclude each other")
}

func TestAppendAllocates(t *testing.T) {
	s := serializer[Order](t, memory.New(), serde.WithSchema(orderV1))
	ctx, to, v, buf := t.Context(), target(), Order{ID: "abc", Total: 300}, make([]byte, 0, 64)
	_, err := s.Append(ctx, buf, to, &v)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = s.Append(ctx, buf, to, &v) }))
}

// A framed value: five bytes name the schema, the rest is the datum.
func ExampleNewAvroSerializer() {
	ctx := context.Background()
	r := memory.New() // or registry.New("http://localhost:8081")
	s, err := serde.NewAvroSerializer[Order](r, serde.WithSchema(orderV1))
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, err := s.Append(ctx, nil, &serde.Target{Topic: "orders", Part: serde.Value}, &Order{ID: "ada", Total: 3})
	fmt.Println(payload, err)
	// Output: [0 0 0 0 1 6 97 100 97 6] <nil>
}

// A subject function that panics ends the call that ran it, and holds up nobody.
func TestSubjectPanics(t *testing.T) {
	boom := func(string, serde.Part, string) (string, error) { panic("boom") }
	s := serializer[Order](t, memory.New(), serde.WithSchema(orderV1), serde.WithSubject(boom))
	require.PanicsWithValue(t, "boom", func() { _, _ = s.Append(t.Context(), nil, target(), &Order{}) })
	_, err := s.Append(t.Context(), nil, target(), &Order{})
	require.ErrorContains(t, err, "panicked")
}
