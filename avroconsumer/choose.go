package avroconsumer

import (
	"context"

	"github.com/kavro/kavro/serde"
)

// Choose returns a deserializer for topics that hold several formats: pick says,
// by the payload and where it comes from, which deserializer reads it. It must not
// keep or change what it is given, nor return nil. See [Framed].
func Choose[T any](pick func(payload []byte, from *serde.Target) serde.Deserializer[T]) serde.Deserializer[T] {
	return chooser[T](pick)
}

type chooser[T any] func(payload []byte, from *serde.Target) serde.Deserializer[T]

func (c chooser[T]) Decode(ctx context.Context, payload []byte, from *serde.Target, v *T) error {
	return c(payload, from).Decode(ctx, payload, from, v)
}

// Framed says whether a payload, or a header that belongs to it, claims to be
// framed: it begins as a frame does, though it may be cut short. Null is not framed.
func Framed(payload []byte, from *serde.Target) bool {
	name := serde.ValueFrameHeader
	if from.Part == serde.Key {
		name = serde.KeyFrameHeader
	}
	for _, h := range from.Headers {
		if h.Key == name {
			return true
		}
	}
	const magicID, magicGUID = 0, 1
	return !from.Null && len(payload) > 0 && (payload[0] == magicID || payload[0] == magicGUID)
}
