package avro_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// newCodec is NewCodec for schemas and options that are right.
func newCodec[T any](t testing.TB, schema string, opts ...avro.Option) *avro.Codec[T] {
	t.Helper()
	c, err := avro.NewCodec[T](schemas.MustParse(schema), opts...)
	require.NoError(t, err)
	return c
}

// encode appends v and requires that it can be.
func encode[T any](t testing.TB, c *avro.Codec[T], v T) []byte {
	t.Helper()
	datum, err := c.Append(nil, &v)
	require.NoError(t, err)
	return datum
}

// roundTrip encodes v and returns what that decodes to.
func roundTrip[T any](t testing.TB, c *avro.Codec[T], v T) T {
	t.Helper()
	var out T
	require.NoError(t, c.Decode(encode(t, c, v), &out))
	return out
}

// A record is a struct whose fields are named by tags, or like the schema's but
// for case and underscores.
func ExampleCodec() {
	type User struct {
		Name  string
		Email *string `avro:"email"`
	}
	schema := schemas.MustParse(`{"type": "record", "name": "User", "fields": [
		{"name": "name", "type": "string"},
		{"name": "email", "type": ["null", "string"]}]}`)
	codec, err := avro.NewCodec[User](schema)
	if err != nil {
		fmt.Println(err)
		return
	}
	datum, err := codec.Append(nil, &User{Name: "ada"})
	fmt.Printf("% x %v\n", datum, err)

	var user User
	err = codec.Decode(datum, &user)
	fmt.Println(user.Name, user.Email == nil, err)
	// Output:
	// 06 61 64 61 00 <nil>
	// ada true <nil>
}

// Everything that does not fit is in one error, before any data is seen.
func ExampleTypeMismatchError() {
	type User struct {
		Name int
		Mail string
	}
	_, err := avro.NewCodec[User](schemas.MustParse(`{"type": "record", "name": "User", "fields": [
		{"name": "name", "type": "string"},
		{"name": "age", "type": "int"}]}`))
	fmt.Println(err)
	// Output:
	// avro_test.User does not fit schema User: Mail: the schema has no such field; leave it out with the tag avro:"-"; name: int does not fit string; use string or []byte; age: avro_test.User has no such field, and the schema has no default
}

// Where the schema is known only at run time, T is any.
func ExampleCodec_generic() {
	codec, err := avro.NewCodec[any](schemas.MustParse(`{"type": "record", "name": "User", "fields": [
		{"name": "name", "type": "string"},
		{"name": "age", "type": ["null", "int"]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var in any = map[string]any{"name": "ada", "age": 36}
	datum, err := codec.Append(nil, &in)
	fmt.Printf("% x %v\n", datum, err)

	var out any
	err = codec.Decode(datum, &out)
	fmt.Println(out, err)
	// Output:
	// 06 61 64 61 02 48 <nil>
	// map[age:36 name:ada] <nil>
}

// An error says where in the value, and where in the bytes.
func ExampleDecodeError() {
	type Line struct{ Price float64 }
	codec, _ := avro.NewCodec[[]Line](schemas.MustParse(`{"type": "array", "items":
		{"type": "record", "name": "Line", "fields": [{"name": "price", "type": "double"}]}}`))
	datum, _ := codec.Append(nil, &[]Line{{Price: 1}, {Price: 2}})

	var lines []Line
	fmt.Println(codec.Decode(datum[:13], &lines))
	fmt.Println(codec.Decode(append(datum, 7), &lines))
	// Output:
	// byte 0: input ends within a value: block of 2 items, 12 bytes left
	// byte 18: bytes follow the datum: 1 byte
}

func TestOrder(t *testing.T) {
	c := newCodec[Order](t, orderText)
	require.Equal(t, sampleOrder(), roundTrip(t, c, sampleOrder()))
	require.Len(t, encode(t, c, sampleOrder()), 165)
	require.Equal(t, "shop.Order", c.Schema().FullName())
}

func TestAppendLeavesTheBufferOnError(t *testing.T) {
	c := newCodec[Order](t, orderText)
	bad := sampleOrder()
	bad.Status = "LOST"
	buf := append(make([]byte, 0, 500), "before"...)
	out, err := c.Append(buf, &bad)
	require.EqualError(t, err, `status: "LOST" is not a symbol of shop.Status`)
	require.Equal(t, "before", string(out))
	require.Equal(t, &buf[0], &out[0])
	var e *avro.EncodeError
	require.ErrorAs(t, err, &e)
	require.Equal(t, "status", e.Path)
}

func TestNilValues(t *testing.T) {
	c := newCodec[Order](t, orderText)
	_, err := c.Append(nil, nil)
	require.EqualError(t, err, "nil, and the schema does not allow null")
	require.ErrorContains(t, c.Decode(nil, nil), "is nil")

	p := newCodec[*Order](t, orderText)
	var none *Order
	_, err = p.Append(nil, &none)
	require.ErrorContains(t, err, "nil")
	var out *Order
	require.NoError(t, p.Decode(encode(t, c, sampleOrder()), &out))
	require.Equal(t, sampleOrder(), *out)

	n := newCodec[*int32](t, `["null", "int"]`)
	require.Nil(t, roundTrip(t, n, nil))

	_, err = avro.NewCodec[Order](nil)
	require.ErrorContains(t, err, "schema is nil")
}

// A value that is decoded into twice holds nothing of the first record.
func TestDecodeResets(t *testing.T) {
	c := newCodec[Order](t, orderText)
	full := sampleOrder()
	small := Order{ID: "x", PlacedAt: full.PlacedAt, Status: "NEW", Lines: []OrderLine{{SKU: "s"}}, Tags: map[string]string{"k": "v"}}
	var out Order
	require.NoError(t, c.Decode(encode(t, c, full), &out))
	lines := &out.Lines[0]
	require.NoError(t, c.Decode(encode(t, c, small), &out))
	require.Equal(t, small, out)
	require.Same(t, lines, &out.Lines[0], "the slice is reused")

	empty := Order{Status: "NEW", PlacedAt: full.PlacedAt}
	require.NoError(t, c.Decode(encode(t, c, empty), &out))
	require.Equal(t, []OrderLine{}, out.Lines)
	require.Equal(t, map[string]string{}, out.Tags)
	require.Nil(t, out.Note)
}

// What was decoded does not change with the bytes it came from.
func TestDecodeDoesNotAlias(t *testing.T) {
	c := newCodec[map[string]any](t, `{"type": "record", "name": "R", "fields": [
		{"name": "s", "type": "string"}, {"name": "b", "type": "bytes"}, {"name": "f", "type": {"type": "fixed", "name": "F", "size": 2}}]}`)
	datum := encode(t, c, map[string]any{"s": "text", "b": []byte("bytes"), "f": []byte("fx")})
	var out map[string]any
	require.NoError(t, c.Decode(datum, &out))
	clear(datum)
	require.Equal(t, map[string]any{"s": "text", "b": []byte("bytes"), "f": []byte("fx")}, out)
}

func TestDecodeErrorsSayWhere(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [
		{"name": "n", "type": ["null", "long"]},
		{"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "L", "fields": [
			{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A"]}},
			{"name": "tags", "type": {"type": "map", "values": "boolean"}}]}}}]}`
	type line struct {
		E    string
		Tags map[string]bool
	}
	type record struct {
		N     *int8
		Lines []line
	}
	for _, c := range []struct {
		name, datum, path string
		offset            int
		is                error
	}{
		{name: "nothing at all", datum: "", path: "n", offset: 0, is: avro.ErrShort},
		{name: "union index", datum: "\x08", path: "n", offset: 0, is: avro.ErrRange},
		{name: "enum index", datum: "\x00\x04\x00\x00\x02\x00\x00", path: "lines[1].e", offset: 4, is: avro.ErrRange},
		{name: "map value", datum: "\x00\x02\x00\x02\x02k\x07\x00\x00", path: `lines[0].tags["k"]`, offset: 6},
		{name: "map key", datum: "\x00\x02\x00\x02\x08ka", path: `lines[0].tags`, offset: 4, is: avro.ErrShort},
		{name: "end of the map", datum: "\x00\x02\x00\x02\x02k\x01", path: `lines[0].tags`, offset: 7, is: avro.ErrShort},
		{name: "trailing", datum: "\x00\x00\x00", path: "", offset: 2, is: avro.ErrTrailing},
		{name: "number beyond the Go type", datum: "\x02\x80\x02\x00", path: "n", offset: 1, is: avro.ErrRange},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r record
			err := newCodec[record](t, schema).Decode([]byte(c.datum), &r)
			var e *avro.DecodeError
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.path, e.Path, "%v", err)
			require.Equal(t, c.offset, e.Offset, "%v", err)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
		})
	}
}

func TestEncodeErrorsSayWhere(t *testing.T) {
	c := newCodec[any](t, `{"type": "map", "values": {"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "n", "type": "int"}]}}}`)
	var v any = map[string]any{"k": []any{map[string]any{"n": 1}, map[string]any{"n": int64(1) << 40}}}
	_, err := c.Append(nil, &v)
	require.EqualError(t, err, `["k"][1].n: 1099511627776 as int: out of range`)
	require.ErrorIs(t, err, avro.ErrRange)
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := avro.NewCodec[int64](schemas.MustParse(`"long"`), avro.WithMaxDepth(-1))
	require.EqualError(t, err, "avro: WithMaxDepth: -1 is negative")
}

// One codec serves many goroutines; what they decode is their own.
func TestConcurrentUse(t *testing.T) {
	structs, generic := newCodec[Order](t, orderText), newCodec[any](t, orderText)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			v := sampleOrder()
			v.CustomerID, v.ID = int64(i), fmt.Sprint("order ", i)
			var buf []byte
			var out Order
			for range 200 {
				var err error
				if buf, err = structs.Append(buf[:0], &v); err != nil || structs.Decode(buf, &out) != nil || out.ID != v.ID || out.CustomerID != v.CustomerID {
					t.Error(err, out)
					return
				}
				in := any(&v) // a plan for it is compiled by whoever comes first
				if buf, err = generic.Append(buf[:0], &in); err != nil {
					t.Error(err)
					return
				}
				if err := generic.Decode(buf, &in); err != nil || in.(map[string]any)["id"] != v.ID {
					t.Error(err, in)
					return
				}
			}
		})
	}
	wg.Wait()
}
