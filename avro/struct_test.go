package avro_test

import (
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

const pairText = `{"type": "record", "name": "Pair", "fields": [{"name": "first_name", "type": "string"}, {"name": "n", "type": "long"}]}`

type Base struct {
	FirstName string
}

type hidden struct{ N int64 }

func TestFieldsAreFound(t *testing.T) {
	type byTag struct {
		A string `avro:"first_name"`
		B int64  `avro:"n"`
	}
	type byName struct {
		FIRST_NAME string
		N          int64
	}
	type embedded struct {
		Base
		hidden
	}
	type behindPointer struct {
		*Base
		N int64
	}
	type shadowed struct {
		Base      `avro:"-"`
		FirstName string
		N         int64
	}
	datum := []byte("\x06ada\x0e")
	t.Run("tag", func(t *testing.T) {
		require.Equal(t, datum, encode(t, newCodec[byTag](t, pairText), byTag{"ada", 7}))
		require.Equal(t, byTag{"ada", 7}, roundTrip(t, newCodec[byTag](t, pairText), byTag{"ada", 7}))
	})
	t.Run("name but for case and underscores", func(t *testing.T) {
		require.Equal(t, byName{"ada", 7}, roundTrip(t, newCodec[byName](t, pairText), byName{"ada", 7}))
	})
	t.Run("embedded structs", func(t *testing.T) {
		v := embedded{Base{"ada"}, hidden{7}}
		require.Equal(t, datum, encode(t, newCodec[embedded](t, pairText), v))
		require.Equal(t, v, roundTrip(t, newCodec[embedded](t, pairText), v))
	})
	t.Run("an embedded pointer", func(t *testing.T) {
		c := newCodec[behindPointer](t, pairText)
		v := behindPointer{&Base{"ada"}, 7}
		require.Equal(t, datum, encode(t, c, v))
		require.Equal(t, v, roundTrip(t, c, v))
		old := &Base{"old"}
		reused := behindPointer{Base: old}
		require.NoError(t, c.Decode(datum, &reused))
		require.Equal(t, "old", old.FirstName, "what an embedded pointer pointed at is left alone")
		require.Equal(t, "ada", reused.FirstName)
		_, err := c.Append(nil, &behindPointer{})
		require.EqualError(t, err, "first_name: the embedded pointer that has the field is nil")
	})
	t.Run("an embedded struct that is left out", func(t *testing.T) {
		c := newCodec[shadowed](t, pairText)
		v := shadowed{FirstName: "ada", N: 7}
		require.Equal(t, datum, encode(t, c, v))
		require.Equal(t, v, roundTrip(t, c, v))
	})
}

// Every type mismatch is in the one error.
func TestTypeMismatches(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [
		{"name": "a", "type": "int"},
		{"name": "b", "type": ["null", "string"]},
		{"name": "c", "type": {"type": "record", "name": "S", "fields": [{"name": "x", "type": "long"}, {"name": "y", "type": "boolean"}]}},
		{"name": "d", "type": {"type": "array", "items": "S"}},
		{"name": "e", "type": {"type": "fixed", "name": "F", "size": 4}},
		{"name": "f", "type": ["null", "int", "string"]},
		{"name": "g", "type": {"type": "long", "logicalType": "timestamp-millis"}},
		{"name": "h", "type": {"type": "enum", "name": "E", "symbols": ["A"]}},
		{"name": "i", "type": "string"},
		{"name": "j", "type": {"type": "map", "values": "int"}}]}`
	type inner struct{ X string }
	type mismatched struct {
		A     string `avro:"a"`
		B     string
		C     inner
		D     map[string]inner
		E     [3]byte
		F     *int32
		G     string
		H     int
		J     map[int]int32
		Extra int `avro:"extra"`
		Odd   int `avro:"a,omitempty"`
		P     **string
	}
	_, err := avro.NewCodec[mismatched](schemas.MustParse(schema))
	var e *avro.TypeMismatchError
	require.ErrorAs(t, err, &e)
	got := map[string]string{}
	for _, m := range e.Mismatches {
		got[m.Path] += m.Reason + "\n"
	}
	require.Equal(t, map[string]string{
		"Odd":   "unknown option \"omitempty\" in the tag\n",
		"extra": "the schema has no such field; the tag of Extra names it\n",
		"P":     "the schema has no such field; leave it out with the tag avro:\"-\"\n",
		"a":     "the Go fields A and Odd both stand for it\n",
		"b":     "string cannot be null; use *string, or the tag option omitzero\n",
		"c.x":   "string does not fit long; use an integer\n",
		"c.y":   "avro_test.inner has no such field, and the schema has no default\n",
		"d":     "map[string]avro_test.inner does not fit array; use a slice\n",
		"e":     "[3]uint8 does not fit F; use [4]byte or []byte\n",
		"f":     "*int32 for a union of 3 branches; use an interface with WithUnionTypes, any, or avro.Union\n",
		"g":     "string does not fit long (timestamp-millis); use time.Time or an integer\n",
		"h":     "int does not fit E; use a string type, or an integer type with UnmarshalText or String\n",
		"i":     "avro_test.mismatched has no such field, and the schema has no default\n",
		"j":     "map[int]int32 does not fit map; use a map with string keys\n",
	}, got)
	require.Equal(t, "R", e.Schema)
}

func TestMorePointersAndOddTypes(t *testing.T) {
	type loop *loop
	for name, try := range map[string]func(*schemas.Schema) error{
		"pointer to a pointer": func(s *schemas.Schema) error { _, err := avro.NewCodec[**int64](s); return err },
		"pointer to itself":    func(s *schemas.Schema) error { _, err := avro.NewCodec[loop](s); return err },
		"channel":              func(s *schemas.Schema) error { _, err := avro.NewCodec[chan int](s); return err },
		"func":                 func(s *schemas.Schema) error { _, err := avro.NewCodec[func()](s); return err },
		"complex":              func(s *schemas.Schema) error { _, err := avro.NewCodec[complex128](s); return err },
		"interface":            func(s *schemas.Schema) error { _, err := avro.NewCodec[error](s); return err },
		"union":                func(s *schemas.Schema) error { _, err := avro.NewCodec[avro.Union](s); return err },
	} {
		t.Run(name, func(t *testing.T) {
			var e *avro.TypeMismatchError
			require.ErrorAs(t, try(schemas.MustParse(`"long"`)), &e)
		})
	}
}

// A field that Go does not have is written as its default and passed over.
func TestFieldWithDefaultMayBeMissing(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [
		{"name": "a", "type": "int"},
		{"name": "tags", "type": {"type": "map", "values": {"type": "array", "items": "string"}}, "default": {"k": ["x", "y"]}},
		{"name": "u", "type": ["null", "double"], "default": null},
		{"name": "z", "type": "int"}]}`
	type record struct{ A, Z int32 }
	c := newCodec[record](t, schema)
	datum := encode(t, c, record{1, 2})
	require.Equal(t, "\x02\x02\x02k\x04\x02x\x02y\x00\x00\x00\x04", string(datum))
	require.Equal(t, record{1, 2}, roundTrip(t, c, record{1, 2}))

	var r record
	err := c.Decode([]byte("\x02\x02\x02k\x04\x02x\x08y"), &r)
	require.EqualError(t, err, `tags["k"][1]: input ends within a value: 1 of 4 bytes left`)

	g := newCodec[any](t, schema)
	var v any = map[string]any{"a": 1, "z": 2}
	enc, err := g.Append(nil, &v)
	require.NoError(t, err)
	require.Equal(t, datum, enc)
}

// Go fields that are not the schema's are zeroed, in slices that are reused too.
func TestIgnoredFieldsAreZeroed(t *testing.T) {
	type item struct {
		N     int64
		Cache string `avro:"-"`
		note  *int
	}
	c := newCodec[[]item](t, `{"type": "array", "items": {"type": "record", "name": "R", "fields": [{"name": "n", "type": "long"}]}}`)
	one := 1
	items := []item{{1, "cached", &one}, {2, "cached", &one}}
	require.NoError(t, c.Decode(encode(t, c, []item{{N: 7}}), &items))
	require.Equal(t, []item{{N: 7}}, items)
	require.Equal(t, item{2, "cached", &one}, items[:2][1], "beyond its length nothing is touched")
}

func TestRecursiveTypes(t *testing.T) {
	type node struct {
		V    int32
		Next *node
		Kids []node
		Map  map[string]node
	}
	c := newCodec[node](t, `{"type": "record", "name": "Node", "fields": [
		{"name": "v", "type": "int"},
		{"name": "next", "type": ["null", "Node"]},
		{"name": "kids", "type": {"type": "array", "items": "Node"}},
		{"name": "map", "type": ["null", {"type": "map", "values": "Node"}]}]}`)
	v := node{V: 1, Next: &node{V: 2, Kids: []node{}}, Kids: []node{{V: 3, Kids: []node{}}}, Map: map[string]node{"k": {V: 4, Kids: []node{}}}}
	require.Equal(t, v, roundTrip(t, c, v))

	v.Next.Next = v.Next // contains itself
	_, err := c.Append(nil, &v)
	require.ErrorIs(t, err, avro.ErrLimit)
}

func TestOmitZero(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [
		{"name": "s", "type": ["null", "string"]},
		{"name": "n", "type": ["long", "null"]},
		{"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]}]}`
	c := newCodec[optional](t, schema)
	require.Equal(t, "\x00\x02\x00", string(encode(t, c, optional{})))
	full := optional{S: "a", N: 7, At: sampleOrder().PlacedAt}
	require.Equal(t, full, roundTrip(t, c, full))
	out := full
	require.NoError(t, c.Decode([]byte("\x00\x02\x00"), &out))
	require.Equal(t, optional{}, out)

	type plain struct {
		S string `avro:"s,omitzero"`
	}
	_, err := avro.NewCodec[plain](schemas.MustParse(`{"type": "record", "name": "R", "fields": [{"name": "s", "type": "string"}]}`))
	require.ErrorContains(t, err, "s: the tag option omitzero is for unions of null and one more branch, not for string")
}
