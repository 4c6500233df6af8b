package serde_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// register registers texts as versions of a subject, with no level in the way.
func register(t *testing.T, r *memory.Registry, subject string, texts ...string) {
	none := schemas.None
	require.NoError(t, r.SetConfig(t.Context(), subject, registry.Config{Level: &none}))
	for _, text := range texts {
		_, err := r.Register(t.Context(), subject, registry.Definition{Text: text})
		require.NoError(t, err)
	}
}

func shopOrder(fields string) string {
	return `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"}` + fields + `]}`
}

func statusField(symbols string) string {
	return `,{"name":"status","type":{"type":"enum","name":"S","symbols":[` + symbols + `],"default":"NEW"}}`
}

type statusOrder struct {
	ID     string `avro:"id"`
	Status string `avro:"status"`
}

type channelOrder struct {
	ID      string `avro:"id"`
	Status  string `avro:"status"`
	Channel string `avro:"channel"`
}

// A program that is newer than the registry is told what the registry's schema has
// no place for, however the schema was chosen.
func TestWritingChangesNoValue(t *testing.T) {
	older := shopOrder(statusField(`"NEW","PAID"`))
	newer := shopOrder(statusField(`"NEW","PAID","RETURNED"`) + `,{"name":"channel","type":"string","default":"web"}`)
	own := schemas.MustParse(newer)
	for _, c := range []struct {
		name  string
		value channelOrder
		err   string
	}{
		{"symbol", channelOrder{"1", "RETURNED", "web"}, "orders value (schema 1): status: the schema to be written has no symbol RETURNED"},
		{"field", channelOrder{"1", "PAID", "app"}, "orders value (schema 1): channel: the field is set"},
		{"empty field, and its default is not", channelOrder{"1", "PAID", ""}, "orders value (schema 1): channel: the field is set (it is not its default)"},
		{"nothing lost", channelOrder{"1", "PAID", "web"}, ""},
	} {
		for name, opts := range map[string][]serde.SerializerOption{
			"latest":            {serde.WithLatest(), serde.WithAutoRegister(false)},
			"latest, unchecked": {serde.WithLatest(), serde.WithUncheckedLatest()},
			"id":                {serde.WithSchemaID(1)},
			"version":           {serde.WithVersion(1)},
		} {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				r := memory.New()
				register(t, r, "orders-value", older)
				generic := any(map[string]any{"id": c.value.ID, "status": c.value.Status, "channel": c.value.Channel})
				var payload []byte
				for _, write := range []func() error{
					func() error { return appended(t, r, &payload, c.value, append(opts, serde.WithSchema(own))...) },
					func() error { return appended(t, r, &payload, &c.value, append(opts, serde.WithSchema(own))...) },
					func() error { return appended(t, r, &payload, generic, append(opts, serde.WithSchema(own))...) },
					func() error {
						return appended(t, r, &payload, serde.Generic{Schema: own, Value: generic}, opts...)
					},
				} {
					err := write()
					if c.err == "" {
						require.NoError(t, err)
						require.Equal(t, statusOrder{c.value.ID, c.value.Status}, decode(t, deserializer[statusOrder](t, r, serde.WithSchema(schemas.MustParse(older))), payload))
						continue
					}
					require.ErrorContains(t, err, c.err)
					var value *avro.EncodeError
					require.ErrorAs(t, err, &value)
					require.NotEmpty(t, value.Path)
					require.ErrorContains(t, err, "register", "what mends it")
					var mismatch *serde.SchemaMismatchError
					require.NotErrorAs(t, err, &mismatch, "it is the value's")
				}
			})
		}
	}
}

// A type without a schema of its own is written as the registry's has it, or not at
// all.
func TestWritingWithoutASchema(t *testing.T) {
	r := memory.New()
	register(t, r, "orders-value", shopOrder(statusField(`"NEW","PAID"`)))
	latest := []serde.SerializerOption{serde.WithLatest(), serde.WithAutoRegister(false)}
	var payload []byte
	order := channelOrder{"1", "PAID", "app"}
	require.ErrorContains(t, appended(t, r, &payload, order, latest...), "channel")
	require.ErrorContains(t, appended(t, r, &payload, any(order), latest...), "channel")
	require.ErrorContains(t, appended(t, r, &payload, any(&order), latest...), "channel")
	require.ErrorContains(t, appended(t, r, &payload, map[string]any{"id": "1", "status": "PAID", "channel": "app"}, latest...), "channel")
	require.ErrorContains(t, appended(t, r, &payload, statusOrder{"1", "RETURNED"}, latest...), "RETURNED")
	require.NoError(t, appended(t, r, &payload, statusOrder{"1", "PAID"}, latest...))
}

// appended serializes v for topic orders.
func appended[T any](t *testing.T, r serde.SchemaRegistrar, payload *[]byte, v T, opts ...serde.SerializerOption) (err error) {
	before := []byte("kept")
	out, err := serializer[T](t, r, opts...).Append(t.Context(), before, target(), &v)
	require.Equal(t, "kept", string(out[:len(before)]))
	*payload = out[len(before):]
	if err != nil {
		require.Len(t, out, len(before))
	}
	return err
}

// Two schemas with the same canonical form write the same bytes, but perhaps with another
// logical type.
func TestWritingKeepsTheLogicalType(t *testing.T) {
	amount := func(logical string) string { return `{"type":"bytes"` + logical + `}` }
	r := memory.New()
	register(t, r, "orders-value", amount(`,"logicalType":"decimal","precision":9,"scale":4`))
	s := serializer[avro.Decimal](t, r, serde.WithLatest(), serde.WithUncheckedLatest(),
		serde.WithSchema(schemas.MustParse(amount(`,"logicalType":"decimal","precision":9,"scale":2`))))
	v := avro.NewDecimal(1250, 2)
	_, err := s.Append(t.Context(), nil, target(), &v)
	var mismatch *serde.SchemaMismatchError
	require.ErrorAs(t, err, &mismatch)
	require.ErrorContains(t, err, "orders value (subject orders-value): ")
	require.ErrorContains(t, err, "decimal(9,2) and decimal(9,4)")
	require.ErrorAs(t, s.Warmup(t.Context(), serde.Value, "orders"), &mismatch)
}

// A part of the schemas that does not match is the schemas' fault, where a value
// has it.
func TestPartOfTheSchemasDoesNotMatch(t *testing.T) {
	list := func(item string) string {
		return shopOrder(`,{"name":"lines","type":{"type":"array","items":` + item + `}}`)
	}
	r := memory.New()
	register(t, r, "orders-value", list(`"string"`))
	own := schemas.MustParse(list(`"int"`))
	value := func(lines ...int) map[string]any { return map[string]any{"id": "1", "lines": lines} }
	opts := []serde.SerializerOption{serde.WithSchema(own), serde.WithLatest(), serde.WithUncheckedLatest()}
	var payload []byte
	require.NoError(t, appended(t, r, &payload, value(), opts...))
	var mismatch *serde.SchemaMismatchError
	err := appended(t, r, &payload, value(1), opts...)
	require.ErrorAs(t, err, &mismatch)
	require.ErrorContains(t, err, "lines[0]: ")

	d := deserializer[any](t, r, serde.WithSchema(own))
	decode(t, d, []byte{0, 0, 0, 0, 1, 2, '1', 0})
	var v any
	err = d.Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, '1', 2, 2, 'x', 0}, target(), &v)
	require.ErrorAs(t, err, &mismatch)
	require.ErrorContains(t, err, "lines[0]: ")
}

func TestRewritingAllocates(t *testing.T) {
	r := memory.New()
	register(t, r, "orders-value", shopOrder(statusField(`"NEW","PAID"`)))
	own := schemas.MustParse(shopOrder(statusField(`"NEW","PAID","RETURNED"`) + `,{"name":"channel","type":"string","default":"web"}`))
	s := serializer[channelOrder](t, r, serde.WithSchema(own), serde.WithLatest(), serde.WithAutoRegister(false))
	ctx, to, v, buf := t.Context(), target(), channelOrder{"1", "PAID", "web"}, make([]byte, 0, 64)
	_, err := s.Append(ctx, buf, to, &v)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = s.Append(ctx, buf, to, &v) }))
}

// cancelled is what kavro gen makes of a schema.
type cancelled struct{ ID, Reason string }

var cancelledText = `{"type":"record","name":"OrderCancelled","namespace":"shop","fields":[{"name":"id","type":"string"},{"name":"reason","type":"string"}]}`

var cancelledSchema = schemas.MustParse(cancelledText)

func (*cancelled) AvroSchema() *schemas.Schema { return cancelledSchema }

func (c *cancelled) AppendAvro(dst []byte) ([]byte, error) {
	return avrort.AppendString(avrort.AppendString(dst, c.ID), c.Reason), nil
}

func (c *cancelled) DecodeAvro(r *avrort.Reader) error {
	c.ID, c.Reason = r.String(), r.String()
	return r.Err()
}

// A version that another team registers changes nothing for a consumer that has a
// schema of its own, whatever kind of type it reads.
func TestLatestMovesOn(t *testing.T) {
	r := memory.New()
	next := `{"type":"record","name":"OrderCancelled","namespace":"shop","fields":[{"name":"id","type":"string"},{"name":"by","type":"string","default":""}]}`
	register(t, r, "orders-value", cancelledText, next)
	payload := encode(t, serializer[cancelled](t, r), cancelled{"1", "late"})
	type plain struct {
		ID     string `avro:"id"`
		Reason string `avro:"reason"`
	}
	own := serde.WithSchema(cancelledSchema)
	for _, when := range []string{"started before", "started after"} {
		require.Equal(t, cancelled{"1", "late"}, decode(t, deserializer[cancelled](t, r, serde.WithLatest()), payload), when)
		require.Equal(t, &cancelled{"1", "late"}, decode(t, deserializer[*cancelled](t, r, serde.WithLatest()), payload), when)
		require.Equal(t, plain{"1", "late"}, decode(t, deserializer[plain](t, r, serde.WithLatest(), own), payload), when)
		require.Equal(t, any(map[string]any{"id": "1", "reason": "late"}), decode(t, deserializer[any](t, r, own, serde.WithLatest()), payload), when)
		g := decode(t, deserializer[serde.Generic](t, r, own, serde.WithLatest()), payload)
		require.Equal(t, map[string]any{"id": "1", "reason": "late"}, g.Value, when)
	}
	// Without one, the latest is the reader's.
	require.Equal(t, any(map[string]any{"id": "1", "by": ""}), decode(t, deserializer[any](t, r, serde.WithLatest()), payload))
	require.Equal(t, map[string]any{"id": "1", "by": ""}, decode(t, deserializer[map[string]any](t, r, serde.WithLatest()), payload))
	require.Equal(t, map[string]any{"id": "1", "by": ""}, decode(t, deserializer[serde.Generic](t, r, serde.WithLatest()), payload).Value)

	// A scalar is its own schema.
	register(t, r, "names-value", `"string"`, `"bytes"`)
	named := encode2(t, serializer[string](t, r), "names", "ada")
	var s string
	require.NoError(t, deserializer[string](t, r, serde.WithLatest()).Decode(t.Context(), named, &serde.Target{Topic: "names", Part: serde.Value}, &s))
	require.Equal(t, "ada", s)
}

func encode2[T any](t *testing.T, s serde.Serializer[T], topic string, v T) []byte {
	out, err := s.Append(t.Context(), nil, &serde.Target{Topic: topic, Part: serde.Value}, &v)
	require.NoError(t, err)
	return out
}

// A reader's schema that does not match the type is no fault of the data.
func TestReaderSchemaErrors(t *testing.T) {
	type plain struct {
		ID     string `avro:"id"`
		Reason string `avro:"reason"`
	}
	next := `{"type":"record","name":"OrderCancelled","namespace":"shop","fields":[{"name":"id","type":"string"}]}`
	for _, c := range []struct {
		name  string
		texts []string
		err   string
	}{
		{"a field is gone", []string{cancelledText, next}, "the latest schema of subject orders-value (version 2) cannot be the reader's: "},
		{"no such subject", nil, "the latest schema of subject orders-value cannot be the reader's: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := memory.New()
			register(t, r, "other-value", cancelledText)
			register(t, r, "orders-value", c.texts...)
			payload := []byte{0, 0, 0, 0, 1, 2, '1', 2, 'x'}
			var v plain
			err := deserializer[plain](t, r, serde.WithLatest()).Decode(t.Context(), payload, target(), &v)
			var reader *serde.ReaderSchemaError
			require.ErrorAs(t, err, &reader)
			require.ErrorContains(t, err, c.err)
			require.ErrorContains(t, err, "WithSchema")
		})
	}
	// The program's own schema is looked at before anything is read.
	_, err := serde.NewAvroDeserializer[plain](memory.New(), serde.WithLatest(), serde.WithSchema(schemas.MustParse(next)))
	var mismatch *avro.TypeMismatchError
	require.ErrorAs(t, err, &mismatch)
	_, err = serde.NewAvroDeserializer[any](memory.New(), serde.WithAvro(avro.WithMaxBytes(-1)))
	require.ErrorContains(t, err, "WithMaxBytes")
	_, err = serde.NewAvroSerializer[serde.Generic](memory.New(), serde.WithAvro(avro.WithMaxBytes(-1)))
	require.ErrorContains(t, err, "WithMaxBytes")
}

// Which errors of reading are of the two schemas, and which of the datum.
func TestSchemaMismatch(t *testing.T) {
	for _, c := range []struct {
		name           string
		writer, reader string
		datum          string
		schemas        bool
	}{
		{"a field without a default", shopOrder(``), shopOrder(`,{"name":"vat","type":"long"}`), "\x021", true},
		{"another type", shopOrder(`,{"name":"n","type":"string"}`), shopOrder(`,{"name":"n","type":"int"}`), "\x021\x02x", true},
		{"a symbol", shopOrder(`,{"name":"s","type":{"type":"enum","name":"S","symbols":["A","B"]}}`), shopOrder(`,{"name":"s","type":{"type":"enum","name":"S","symbols":["A"]}}`), "\x021\x02", false},
		{"a branch", shopOrder(`,{"name":"n","type":["null","int"]}`), shopOrder(`,{"name":"n","type":["null","string"]}`), "\x021\x02\x02", false},
		{"cut short", shopOrder(``), shopOrder(`,{"name":"vat","type":"long","default":0}`), "\x041", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := memory.New()
			register(t, r, "orders-value", c.writer)
			var v any
			err := deserializer[any](t, r, serde.WithSchema(schemas.MustParse(c.reader))).Decode(t.Context(), []byte("\x00\x00\x00\x00\x01"+c.datum), target(), &v)
			var decode *serde.DecodeError
			require.ErrorAs(t, err, &decode)
			require.Equal(t, 1, decode.SchemaID)
			var mismatch *serde.SchemaMismatchError
			if c.schemas {
				require.ErrorAs(t, err, &mismatch)
			} else {
				require.NotErrorAs(t, err, &mismatch)
			}
		})
	}
	t.Run("the writer's schema and the type", func(t *testing.T) {
		r := memory.New()
		register(t, r, "orders-value", `"string"`)
		var v map[string]any
		err := deserializer[map[string]any](t, r).Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, 'x'}, target(), &v)
		var mismatch *serde.SchemaMismatchError
		require.ErrorAs(t, err, &mismatch)
	})
	t.Run("a schema that cannot be parsed", func(t *testing.T) {
		var v any
		err := deserializer[any](t, broken{memory.New()}).Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, 'x'}, target(), &v)
		var mismatch *serde.SchemaMismatchError
		require.ErrorAs(t, err, &mismatch)
		var parse *schemas.ParseError
		require.ErrorAs(t, err, &parse)
	})
	t.Run("several subjects for a topic", func(t *testing.T) {
		r := newAssociating(t)
		r.associate(t, "lkc-1", "orders-a")
		r.associate(t, "lkc-2", "orders-b")
		var v any
		err := deserializer[any](t, r.client, serde.WithAssociated("", nil)).Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, 'x'}, target(), &v)
		var mismatch *serde.SchemaMismatchError
		require.ErrorAs(t, err, &mismatch)
		require.ErrorContains(t, err, "2 subjects are associated")
	})
	for name, is := range map[string]any{
		"an unknown id":            new(*registry.NotFoundError),
		"a registry that is away":  new(*registry.UnavailableError),
		"a registry that will not": new(*registry.UnauthorizedError),
		"a context that has ended": new(interface{ Timeout() bool }),
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{&registry.NotFoundError{}, &registry.UnavailableError{}, &registry.UnauthorizedError{}, context.DeadlineExceeded} {
				if !errors.As(err, is) {
					continue
				}
				var v any
				err := deserializer[any](t, failing{err}).Decode(t.Context(), []byte{0, 0, 0, 0, 1, 2, 'x'}, target(), &v)
				require.ErrorAs(t, err, is)
				var mismatch *serde.SchemaMismatchError
				require.NotErrorAs(t, err, &mismatch)
			}
		})
	}
	t.Run("no Avro", func(t *testing.T) {
		r := memory.New()
		_, err := r.Register(t.Context(), "orders-value", registry.Definition{Type: "JSON", Text: `{"type":"object"}`})
		require.NoError(t, err)
		var v any
		err = deserializer[any](t, r).Decode(t.Context(), []byte{0, 0, 0, 0, 1, '{', '}'}, target(), &v)
		var mismatch *serde.SchemaMismatchError
		require.ErrorAs(t, err, &mismatch)
	})
}

// asError is errors.As.
func asError[E error](err error, e *E) bool { return errors.As(err, e) }

// broken is a registry whose schemas are none.
type broken struct{ *memory.Registry }

func (broken) SchemaByID(context.Context, string, int) (*registry.SubjectSchema, error) {
	_, err := schemas.Parse(`{"type":"recrd"}`)
	return nil, err
}

// failing is a registry that fails.
type failing struct{ err error }

func (f failing) SchemaByID(context.Context, string, int) (*registry.SubjectSchema, error) {
	return nil, f.err
}

func (f failing) SchemaByGUID(context.Context, string) (*registry.SubjectSchema, error) {
	return nil, f.err
}

func (f failing) Latest(context.Context, string) (*registry.SubjectSchema, error) {
	return nil, f.err
}

// The aliases of the registry's schema move no value to a field that the program
// does not mean, and none that the program would not read back.
func TestWritingWithAliasesChangesNoValue(t *testing.T) {
	type order struct {
		X string `avro:"x"`
	}
	record := func(fields string) string {
		return `{"type":"record","name":"O","fields":[` + fields + `]}`
	}
	for _, c := range []struct{ name, own, latest, err string }{
		{"name and alias", `{"name":"x","type":"string"}`, `{"name":"new","type":"string","aliases":["x"],"default":"d"},{"name":"x","type":"string","default":"q"}`, ""},
		{"name and alias, no default", `{"name":"x","type":"string"}`, `{"name":"new","type":"string","aliases":["x"]},{"name":"x","type":"string","default":"q"}`, "no field new"},
		{"renamed", `{"name":"x","type":"string","default":"q"}`, `{"name":"y","type":"string","aliases":["x"]}`, "x: the field is set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := memory.New()
			register(t, r, "orders-value", record(c.latest))
			own := schemas.MustParse(record(c.own))
			var payload []byte
			err := appended(t, r, &payload, order{"v"}, serde.WithLatest(), serde.WithUncheckedLatest(), serde.WithSchema(own))
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "\x02d\x02v", string(payload[5:]))
		})
	}
}
