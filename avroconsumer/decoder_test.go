package avroconsumer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Plain bytes are copies with clipped capacity: appending to the key does not change the value.
func TestDecodeBytes(t *testing.T) {
	d := avroconsumer.NewDecoder(serde.Bytes, serde.Bytes)
	for name, r := range map[string]kafka.Record{
		"both":        {Key: []byte("key"), Value: []byte("value")},
		"no key":      {Value: []byte("value")},
		"tombstone":   {Key: []byte("key")},
		"empty":       {Key: []byte{}, Value: []byte{}},
		"nothing":     {},
		"empty key":   {Key: []byte{}, Value: []byte("value")},
		"empty value": {Key: []byte("key"), Value: []byte{}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := d.Decode(t.Context(), &r)
			require.NoError(t, err)
			require.Equal(t, r.Key, m.Key) // nil is not empty
			require.Equal(t, r.Value, m.Value)
			require.Equal(t, r.Key == nil, m.KeyNull)
			require.Equal(t, r.Value == nil, m.Tombstone)

			value := string(m.Value)
			_ = append(m.Key, "longer"...)
			require.Equal(t, value, string(m.Value))
			for _, b := range [][]byte{m.Key, m.Value} {
				for i := range b {
					b[i] = 'x'
				}
			}
			require.NotContains(t, string(r.Key)+string(r.Value), "x")
		})
	}
}

// Two allocations in addition to the client's: the message and one copy.
func TestDecodeBytesAllocates(t *testing.T) {
	d := avroconsumer.NewDecoder(serde.Bytes, serde.Bytes)
	r := &kafka.Record{Key: []byte("key"), Value: []byte("value")}
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := d.Decode(t.Context(), r); err != nil {
			panic(err)
		}
	}), 2.0)
}
