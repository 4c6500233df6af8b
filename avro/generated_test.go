package avro_test

import (
	"errors"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

func TestGeneratedTypes(t *testing.T) {
	v := genOrder{sampleOrder()}
	want := encode(t, newCodec[Order](t, orderText), v.Order)

	byValue := newCodec[genOrder](t, orderText)
	require.Len(t, encode(t, byValue, v), len(want))
	require.Equal(t, v, roundTrip(t, byValue, v))

	byPointer := newCodec[*genOrder](t, orderText)
	require.Equal(t, &v, roundTrip(t, byPointer, &v))
	reused := &genOrder{Order{Status: "NEW", Note: ptrTo("old")}}
	same := reused
	require.NoError(t, byPointer.Decode(want, &reused))
	require.Equal(t, v, *reused)
	require.Same(t, same, reused)
	_, err := byPointer.Append(nil, ptrTo[*genOrder](nil))
	require.ErrorContains(t, err, "nil")

	v.Status = "LOST"
	out, err := byValue.Append([]byte("before"), &v)
	require.EqualError(t, err, "status: out of range")
	require.Equal(t, "before", string(out))
}

// A generated type inside another type is used there too.
func TestGeneratedInside(t *testing.T) {
	type batch struct {
		First  genOrder
		Orders []*genOrder
	}
	c := newCodec[batch](t, `{"type": "record", "name": "Batch", "fields": [
		{"name": "first", "type": `+orderText+`},
		{"name": "orders", "type": {"type": "array", "items": "shop.Order"}}]}`)
	v := batch{genOrder{sampleOrder()}, []*genOrder{{sampleOrder()}}}
	require.Equal(t, v, roundTrip(t, c, v))
	v.Orders[0].Status = "LOST"
	_, err := c.Append(nil, &v)
	require.EqualError(t, err, "orders[0].status: out of range")

	datum := encode(t, c, batch{First: v.First})
	require.EqualError(t, c.Decode(datum[:164], &v), `first.express: boolean: input ends within a value (0 bytes left)`)

	require.Equal(t, encode(t, newCodec[Order](t, orderText), Order{Status: "NEW"}),
		encode[any](t, newCodec[any](t, orderText), &genOrder{Order{Status: "NEW"}}), "in a generic value as well")
}

func TestGeneratedOfAnotherSchema(t *testing.T) {
	_, err := avro.NewCodec[genOrder](schemas.MustParse(`{"type": "record", "name": "shop.Order", "fields": [{"name": "id", "type": "string"}]}`))
	var e *avro.TypeMismatchError
	require.ErrorAs(t, err, &e)
	require.EqualError(t, err, "avro_test.genOrder does not fit schema shop.Order: the generated type is of another schema (top: number of fields 10, not 1)")
	_, err = avro.NewCodec[*genOrder](schemas.MustParse(`"long"`))
	require.ErrorContains(t, err, "(top: type record, not long)")
}

// selfMade is a type whose methods a user wrote, and which fails.
type selfMade struct{ n int64 }

var errSelfMade = errors.New("odd")

func (s *selfMade) AvroSchema() *schemas.Schema { return schemas.MustParse(`"long"`) }

func (s *selfMade) AppendAvro(dst []byte) ([]byte, error) {
	if s.n%2 != 0 {
		return nil, errSelfMade
	}
	return avrort.AppendLong(dst, s.n), nil
}

func (s *selfMade) DecodeAvro(r *avrort.Reader) error {
	if s.n = r.Long(); s.n%2 != 0 {
		return errSelfMade
	}
	return nil // though the reader may have an error
}

func TestMethodsWrittenByHand(t *testing.T) {
	c := newCodec[selfMade](t, `"long"`)
	require.Equal(t, selfMade{4}, roundTrip(t, c, selfMade{4}))
	out, err := c.Append([]byte("x"), &selfMade{3})
	require.ErrorIs(t, err, errSelfMade)
	require.Equal(t, "x", string(out))
	var e *avro.EncodeError
	require.ErrorAs(t, err, &e)
	var v selfMade
	require.ErrorIs(t, c.Decode([]byte{2}, &v), errSelfMade)
	var d *avro.DecodeError
	require.ErrorAs(t, c.Decode([]byte{2}, &v), &d)
	require.ErrorIs(t, c.Decode([]byte{0x80}, &v), avro.ErrShort, "the reader's own error is not lost")

	list := newCodec[[]selfMade](t, `{"type": "array", "items": "long"}`)
	_, err = list.Append(nil, &[]selfMade{{2}, {3}})
	require.EqualError(t, err, "[1]: odd")
	require.EqualError(t, list.Decode([]byte{4, 4, 2, 0}, new([]selfMade)), "[1]: odd")
}

// Methods of an embedded type say nothing of what is around it.
func TestGeneratedEmbedded(t *testing.T) {
	type more struct {
		Point
		Z int32
	}
	const schema = `{"type": "record", "name": "P3", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "int"}, {"name": "z", "type": "int"}]}`
	v := more{Point{1, 2}, 3}
	require.Equal(t, "\x02\x04\x06", string(encode(t, newCodec[more](t, schema), v)))
	require.Equal(t, &v, roundTrip(t, newCodec[*more](t, schema), &v))
	_, err := avro.NewCodec[more](schemas.MustParse(pointText))
	require.ErrorContains(t, err, "Z: the schema has no such field")
}
