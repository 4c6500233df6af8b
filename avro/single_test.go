package avro_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// A single object says which schema it was written with, by a fingerprint.
func ExampleSplitSingleObject() {
	s := schemas.MustParse(`"int"`)
	message := avro.AppendSingleObject(nil, s, []byte{6})
	fmt.Printf("%x\n", message)
	fingerprint, datum, err := avro.SplitSingleObject(message)
	fmt.Println(fingerprint == s.Fingerprint(), datum, err)
	// Output:
	// c3018f5c393f1ad5757206
	// true [6] <nil>
}

func TestSplitSingleObjectRefuses(t *testing.T) {
	for _, c := range []struct{ name, message, err string }{
		{"nothing", "", "not a single object: 0 bytes, shorter than the header of 10"},
		{"a header cut short", "c3018f5c393f1ad575", "not a single object: 9 bytes, shorter than the header of 10"},
		{"another marker", "c3028f5c393f1ad5757206", "not a single object: begins with 0xc302, want 0xc301"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := avro.SplitSingleObject(unhex(t, c.message))
			require.ErrorIs(t, err, avro.ErrNotSingleObject)
			require.EqualError(t, err, c.err)
		})
	}
	fingerprint, datum, err := avro.SplitSingleObject(unhex(t, "c301 0100000000000000"))
	require.NoError(t, err, "a null takes no bytes")
	require.Equal(t, uint64(1), fingerprint)
	require.Empty(t, datum)
}

func TestSingleObject(t *testing.T) {
	type user struct {
		Name string  `avro:"name"`
		Age  float64 `avro:"age"`
	}
	old := schemas.MustParse(record("User", `{"name":"name","type":"string"},{"name":"age","type":"int"}`))
	same := schemas.MustParse(record("Person", `{"name":"name","type":"string"},{"name":"age","type":"double"}`))
	other := schemas.MustParse(`"boolean"`)
	now := schemas.MustParse(record("User", `{"name":"name","type":"string"},{"name":"age","type":"double"}`))
	c, err := avro.NewCodec[user](now)
	require.NoError(t, err)
	o := avro.NewSingleObject(c, avro.Schemas(old, same, other))

	in := user{"ada", 36}
	message, err := o.Append([]byte("before"), &in)
	require.NoError(t, err)
	require.Equal(t, "before", string(message[:6]))
	var out user
	require.NoError(t, o.Decode(message[6:], &out), "its own")
	require.Equal(t, in, out)

	for range 2 { // resolved, then by what was remembered
		out = user{}
		require.NoError(t, o.Decode(avro.AppendSingleObject(nil, old, unhex(t, "06616461 48")), &out))
		require.Equal(t, in, out)
		out = user{}
		require.NoError(t, o.Decode(avro.AppendSingleObject(nil, same, message[16:]), &out))
		require.Equal(t, in, out)
	}
	require.ErrorIs(t, o.Decode(nil, &out), avro.ErrNotSingleObject)
	var at *avro.DecodeError
	require.ErrorAs(t, o.Decode(avro.AppendSingleObject(nil, old, unhex(t, "06616461")), &out), &at)
	require.Equal(t, "age", at.Path)
	var none *avro.ResolveError
	require.ErrorAs(t, o.Decode(avro.AppendSingleObject(nil, other, unhex(t, "01")), &out), &none)
	var unknown *avro.UnknownSchemaError
	require.ErrorAs(t, o.Decode(unhex(t, "c301 efcdab8967452301 00"), &out), &unknown)
	require.EqualError(t, unknown, "no schema has the fingerprint 0123456789abcdef")
	require.ErrorAs(t, avro.NewSingleObject(c, nil).Decode(unhex(t, "c301 efcdab8967452301 00"), &out), &unknown)

	message, err = o.Append([]byte("before"), nil)
	require.Error(t, err)
	require.Equal(t, "before", string(message))
}

// What was split, put together again, is the same bytes.
func FuzzSingleObject(f *testing.F) {
	f.Add([]byte{}, []byte("datum"))
	seed, _ := hex.DecodeString("c3018f5c393f1ad5757206")
	f.Add(seed, []byte{})
	s := schemas.MustParse(`"int"`)
	f.Fuzz(func(t *testing.T, message, datum []byte) {
		fingerprint, rest, err := avro.SplitSingleObject(message)
		if err == nil && fingerprint == s.Fingerprint() {
			require.Equal(t, message, avro.AppendSingleObject(nil, s, rest))
		}
		made := avro.AppendSingleObject(nil, s, datum)
		fingerprint, rest, err = avro.SplitSingleObject(made)
		require.NoError(t, err)
		require.Equal(t, s.Fingerprint(), fingerprint)
		require.Equal(t, string(datum), string(rest))
	})
}
