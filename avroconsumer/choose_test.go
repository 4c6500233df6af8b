package avroconsumer_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// named decodes everything as its own name.
type named string

func (n named) Decode(_ context.Context, _ []byte, _ *serde.Target, v *string) error {
	*v = string(n)
	return nil
}

func TestChoose(t *testing.T) {
	d := avroconsumer.Choose(func(payload []byte, from *serde.Target) serde.Deserializer[string] {
		if avroconsumer.Framed(payload, from) {
			return named("avro")
		}
		return named("json")
	})
	frame := kafka.Header{Key: serde.ValueFrameHeader}
	tests := []struct {
		name    string
		payload []byte
		from    serde.Target
		want    string
	}{
		{"an id in front", []byte{0, 0, 0, 0, 1}, serde.Target{Part: serde.Value}, "avro"},
		{"a GUID in front", []byte{1}, serde.Target{Part: serde.Value}, "avro"},
		{"cut short is still a frame", []byte{0}, serde.Target{Part: serde.Value}, "avro"},
		{"a frame in the header", []byte("{}"), serde.Target{Part: serde.Value, Headers: []kafka.Header{frame}}, "avro"},
		{"of the other part", []byte("{}"), serde.Target{Part: serde.Key, Headers: []kafka.Header{frame}}, "json"},
		{"JSON", []byte("{}"), serde.Target{Part: serde.Value}, "json"},
		{"nothing", nil, serde.Target{Part: serde.Value}, "json"},
		{"null", nil, serde.Target{Part: serde.Value, Null: true}, "json"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var got string
			require.NoError(t, d.Decode(t.Context(), tc.payload, &tc.from, &got))
			require.Equal(t, tc.want, got)
		})
	}
}
