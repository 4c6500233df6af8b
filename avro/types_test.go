package avro_test

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

const suitText = `{"type": "enum", "name": "Suit", "symbols": ["CLUBS", "HEARTS", "SPADES"]}`

type suitName string

type suitNumber uint8

func (s suitNumber) String() string { return [...]string{"CLUBS", "HEARTS", "SPADES", "?"}[min(s, 3)] }

// suitByText counts from 10.
type suitByText int16

func (s *suitByText) UnmarshalText(text []byte) error {
	for i, name := range []string{"CLUBS", "HEARTS", "SPADES"} {
		if name == string(text) {
			*s = suitByText(10 * (i + 1))
			return nil
		}
	}
	return errors.New("no such suit")
}

type wrongOrder int

func (w wrongOrder) String() string { return [...]string{"HEARTS", "CLUBS", "SPADES"}[w] }

func TestEnums(t *testing.T) {
	require.Equal(t, "HEARTS", roundTrip(t, newCodec[string](t, suitText), "HEARTS"))
	require.Equal(t, suitName("HEARTS"), roundTrip(t, newCodec[suitName](t, suitText), "HEARTS"))
	require.Equal(t, suitNumber(1), roundTrip(t, newCodec[suitNumber](t, suitText), 1))
	require.Equal(t, suitByText(20), roundTrip(t, newCodec[suitByText](t, suitText), 20))
	require.Equal(t, "\x02", string(encode(t, newCodec[suitByText](t, suitText), 20)))
	require.Equal(t, "HEARTS", roundTrip[any](t, newCodec[any](t, suitText), suitNumber(1)))

	_, err := newCodec[suitNumber](t, suitText).Append(nil, ptrTo(suitNumber(3)))
	require.EqualError(t, err, "3 is not a value of Suit")
	_, err = newCodec[suitByText](t, suitText).Append(nil, ptrTo(suitByText(1)))
	require.EqualError(t, err, "1 is not a value of Suit")
	_, err = newCodec[string](t, suitText).Append(nil, ptrTo("DIAMONDS"))
	require.EqualError(t, err, `"DIAMONDS" is not a symbol of Suit`)

	_, err = avro.NewCodec[wrongOrder](schemas.MustParse(suitText))
	require.ErrorContains(t, err, "avro_test.wrongOrder(0) is HEARTS, symbol 0 of the schema is CLUBS")
	_, err = avro.NewCodec[suitByText](schemas.MustParse(`{"type": "enum", "name": "E", "symbols": ["OTHER"]}`))
	require.ErrorContains(t, err, "symbol OTHER: no such suit")
	_, err = avro.NewCodec[int](schemas.MustParse(suitText))
	require.ErrorContains(t, err, "use a string type, or an integer type with UnmarshalText or String")
}

func TestLongEnums(t *testing.T) {
	symbols := make([]string, 100)
	for i := range symbols {
		symbols[i] = fmt.Sprintf("S%d", i)
	}
	c := newCodec[string](t, `{"type": "enum", "name": "E", "symbols": ["`+strings.Join(symbols, `", "`)+`"]}`)
	for _, s := range symbols {
		require.Equal(t, s, roundTrip(t, c, s))
	}
}

func TestTextMethods(t *testing.T) {
	type host struct {
		Addr  netip.Addr
		Old   *netip.Addr
		Count *big.Int
	}
	c := newCodec[host](t, `{"type": "record", "name": "Host", "fields": [
		{"name": "addr", "type": "string"}, {"name": "old", "type": ["null", "string"]}, {"name": "count", "type": "string"}]}`)
	v := host{Addr: netip.MustParseAddr("127.0.0.1"), Count: big.NewInt(12)}
	require.Equal(t, "\x12127.0.0.1\x00\x0412", string(encode(t, c, v)))
	out := host{Old: &v.Addr}
	require.NoError(t, c.Decode(encode(t, c, v), &out))
	require.Equal(t, v, out)
	require.ErrorContains(t, c.Decode([]byte("\x06x.y\x00\x0212"), &out), `addr: ParseAddr("x.y")`)

	require.Equal(t, "127.0.0.1", roundTrip[any](t, newCodec[any](t, `"string"`), v.Addr))
}

// WithType writes a type that Avro does not know as one that it does.
func ExampleWithType() {
	type Money struct{ Cents int64 }
	money := avro.WithType(
		func(m Money) (int64, error) { return m.Cents, nil },
		func(cents int64) (Money, error) { return Money{cents}, nil })
	codec, err := avro.NewCodec[[]Money](schemas.MustParse(`{"type": "array", "items": "long"}`), money)
	if err != nil {
		fmt.Println(err)
		return
	}
	datum, err := codec.Append(nil, &[]Money{{1}, {2}})
	fmt.Printf("% x %v\n", datum, err)
	var out []Money
	fmt.Println(codec.Decode(datum, &out), out)
	// Output:
	// 04 02 04 00 <nil>
	// <nil> [{1} {2}]
}

func TestCustomTypeErrors(t *testing.T) {
	type money struct{ cents int64 }
	negative := errors.New("negative")
	opt := avro.WithType(
		func(m money) (int64, error) {
			if m.cents < 0 {
				return 0, negative
			}
			return m.cents, nil
		},
		func(n int64) (money, error) {
			if n < 0 {
				return money{}, negative
			}
			return money{n}, nil
		})
	c := newCodec[map[string]*money](t, `{"type": "map", "values": ["null", "long"]}`, opt)
	v := map[string]*money{"a": {1}, "b": nil}
	require.Equal(t, v, roundTrip(t, c, v))
	_, err := c.Append(nil, &map[string]*money{"a": {-1}})
	require.ErrorIs(t, err, negative)
	require.EqualError(t, err, `["a"]: negative`)
	err = c.Decode([]byte("\x02\x02a\x02\x01\x00"), &v)
	require.ErrorIs(t, err, negative)
	require.EqualError(t, err, `["a"]: negative`)

	require.Equal(t, "\x02\x0a", string(encode[any](t, newCodec[any](t, `["null", "long"]`, opt), money{5})))

	_, err = avro.NewCodec[money](schemas.MustParse(`"string"`), opt)
	require.ErrorContains(t, err, "int64 does not fit string")
}

func TestMaps(t *testing.T) {
	type key string
	type item struct{ N []int64 }
	of := func(values string) string { return `{"type": "map", "values": ` + values + `}` }
	record := `{"type": "record", "name": "R", "fields": [{"name": "n", "type": {"type": "array", "items": "long"}}]}`
	require.Equal(t, map[string]string{"a": "b"}, roundTrip(t, newCodec[map[string]string](t, of(`"string"`)), map[string]string{"a": "b"}))
	require.Equal(t, map[string]int64{"a": 1}, roundTrip(t, newCodec[map[string]int64](t, of(`"long"`)), map[string]int64{"a": 1}))
	require.Equal(t, map[string]float64{"a": 1}, roundTrip(t, newCodec[map[string]float64](t, of(`"double"`)), map[string]float64{"a": 1}))
	require.Equal(t, map[key]bool{"a": true}, roundTrip(t, newCodec[map[key]bool](t, of(`"boolean"`)), map[key]bool{"a": true}))
	require.Equal(t, map[string]any{"a": int64(1)}, roundTrip(t, newCodec[map[string]any](t, of(`"long"`)), map[string]any{"a": 1}))

	c := newCodec[map[string]item](t, of(record))
	two := map[string]item{"a": {[]int64{1, 2}}, "b": {[]int64{3}}}
	out := map[string]item{"old": {[]int64{9}}}
	require.NoError(t, c.Decode(encode(t, c, two), &out))
	require.Equal(t, two, out, "values do not share memory, and old keys are removed")
	require.NoError(t, c.Decode([]byte("\x04\x02a\x00\x02a\x02\x02\x00\x00"), &out))
	require.Equal(t, map[string]item{"a": {[]int64{1}}}, out, "the last of equal keys stays")

	generic := newCodec[any](t, of(record))
	require.Equal(t, map[string]any{"a": map[string]any{"n": []any{int64(1)}}}, roundTrip[any](t, generic, map[key]map[string][]int8{"a": {"n": {1}}}))
}

// A record may be a map of one's own type.
func TestMapForARecord(t *testing.T) {
	type attributes map[string]*string
	c := newCodec[attributes](t, `{"type": "record", "name": "R", "fields": [
		{"name": "a", "type": ["null", "string"]}, {"name": "b", "type": ["string", "null"], "default": "x"}]}`)
	v := attributes{"a": nil, "b": ptrTo("text")}
	require.Equal(t, v, roundTrip(t, c, v))
	require.Equal(t, attributes{"a": ptrTo("1"), "b": ptrTo("x")}, roundTrip(t, c, attributes{"a": ptrTo("1")}))
	_, err := c.Append(nil, &attributes{})
	require.EqualError(t, err, "a: missing, and the schema of R has no default for it")
	_, err = c.Append(nil, &attributes{"a": nil, "c": nil})
	require.EqualError(t, err, "c: R has no such field")
	require.Error(t, c.Decode([]byte{0, 8}, &v))
	_, err = avro.NewCodec[map[string]int64](schemas.MustParse(pairText))
	require.ErrorContains(t, err, "first_name: int64 does not fit string")
}

func TestSlices(t *testing.T) {
	of := func(items string) string { return `{"type": "array", "items": ` + items + `}` }
	type number int64
	require.Equal(t, []int64{1, -2}, roundTrip(t, newCodec[[]int64](t, of(`"long"`)), []int64{1, -2}))
	require.Equal(t, []int32{1, -2}, roundTrip(t, newCodec[[]int32](t, of(`"int"`)), []int32{1, -2}))
	require.Equal(t, []float64{1, -2}, roundTrip(t, newCodec[[]float64](t, of(`"double"`)), []float64{1, -2}))
	require.Equal(t, []string{"a", ""}, roundTrip(t, newCodec[[]string](t, of(`"string"`)), []string{"a", ""}))
	require.Equal(t, []number{1, -2}, roundTrip(t, newCodec[[]number](t, of(`"long"`)), []number{1, -2}))
	require.Equal(t, []struct{}{{}, {}}, roundTrip(t, newCodec[[]struct{}](t, of(`"null"`)), []struct{}{{}, {}}))
	require.Equal(t, []uint8{1, 2}, roundTrip(t, newCodec[[]uint8](t, of(`"int"`)), []uint8{1, 2}))

	// Several blocks, with and without sizes, into memory that is too small and too large.
	for _, out := range [][]int64{nil, {}, {9}, {9, 9, 9, 9, 9, 9, 9, 9}} {
		require.NoError(t, newCodec[[]int64](t, of(`"long"`)).Decode([]byte("\x02\x06\x03\x04\x36\x02\x04\x02\x04\x00"), &out))
		require.Equal(t, []int64{3, 27, 1, 1, 2}, out)
		wide := make([]number, len(out))
		require.NoError(t, newCodec[[]number](t, of(`"long"`)).Decode([]byte("\x02\x06\x03\x04\x36\x02\x04\x02\x04\x00"), &wide))
		require.Equal(t, []number{3, 27, 1, 1, 2}, wide)
	}
}

func TestBytesAndStrings(t *testing.T) {
	require.Equal(t, []byte("ab"), roundTrip(t, newCodec[[]byte](t, `"string"`), []byte("ab")))
	require.Equal(t, "\xff", roundTrip(t, newCodec[string](t, `"bytes"`), "\xff"))
	require.Equal(t, []byte{}, roundTrip(t, newCodec[[]byte](t, `"bytes"`), nil))
	fixed := `{"type": "fixed", "name": "F", "size": 2}`
	require.Equal(t, []byte("ab"), roundTrip(t, newCodec[[]byte](t, fixed), []byte("ab")))
	refuses(t, fixed, []byte("abc"))
	require.Equal(t, []byte("ab"), roundTrip[any](t, newCodec[any](t, fixed), "ab"))
	refuses(t, fixed, []byte(nil))
}

// Strings that are not UTF-8 are passed on, or refused both ways on request.
func TestUTF8(t *testing.T) {
	const bad = "a\xff"
	require.Equal(t, bad, roundTrip(t, newCodec[string](t, `"string"`), bad))
	datum := avrort.AppendString(nil, bad)

	var s string
	require.ErrorContains(t, newCodec[string](t, `"string"`, avro.WithValidUTF8()).Decode(datum, &s), "not UTF-8")
	for _, try := range []func() error{
		func() error {
			_, err := newCodec[string](t, `"string"`, avro.WithValidUTF8()).Append(nil, ptrTo(bad))
			return err
		},
		func() error {
			_, err := newCodec[any](t, `"string"`, avro.WithValidUTF8()).Append(nil, ptrTo[any](bad))
			return err
		},
		func() error {
			_, err := newCodec[map[string]string](t, `{"type": "map", "values": "string"}`, avro.WithValidUTF8()).Append(nil, &map[string]string{bad: ""})
			return err
		},
		func() error {
			_, err := newCodec[[]string](t, `{"type": "array", "items": "string"}`, avro.WithValidUTF8()).Append(nil, &[]string{bad})
			return err
		},
	} {
		require.ErrorContains(t, try(), "not UTF-8")
	}
	good := sampleOrder()
	good.Currency = "€"
	require.Equal(t, good, roundTrip(t, newCodec[Order](t, orderText, avro.WithValidUTF8()), good))
	require.Equal(t, good, roundTrip(t, newCodec[Order](t, orderText, avro.WithCopiedStrings()), good))
}
