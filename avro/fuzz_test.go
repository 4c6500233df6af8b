package avro_test

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// FuzzDatum checks the law that what was decoded encodes, and decodes to the same
// again; twice encoded it is the same bytes, but for the order of maps. What
// cannot be decoded is an error with a place within the datum.
func FuzzDatum(f *testing.F) {
	for _, v := range vectors.Load[encodeVector]("encode.json") {
		datum, _ := hex.DecodeString(v.Hex)
		f.Add(string(v.Schema), datum)
	}
	for _, v := range vectors.Load[malformedVector]("malformed.json") {
		datum, _ := hex.DecodeString(strings.Repeat(v.Hex, min(max(v.Repeat, 1), 100)))
		f.Add(string(v.Schema), datum)
	}
	f.Fuzz(func(t *testing.T, text string, datum []byte) {
		s, err := schemas.Parse(text, schemas.Lenient())
		if err != nil {
			return
		}
		c, err := avro.NewCodec[any](s)
		if err != nil {
			return
		}
		requireLaw(t, c.Decode, c.Append, datum)
		raw, err := avro.NewCodec[any](s, avro.WithRawLogicalTypes(), avro.WithTaggedUnions(), avro.WithValidUTF8())
		require.NoError(t, err)
		requireLaw(t, raw.Decode, raw.Append, datum)
	})
}

func requireLaw(t *testing.T, decode func([]byte, *any) error, encode func([]byte, *any) ([]byte, error), datum []byte) {
	var v, again any
	if err := decode(datum, &v); err != nil {
		var e *avro.DecodeError
		require.ErrorAs(t, err, &e)
		require.LessOrEqual(t, uint(e.Offset), uint(len(datum)))
		return
	}
	enc, err := encode(nil, &v)
	if errors.Is(err, avro.ErrRange) {
		return // a decimal of more digits than the schema's precision is read, as in Java, but not written
	}
	if err != nil && strings.Contains(err.Error(), "is not a UUID") {
		return // likewise text that is no UUID
	}
	require.NoError(t, err)
	require.NoError(t, decode(enc, &again))
	require.Equal(t, showBits(reflect.ValueOf(&v)), showBits(reflect.ValueOf(&again)))
}

// FuzzDatumStruct checks that structs and generic values are two views of the
// same data: both decode or neither does, at the same place, and both encode to
// bytes that are the same value.
func FuzzDatumStruct(f *testing.F) {
	var all []*schemas.Schema
	for _, v := range vectors.Load[encodeVector]("encode.json") {
		datum, _ := hex.DecodeString(v.Hex)
		f.Add(uint16(len(all)), datum)
		all = append(all, schemas.MustParse(string(v.Schema), schemas.Lenient()))
	}
	f.Fuzz(func(t *testing.T, i uint16, datum []byte) {
		s := all[int(i)%len(all)]
		typ := goType(s.Root(), map[*schemas.Node]bool{})
		generic, err := avro.NewTypedCodec(reflect.TypeFor[any](), s, avro.WithRawLogicalTypes(), avro.WithTaggedUnions())
		require.NoError(t, err)
		structs, err := avro.NewTypedCodec(typ, s, avro.WithRawLogicalTypes(), avro.WithTaggedUnions())
		require.NoError(t, err)
		var a any
		g, v := reflect.ValueOf(&a).Elem(), reflect.New(typ).Elem()
		errG, errV := generic.Decode(datum, g), structs.Decode(datum, v)
		if errG != nil {
			require.EqualError(t, errV, errG.Error())
			return
		}
		require.NoError(t, errV)
		enc, err := structs.Append(nil, v)
		require.NoError(t, err)
		var b any
		require.NoError(t, generic.Decode(enc, reflect.ValueOf(&b).Elem()))
		require.Equal(t, showBits(reflect.ValueOf(&a)), showBits(reflect.ValueOf(&b)))
	})
}
