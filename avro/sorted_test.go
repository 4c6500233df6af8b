package avro_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// A map that is a Kafka key has the same bytes every time.
func ExampleWithSortedMaps() {
	codec, err := avro.NewCodec[map[string]int32](schemas.MustParse(`{"type": "map", "values": "int"}`), avro.WithSortedMaps())
	if err != nil {
		fmt.Println(err)
		return
	}
	datum, err := codec.Append(nil, &map[string]int32{"b": 2, "a": 1, "": 0})
	fmt.Printf("% x %v\n", datum, err)
	// Output: 06 00 00 02 61 02 02 62 04 00 <nil>
}

// Tagged is a generated type with a map; its own method writes it.
type Tagged struct{ Tags map[string]string }

var taggedSchema = schemas.MustParse(`{"type": "record", "name": "Tagged", "fields": [{"name": "Tags", "type": {"type": "map", "values": "string"}}]}`)

func (v *Tagged) AvroSchema() *schemas.Schema { return taggedSchema }

func (v *Tagged) AppendAvro(dst []byte) ([]byte, error) {
	dst = avrort.AppendLong(dst, int64(len(v.Tags)))
	for k, tag := range v.Tags {
		dst = avrort.AppendString(avrort.AppendString(dst, k), tag)
	}
	return append(dst, 0), nil
}

func (v *Tagged) DecodeAvro(r *avrort.Reader) error { return r.Err() }

func TestSortedMaps(t *testing.T) {
	text := func(values string) *schemas.Schema {
		return schemas.MustParse(`{"type": "record", "name": "R", "fields": [{"name": "before", "type": "string"},
			{"name": "m", "type": ["null", {"type": "array", "items": {"type": "map", "values": ` + values + `}}]}, {"name": "after", "type": "long"}]}`)
	}
	requireBytes := func(t *testing.T, want string, append func() ([]byte, error)) {
		t.Helper()
		for range 20 { // Go's order is another each time
			got, err := append()
			require.NoError(t, err)
			require.Equal(t, strings.ReplaceAll(want, " ", ""), hex.EncodeToString(got))
		}
	}
	t.Run("maps within maps, generic", func(t *testing.T) {
		c, err := avro.NewCodec[any](text(`{"type": "map", "values": "int"}`), avro.WithSortedMaps())
		require.NoError(t, err)
		var v any = map[string]any{"before": "x", "after": 3, "m": []any{
			map[string]any{"b": map[string]any{"z": 1, "y": 2}, "a": map[string]any{}},
		}}
		requireBytes(t, "ff 0278 02 02 04 026100 0262 04 027904 027a02 00 00 00 06",
			func() ([]byte, error) { return c.Append([]byte{0xff}, &v) })
	})
	t.Run("structs", func(t *testing.T) {
		type R struct {
			Before string
			M      []map[string]string
			After  int64
		}
		c, err := avro.NewCodec[R](text(`"string"`), avro.WithSortedMaps())
		require.NoError(t, err)
		requireBytes(t, "00 02 02 06 00 00 0261 0231 0262 00 00 00 00",
			func() ([]byte, error) { return c.Append(nil, &R{M: []map[string]string{{"b": "", "": "", "a": "1"}}}) })
	})
	t.Run("a generated type", func(t *testing.T) {
		c, err := avro.NewCodec[Tagged](taggedSchema, avro.WithSortedMaps())
		require.NoError(t, err)
		requireBytes(t, "06 0261 02 31 0262 00 0263 00 00",
			func() ([]byte, error) { return c.Append(nil, &Tagged{map[string]string{"c": "", "b": "", "a": "1"}}) })
	})
}

// On any schema, sorted bytes are the same value, and are stable.
func TestSortedMapsLaw(t *testing.T) {
	sorted := 0
	for seed := range uint64(3000) {
		s, _, datum, ok := randomschema.Pair(seed)
		if !ok {
			continue
		}
		about := fmt.Sprintf("schema %s\ndatum %x", s, datum)
		plain, err := avro.NewCodec[any](s)
		require.NoError(t, err)
		c, err := avro.NewCodec[any](s, avro.WithSortedMaps())
		require.NoError(t, err)
		var v, again any
		require.NoError(t, plain.Decode(datum, &v), about)
		out, err := c.Append(nil, &v)
		require.NoError(t, err, about)
		if usual, err := plain.Append(nil, &v); err != nil || string(usual) != string(out) {
			require.NoError(t, err, about)
			sorted++
		}
		require.NoError(t, plain.Decode(out, &again), about)
		second, err := c.Append(nil, &again)
		require.NoError(t, err, about)
		require.Equal(t, out, second, about)
	}
	require.Positive(t, sorted)
}

func BenchmarkSortedMaps(b *testing.B) {
	s := schemas.MustParse(`{"type": "map", "values": "string"}`)
	v := map[string]string{}
	for range 16 {
		v[fmt.Sprint("key", rand.IntN(1e6))] = "value"
	}
	for name, opts := range map[string][]avro.Option{"as they come": nil, "sorted": {avro.WithSortedMaps()}} {
		b.Run(name, func(b *testing.B) {
			c, err := avro.NewCodec[map[string]string](s, opts...)
			require.NoError(b, err)
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				if dst, err = c.Append(dst[:0], &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
