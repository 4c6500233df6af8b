package serde_test

import (
	"context"
	"errors"
	"fmt"
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
