package serde

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/kavro/kavro/internal/count"
)

// The plain serdes write what Kafka's own serializers of the same name write
// (org.apache.kafka.common.serialization): no frame, no registry. Each
// is both a [Serializer] and a [Deserializer].
var (
	String  Plain[string]   = stringSerde{}  // UTF-8
	Bytes   Plain[[]byte]   = bytesSerde{}   // as they are; nil is null
	Int16   Plain[int16]    = int16Serde{}   // 2 bytes, big-endian
	Int32   Plain[int32]    = int32Serde{}   // 4 bytes, big-endian
	Int64   Plain[int64]    = int64Serde{}   // 8 bytes, big-endian
	Float32 Plain[float32]  = float32Serde{} // 4 bytes, big-endian IEEE 754
	Float64 Plain[float64]  = float64Serde{} // 8 bytes, big-endian IEEE 754
	UUID    Plain[[16]byte] = uuidSerde{}    // its text, 36 characters
	None    Plain[NoKey]    = noneSerde{}    // always null
)

// Plain is both directions of one encoding.
type Plain[T any] interface {
	Serializer[T]
	Deserializer[T]
}

type stringSerde struct{}

func (stringSerde) Append(_ context.Context, dst []byte, _ *Target, v *string) ([]byte, error) {
	return append(dst, *v...), nil
}

func (stringSerde) Decode(_ context.Context, payload []byte, _ *Target, v *string) error {
	*v = string(payload)
	return nil
}

type bytesSerde struct{}

func (bytesSerde) Append(_ context.Context, dst []byte, to *Target, v *[]byte) ([]byte, error) {
	to.Null = *v == nil
	return append(dst, *v...), nil
}

func (bytesSerde) Decode(_ context.Context, payload []byte, from *Target, v *[]byte) error {
	if from.Null {
		*v = nil
		return nil
	}
	*v = append(make([]byte, 0, len(payload)), payload...)
	return nil
}

type int16Serde struct{}

func (int16Serde) Append(_ context.Context, dst []byte, _ *Target, v *int16) ([]byte, error) {
	return binary.BigEndian.AppendUint16(dst, uint16(*v)), nil
}

func (int16Serde) Decode(_ context.Context, payload []byte, from *Target, v *int16) error {
	*v = 0
	b, err := fixedPayload(payload, from, 2)
	if b != nil {
		*v = int16(binary.BigEndian.Uint16(b))
	}
	return err
}

type int32Serde struct{}

func (int32Serde) Append(_ context.Context, dst []byte, _ *Target, v *int32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, uint32(*v)), nil
}

func (int32Serde) Decode(_ context.Context, payload []byte, from *Target, v *int32) error {
	*v = 0
	b, err := fixedPayload(payload, from, 4)
	if b != nil {
		*v = int32(binary.BigEndian.Uint32(b))
	}
	return err
}

type int64Serde struct{}

func (int64Serde) Append(_ context.Context, dst []byte, _ *Target, v *int64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(*v)), nil
}

func (int64Serde) Decode(_ context.Context, payload []byte, from *Target, v *int64) error {
	*v = 0
	b, err := fixedPayload(payload, from, 8)
	if b != nil {
		*v = int64(binary.BigEndian.Uint64(b))
	}
	return err
}

type float32Serde struct{}

func (float32Serde) Append(_ context.Context, dst []byte, _ *Target, v *float32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(*v)), nil
}

func (float32Serde) Decode(_ context.Context, payload []byte, from *Target, v *float32) error {
	*v = 0
	b, err := fixedPayload(payload, from, 4)
	if b != nil {
		*v = math.Float32frombits(binary.BigEndian.Uint32(b))
	}
	return err
}

type float64Serde struct{}

func (float64Serde) Append(_ context.Context, dst []byte, _ *Target, v *float64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(*v)), nil
}

func (float64Serde) Decode(_ context.Context, payload []byte, from *Target, v *float64) error {
	*v = 0
	b, err := fixedPayload(payload, from, 8)
	if b != nil {
		*v = math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return err
}

type uuidSerde struct{}

func (uuidSerde) Append(_ context.Context, dst []byte, _ *Target, v *[16]byte) ([]byte, error) {
	for i, b := range v {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst, nil
}

func (uuidSerde) Decode(_ context.Context, payload []byte, from *Target, v *[16]byte) error {
	*v = [16]byte{}
	b, err := fixedPayload(payload, from, 36)
	if b == nil {
		return err
	}
	g, err := ParseGUID(string(b))
	if err != nil {
		return &DecodeError{Topic: from.Topic, Part: from.Part, Err: fmt.Errorf("%q is not a UUID", b)}
	}
	*v = g
	return nil
}

type noneSerde struct{}

func (noneSerde) Append(_ context.Context, dst []byte, to *Target, _ *NoKey) ([]byte, error) {
	to.Null = true
	return dst, nil
}

// Decode takes whatever is there: NoKey says that the program does not look.
func (noneSerde) Decode(context.Context, []byte, *Target, *NoKey) error { return nil }

// fixedPayload returns payload if it has n bytes, nil for null, which plain
// types read as zero; Target.Null tells the two apart.
func fixedPayload(payload []byte, from *Target, n int) ([]byte, error) {
	if from.Null {
		return nil, nil
	}
	if len(payload) != n {
		return nil, &DecodeError{Topic: from.Topic, Part: from.Part, Err: fmt.Errorf("%s, want %d", count.Of(len(payload), "byte"), n)}
	}
	return payload, nil
}
