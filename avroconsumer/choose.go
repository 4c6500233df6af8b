package avroconsumer

import (
	"context"

	"github.com/kavro/kavro/serde"
)

// Choose returns a deserializer for topics that hold several formats: choose returns the
// deserializer for a payload, by its bytes and where it comes from. It must not keep or change
// its arguments, nor return nil. See [Framed].
func Choose[T any](choose func(payload []byte, from *serde.Target) serde.Deserializer[T]) serde.Deserializer[T] {
	return chooser[T](choose)
}

type chooser[T any] func(payload []byte, from *serde.Target) serde.Deserializer[T]

func (c chooser[T]) Decode(ctx context.Context, payload []byte, from *serde.Target, v *T) error {
	return c(payload, from).Decode(ctx, payload, from, v)
}

// Framed reports whether a payload, or a header that belongs to it, begins as a frame does;
// the frame may be truncated. Null is not framed.
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
