package avro_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// doubling is a schema of records that each hold the next one twice, leaf at the
// bottom: 2^levels leaves, none of which need take a byte.
func doubling(levels int, leaf string) string {
	s := fmt.Sprintf(`{"type":"record","name":"R0","fields":[%s]}`, leaf)
	for i := 1; i <= levels; i++ {
		s = fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"a","type":%s},{"name":"b","type":"R%d"}]}`, i, s, i-1)
	}
	return s
}

// A datum of no bytes that stands for 2^60 records is refused at once, or passed
// over at once, by everything that reads it.
func TestRecordsThatTakeNoBytes(t *testing.T) {
	const levels = 60
	zeroLength := schemas.MustParse(doubling(levels, ""))
	t.Run("generic value", func(t *testing.T) {
		c, err := avro.NewCodec[any](zeroLength)
		require.NoError(t, err)
		var v any
		require.ErrorIs(t, c.Decode(nil, &v), avro.ErrLimit)
	})
	t.Run("few of them", func(t *testing.T) {
		c, err := avro.NewCodec[any](schemas.MustParse(doubling(10, "")))
		require.NoError(t, err)
		var v any
		require.NoError(t, c.Decode(nil, &v))
	})
	t.Run("resolution to the same", func(t *testing.T) {
		r, err := avro.NewResolution(zeroLength, zeroLength)
		require.NoError(t, err)
		out, err := r.Append(nil, nil)
		require.NoError(t, err)
		require.Empty(t, out)
	})
	t.Run("resolution that drops them", func(t *testing.T) {
		r, err := avro.NewResolution(zeroLength, schemas.MustParse(fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"x","type":"int","default":1}]}`, levels)))
		require.NoError(t, err)
		out, err := r.Append(nil, nil)
		require.NoError(t, err)
		require.Equal(t, []byte{2}, out)
	})
	t.Run("resolution that adds a default to each", func(t *testing.T) {
		r, err := avro.NewResolution(zeroLength, schemas.MustParse(doubling(levels, `{"name":"x","type":"int","default":1}`)), avro.WithMaxBytes(1<<20))
		if err == nil {
			_, err = r.Append(nil, nil)
			require.ErrorIs(t, err, avro.ErrLimit)
		}
	})
	t.Run("resolution that adds a default to each, by default", func(t *testing.T) {
		r, err := avro.NewResolution(schemas.MustParse(doubling(30, "")), schemas.MustParse(doubling(30, `{"name":"x","type":"string","default":"`+strings.Repeat("x", 1000)+`"}`)))
		require.NoError(t, err)
		allocated := allocatedBytes(func() { _, err = r.Append(nil, nil) })
		require.ErrorIs(t, err, avro.ErrLimit)
		require.Less(t, allocated, uint64(100<<20)) // 16 MiB, and what append leaves behind while it grows to that
	})
	t.Run("resolution into a union at each", func(t *testing.T) {
		writer := schemas.MustParse(doubling(levels, `{"name":"x","type":"null"}`))
		r, err := avro.NewResolution(writer, schemas.MustParse(doubling(levels, `{"name":"x","type":["null","int"]}`)), avro.WithMaxBytes(1<<20))
		if err == nil {
			_, err = r.Append(nil, nil)
			require.ErrorIs(t, err, avro.ErrLimit)
		}
	})
	t.Run("JSON", func(t *testing.T) {
		j, err := avro.NewJSON(zeroLength)
		require.NoError(t, err)
		_, err = j.Append(nil, nil)
		require.ErrorIs(t, err, avro.ErrLimit)
	})
}
