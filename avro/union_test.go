package avro_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

const paymentText = `{"type": "record", "name": "Payment", "namespace": "shop", "fields": [
	{"name": "by", "type": ["null", 
		{"type": "record", "name": "Card", "fields": [{"name": "number", "type": "string"}]},
		{"type": "record", "name": "Cash", "fields": [{"name": "given", "type": "long"}]},
		"string"]}]}`

type Method interface{ method() }

type Card struct{ Number string }
type Cash struct{ Given int64 }

func (*Card) method() {}
func (Cash) method()  {}

// The branches of a union are Go types that share an interface.
func ExampleWithUnionTypes() {
	type Payment struct{ By Method }
	codec, err := avro.NewCodec[Payment](schemas.MustParse(paymentText),
		avro.WithUnionTypes(avro.UnionType[*Card]("shop.Card"), avro.UnionType[Cash]("shop.Cash")))
	if err != nil {
		fmt.Println(err)
		return
	}
	datum, err := codec.Append(nil, &Payment{By: &Card{Number: "1234"}})
	fmt.Printf("% x %v\n", datum, err)

	var p Payment
	err = codec.Decode(datum, &p)
	fmt.Println(p.By.(*Card).Number, err)
	// Output:
	// 02 08 31 32 33 34 <nil>
	// 1234 <nil>
}

func TestSealedInterface(t *testing.T) {
	type payment struct{ By Method }
	opt := avro.WithUnionTypes(avro.UnionType[*Card]("shop.Card"), avro.UnionType[Cash]("shop.Cash"), avro.UnionType[*Card]("other.Thing"))
	c := newCodec[payment](t, paymentText, opt)
	for _, v := range []payment{{nil}, {&Card{"1"}}, {Cash{5}}} {
		require.Equal(t, v, roundTrip(t, c, v))
	}
	var out payment
	err := c.Decode([]byte("\x06\x02x"), &out)
	require.EqualError(t, err, "by: no Go type is given for the branch string; WithUnionTypes gives one")

	var none *Card
	_, err = c.Append(nil, &payment{none})
	require.ErrorContains(t, err, "by: nil")
	_, err = c.Append(nil, &payment{&other{}})
	require.EqualError(t, err, "by: *avro_test.other stands for no branch of union; give its branch by WithUnionTypes")

	_, err = avro.NewCodec[payment](schemas.MustParse(paymentText))
	require.ErrorContains(t, err, "by: the interface avro_test.Method has a Go type for no branch of union")
}

type other struct{}

func (*other) method() {}

func TestUnregisteredBranchesInAny(t *testing.T) {
	type payment struct{ By any }
	card := avro.WithUnionTypes(avro.UnionType[*Card]("shop.Card"))
	datum := []byte("\x06\x02x")
	var out payment
	require.ErrorContains(t, newCodec[payment](t, paymentText, card).Decode(datum, &out), "no Go type is given")
	require.NoError(t, newCodec[payment](t, paymentText, card, avro.WithGenericBranches()).Decode(datum, &out))
	require.Equal(t, "x", out.By)
	require.NoError(t, newCodec[payment](t, paymentText).Decode(datum, &out))
	require.Equal(t, "x", out.By)

	c := newCodec[payment](t, paymentText, card, avro.WithGenericBranches())
	require.Equal(t, payment{&Card{"1"}}, roundTrip(t, c, payment{&Card{"1"}}))
	require.Equal(t, payment{avro.Union{Branch: "shop.Cash", Value: map[string]any{"given": int64(5)}}}, roundTrip(t, c, payment{avro.Union{Branch: "shop.Cash", Value: Cash{5}}}))
}

// Bare values take the branch of their type, where that is only one.
func TestGenericUnions(t *testing.T) {
	const numbers = `["null", "int", "long", "float", "double", "string", "bytes", {"type": "array", "items": "int"}, {"type": "map", "values": "int"}]`
	c := newCodec[any](t, numbers)
	for _, v := range []any{nil, int32(1), int64(1), float32(1), 1.0, "s", []byte("b"), []any{int32(1)}, map[string]any{"k": int32(1)}} {
		require.Equal(t, v, roundTrip(t, c, v), "%T", v)
	}
	require.Equal(t, int64(1), roundTrip[any](t, c, 1), "Go's int is a long")
	require.Equal(t, int32(1), roundTrip[any](t, c, int8(1)))
	require.Equal(t, int32(3), roundTrip[any](t, newCodec[any](t, `["null", "int", "double"]`), 3))
	require.Equal(t, 3.0, roundTrip[any](t, newCodec[any](t, `["null", "string", "double"]`), 3))
	require.Equal(t, "text", roundTrip[any](t, newCodec[any](t, `["null", "string", "int"]`), named("text")))

	when := time.UnixMilli(1).UTC()
	require.Equal(t, when, roundTrip[any](t, newCodec[any](t, `["null", "string", {"type": "long", "logicalType": "timestamp-millis"}]`), when))
	var nilPointer *int32
	require.Nil(t, roundTrip[any](t, c, nilPointer))
	var e any = make(chan int)
	_, err := c.Append(nil, &e)
	require.ErrorContains(t, err, "chan int fits no branch of the union of null, int, long")
	e = nil
	_, err = newCodec[any](t, `["int", "string"]`).Append(nil, &e)
	require.ErrorContains(t, err, "nil")
}

type named string

func TestAmbiguousUnions(t *testing.T) {
	const two = `["null", {"type": "record", "name": "A", "fields": [{"name": "x", "type": "int"}]}, {"type": "record", "name": "B", "fields": [{"name": "x", "type": "int"}]}]`
	c := newCodec[any](t, two)
	var bare any = map[string]any{"x": 1}
	_, err := c.Append(nil, &bare)
	require.ErrorIs(t, err, avro.ErrAmbiguous)
	require.EqualError(t, err, "ambiguous: map[string]interface {} fits A and B; name the branch by avro.Union")

	v := avro.Union{Branch: "B", Value: map[string]any{"x": int32(1)}}
	require.Equal(t, v, roundTrip[any](t, c, v), "what would be ambiguous comes back as a Union")
	var wrong any = avro.Union{Branch: "C"}
	_, err = c.Append(nil, &wrong)
	require.EqualError(t, err, `the union has no branch "C"; its branches are null, A, B`)

	tagged := newCodec[any](t, two, avro.WithTaggedUnions())
	require.Equal(t, map[string]any{"B": map[string]any{"x": int32(1)}}, roundTrip[any](t, tagged, map[string]any{"B": map[string]any{"x": 1}}))

	type a struct{ X int32 }
	_, err = c.Append(nil, ptrTo[any](a{1}))
	require.ErrorIs(t, err, avro.ErrAmbiguous)
	registered := newCodec[any](t, two, avro.WithUnionTypes(avro.UnionType[a]("A")))
	require.Equal(t, "\x02\x02", string(encode[any](t, registered, a{1})))
	require.Equal(t, a{1}, roundTrip[any](t, registered, a{1}))

	text := newCodec[any](t, `["string", {"type": "enum", "name": "E", "symbols": ["A"]}]`)
	_, err = text.Append(nil, ptrTo[any]("A"))
	require.ErrorIs(t, err, avro.ErrAmbiguous)
}

func ptrTo[T any](v T) *T { return &v }

func TestNullableForms(t *testing.T) {
	type all struct {
		P *int32
		S []string
		B []byte
		M map[string]int64
		R *Cash
		A any
		U avro.Union
	}
	c := newCodec[all](t, `{"type": "record", "name": "R", "fields": [
		{"name": "p", "type": ["int", "null"]},
		{"name": "s", "type": ["null", {"type": "array", "items": "string"}]},
		{"name": "b", "type": ["null", "bytes"]},
		{"name": "m", "type": ["null", {"type": "map", "values": "long"}]},
		{"name": "r", "type": ["null", {"type": "record", "name": "Cash", "fields": [{"name": "given", "type": "long"}]}]},
		{"name": "a", "type": ["null", "string"]},
		{"name": "u", "type": ["null", "string", "int"]}]}`)
	null := all{U: avro.Union{Branch: "null"}}
	require.Equal(t, "\x02\x00\x00\x00\x00\x00\x00", string(encode(t, c, null)))
	require.Equal(t, null, roundTrip(t, c, null))
	full := all{ptrTo[int32](1), []string{"a"}, []byte{1}, map[string]int64{"k": 1}, &Cash{1}, "a", avro.Union{Branch: "int", Value: int32(1)}}
	require.Equal(t, full, roundTrip(t, c, full))
	empty := all{ptrTo[int32](0), []string{}, []byte{}, map[string]int64{}, &Cash{}, "", avro.Union{Branch: "string", Value: ""}}
	require.Equal(t, empty, roundTrip(t, c, empty), "empty is not null")

	out := full
	require.NoError(t, c.Decode(encode(t, c, null), &out))
	require.Equal(t, null, out)
}

type (
	small  struct{ N int32 }
	single struct{ P *int64 }
	empty  struct{}
	text   string
	items  []int64
)

func (small) method()  {}
func (single) method() {}
func (empty) method()  {}
func (text) method()   {}
func (items) method()  {}

// Values of every layout go into interfaces and out again: those that Go keeps in
// the interface itself, and those that it points at.
func TestLayoutsInInterfaces(t *testing.T) {
	const schema = `{"type": "array", "items": ["null",
		{"type": "record", "name": "Small", "fields": [{"name": "n", "type": "int"}]},
		{"type": "record", "name": "Single", "fields": [{"name": "p", "type": ["null", "long"]}]},
		{"type": "record", "name": "Empty", "fields": []},
		"string", {"type": "array", "items": "long"}, 
		{"type": "record", "name": "Cash", "fields": [{"name": "given", "type": "long"}]}]}`
	opt := avro.WithUnionTypes(avro.UnionType[small]("Small"), avro.UnionType[single]("Single"), avro.UnionType[empty]("Empty"),
		avro.UnionType[text]("string"), avro.UnionType[items]("array"), avro.UnionType[Cash]("Cash"))
	c := newCodec[[]Method](t, schema, opt)
	v := []Method{nil, small{1}, single{ptrTo(int64(2))}, single{}, empty{}, text("text"), items{3, 4}, items{}, Cash{5}}
	require.Equal(t, v, roundTrip(t, c, v))
	anys := make([]any, len(v))
	for i := range v {
		anys[i] = v[i]
	}
	require.Equal(t, encode(t, c, v), encode(t, newCodec[[]any](t, schema, opt), anys))
	require.Equal(t, anys, roundTrip(t, newCodec[[]any](t, schema, opt), anys))

	datum, out := encode(t, c, v[1:2]), []Method{nil}
	one := v[1:2]
	buf := make([]byte, 0, 100)
	requireAllocs(t, 0, func() { _, _ = c.Append(buf, &one) })
	requireAllocs(t, 1, func() { _ = c.Decode(datum, &out) })
	require.Equal(t, one, out)
}

// Inside generic values the given types are used too.
func TestUnionTypesInsideGenericValues(t *testing.T) {
	c := newCodec[any](t, paymentText, avro.WithUnionTypes(avro.UnionType[*Card]("shop.Card"), avro.UnionType[Cash]("shop.Cash")))
	for _, by := range []any{nil, &Card{"1"}, Cash{5}, "text"} {
		v := map[string]any{"by": by}
		require.Equal(t, v, roundTrip[any](t, c, v))
	}
	bad := newCodec[any](t, paymentText, avro.WithUnionTypes(avro.UnionType[int64]("shop.Card")))
	var out any
	err := bad.Decode([]byte("\x02\x021"), &out)
	var e *avro.TypeMismatchError
	require.ErrorAs(t, err, &e)
}
