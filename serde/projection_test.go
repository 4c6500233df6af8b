package serde_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
	"github.com/stretchr/testify/require"
)

// A struct without a schema is read by the names of its fields, whichever schema
// the data were written with.
func ExampleNewAvroDeserializer_projection() {
	r := memory.New()
	to := &serde.Target{Topic: "orders", Part: serde.Value}
	written, err := serde.NewAvroSerializer[serde.Generic](r)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, err := written.Append(context.Background(), nil, to, &serde.Generic{
		Schema: schemas.MustParse(`{"type": "record", "name": "Order", "fields": [
			{"name": "id", "type": "string"}, {"name": "photo", "type": "bytes"}, {"name": "total", "type": "int"}]}`),
		Value: map[string]any{"id": "o-1", "photo": []byte("PNG"), "total": int32(40)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	type Bill struct {
		ID    string `avro:"id,required"`
		Total float64
		Note  string // no writer has one yet
	}
	bills, err := serde.NewAvroDeserializer[Bill](r)
	if err != nil {
		fmt.Println(err)
		return
	}
	var b Bill
	err = bills.Decode(context.Background(), payload, to, &b)
	fmt.Printf("%+v %v\n", b, err)
	// Output: {ID:o-1 Total:40 Note:} <nil>
}

func TestStructWithoutSchema(t *testing.T) {
	r := memory.New()
	require.NoError(t, r.SetCompatibility(t.Context(), "", schemas.None))
	write := func(fields string, value map[string]any) []byte {
		s := schemas.MustParse(`{"type": "record", "name": "Order", "fields": [` + fields + `]}`)
		return encode(t, serializer[serde.Generic](t, r), serde.Generic{Schema: s, Value: value})
	}
	type bill struct {
		ID    string `avro:"id,required"`
		Total float64
	}
	d := deserializer[bill](t, r)
	first := write(`{"name": "id", "type": "string"}, {"name": "photo", "type": "bytes"}`, map[string]any{"id": "o-1", "photo": []byte("PNG")})
	second := write(`{"name": "total", "type": ["null", "long"]}, {"name": "id", "type": "string"}`, map[string]any{"id": "o-2", "total": int64(7)})
	null := write(`{"name": "total", "type": ["null", "long"]}, {"name": "id", "type": "string"}`, map[string]any{"id": "o-3", "total": nil})
	v := bill{}
	for range 2 {
		require.NoError(t, d.Decode(t.Context(), second, target(), &v))
		require.Equal(t, bill{"o-2", 7}, v)
		require.NoError(t, d.Decode(t.Context(), first, target(), &v))
		require.Equal(t, bill{"o-1", 0}, v)
	}

	var mismatch *serde.SchemaMismatchError
	err := d.Decode(t.Context(), null, target(), &v)
	var decode *avro.DecodeError
	require.ErrorAs(t, err, &decode)
	require.Equal(t, "total", decode.Path)
	require.False(t, errors.As(err, &mismatch), "null is a fault of the record")

	lacking := write(`{"name": "total", "type": "long"}`, map[string]any{"total": int64(7)})
	require.ErrorAs(t, d.Decode(t.Context(), lacking, target(), &v), &mismatch)
	text := write(`{"name": "id", "type": "string"}, {"name": "total", "type": "string"}`, map[string]any{"id": "o-4", "total": "7"})
	require.ErrorAs(t, d.Decode(t.Context(), text, target(), &v), &mismatch)
}

// A misspelt tag gives zeros in all data: the log says so, once for each schema.
func TestUnwrittenFieldsAreLogged(t *testing.T) {
	r := memory.New()
	require.NoError(t, r.SetCompatibility(t.Context(), "", schemas.None))
	write := func(fields string, value map[string]any) []byte {
		s := schemas.MustParse(`{"type": "record", "name": "shop.Order", "fields": [` + fields + `]}`)
		return encode(t, serializer[serde.Generic](t, r), serde.Generic{Schema: s, Value: value})
	}
	first := write(`{"name": "id", "type": "string"}, {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
		{"name": "price", "type": "long"}]}}}`, map[string]any{"id": "a", "lines": []any{map[string]any{"price": int64(7)}}})
	second := write(`{"name": "id", "type": "string"}, {"name": "total", "type": "long"}`, map[string]any{"id": "b", "total": int64(42)})

	type line struct {
		Price int64 `avro:"prize"`
		Photo []byte
	}
	type order struct {
		ID    string `avro:"id"`
		Total int64  `avro:"total"`
		Lines []line
		Note  string `avro:"-"`
	}
	var out bytes.Buffer
	d := deserializer[order](t, r, serde.WithLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))))
	for range 3 {
		require.Equal(t, order{ID: "a", Lines: []line{{}}}, decode(t, d, first))
		require.Equal(t, order{ID: "b", Total: 42}, decode(t, d, second))
	}
	const said = `level=INFO msg="kavro: the writer's schema lacks fields of the Go type, which stay zero" `
	require.Equal(t, said+`fields="[total lines[].prize lines[].Photo]" type=serde_test.order schema=shop.Order id=1`+"\n"+
		said+`fields=[Lines] type=serde_test.order schema=shop.Order id=2`+"\n", out.String())
}

// A struct with fewer fields than the schema of WithSchema is read without it. One with other
// fields is not what the program wants in either way, and one of a producer cannot be written.
func TestSchemaWithMoreFieldsThanTheStruct(t *testing.T) {
	type fewer struct {
		ID string `avro:"id"`
	}
	type other struct {
		ID string `avro:"ident"`
	}
	r := memory.New()
	const reason = "serde_test.fewer does not fit schema shop.Order: total: serde_test.fewer has no such field, and the schema has no default"
	_, err := serde.NewAvroDeserializer[fewer](r, serde.WithSchema(orderV1))
	require.EqualError(t, err, reason+"; leave WithSchema out to read these fields only")
	var mismatch *avro.TypeMismatchError
	require.ErrorAs(t, err, &mismatch)
	_, err = serde.NewAvroSerializer[fewer](r, serde.WithSchema(orderV1))
	require.EqualError(t, err, reason)
	_, err = serde.NewAvroDeserializer[other](r, serde.WithSchema(orderV1))
	require.ErrorContains(t, err, "ident: the schema has no such field")
	require.NotContains(t, err.Error(), "leave WithSchema out")
}
