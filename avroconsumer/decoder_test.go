package avroconsumer_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// Plain bytes are the record's own with clipped capacity: what is appended to them changes neither the
// record nor what follows it in memory.
func TestDecodeBytes(t *testing.T) {
	d := avroconsumer.NewDecoder(serde.Bytes, serde.Bytes)
	for name, r := range map[string]kafka.Record{
		"both":        {Key: []byte("key,value")[:3], Value: []byte("value, the next key")[:5]},
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

			require.Equal(t, len(r.Key), cap(m.Key))
			require.Equal(t, len(r.Value), cap(m.Value))
			require.Same(t, unsafe.SliceData(r.Key), unsafe.SliceData(m.Key))
			require.Same(t, unsafe.SliceData(r.Value), unsafe.SliceData(m.Value))
		})
	}
}

// One allocation in addition to the client's: the message.
func TestDecodeBytesAllocates(t *testing.T) {
	d := avroconsumer.NewDecoder(serde.Bytes, serde.Bytes)
	r := &kafka.Record{Key: []byte("key"), Value: []byte("value")}
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := d.Decode(t.Context(), r); err != nil {
			panic(err)
		}
	}), 1.0)
}
