package avro

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// Any datum of any schema, written as JSON of any kind and read again, is the same
// value, and its JSON the same text.
func TestJSONLaw(t *testing.T) {
	checked := 0
	for seed := range uint64(15000) {
		writer, reader, datum, ok := randomschema.Pair(seed)
		if !ok {
			continue
		}
		checked++
		for _, opts := range [][]Option{nil, {WithPlainJSON()}, {WithPlainJSON(), WithRawLogicalTypes()}} {
			requireJSONLaw(t, writer, datum, opts)
		}
		if r, err := NewResolution(writer, reader); err == nil {
			if datum, err = r.Append(nil, datum); err == nil {
				requireJSONLaw(t, reader, datum, []Option{WithPlainJSON()})
			}
		}
	}
	require.Greater(t, checked, 10000)
}

func requireJSONLaw(t *testing.T, s *schemas.Schema, datum []byte, opts []Option) {
	t.Helper()
	about := fmt.Sprintf("schema %s\ndatum %x", s, datum)
	j, err := NewJSON(s, opts...)
	require.NoError(t, err)
	text, err := j.Append(nil, datum)
	require.NoError(t, err, about)
	require.True(t, json.Valid(text), about)
	back, err := j.AppendDatum(nil, text)
	require.NoError(t, err, "%s\n%s", about, text)
	again, err := j.Append(nil, back)
	require.NoError(t, err, about)
	require.Equal(t, string(text), string(again), about)

	// The blocks may be others, the values not.
	own, err := NewJSON(s)
	require.NoError(t, err)
	want, err := own.Append(nil, datum)
	require.NoError(t, err)
	got, err := own.Append(nil, back)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), about)
}
