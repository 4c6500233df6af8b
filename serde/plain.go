package serde

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/count"
)

// The plain serdes have the encodings of Kafka's serializers with these names
// (org.apache.kafka.common.serialization), without frame and registry. Each is a [Serializer] and
// a [Deserializer]. [PlainFor] returns the one for a type.
//
// String does not write or read strings that are not UTF-8, or whose first byte is 0 like that of
// a frame. Reading one returns a [*FrameError].
//
// Bytes, and its equal for a type declared as []byte, copies on writing and not on reading: the value
// is the payload itself. A consumer's payload stays valid for ever, but to change it changes the record
// that dead letters and retries are made of; append copies it. Keeping it may keep the fetched batch that
// it was a part of: bytes.Clone a small value that is kept for long.
var (
	String  Plain[string]   = &plain[string]{appendString, decodeString}    // UTF-8
	Bytes   Plain[[]byte]   = &plain[[]byte]{appendBytes, decodeBytes}      // as they are; nil is null
	Bool    Plain[bool]     = &plain[bool]{appendBool, decodeBool}          // 1 byte, 0 or 1
	Int16   Plain[int16]    = &plain[int16]{appendInt16, decodeInt16}       // 2 bytes, big-endian
	Int32   Plain[int32]    = &plain[int32]{appendInt32, decodeInt32}       // 4 bytes, big-endian
	Int64   Plain[int64]    = &plain[int64]{appendInt64, decodeInt64}       // 8 bytes, big-endian
	Float32 Plain[float32]  = &plain[float32]{appendFloat32, decodeFloat32} // 4 bytes, big-endian IEEE 754
	Float64 Plain[float64]  = &plain[float64]{appendFloat64, decodeFloat64} // 8 bytes, big-endian IEEE 754
	UUID    Plain[[16]byte] = &plain[[16]byte]{appendUUID, decodeUUID}      // its text, 36 characters
	None    Plain[NoKey]    = &plain[NoKey]{appendNone, decodeNone}         // always null
)

// Plain is a serializer and deserializer of the same encoding.
type Plain[T any] interface {
	Serializer[T]
	Deserializer[T]
}

// plain takes and returns values, not pointers: what is called through a variable
// would move them to the heap.
type plain[B any] struct {
	append func(dst []byte, to *Target, v B) ([]byte, error)
	decode func(payload []byte, from *Target) (B, error)
}

func (p *plain[B]) Append(_ context.Context, dst []byte, to *Target, v *B) ([]byte, error) {
	return p.append(dst, to, *v)
}

func (p *plain[B]) Decode(_ context.Context, payload []byte, from *Target, v *B) (err error) {
	*v, err = p.decode(payload, from)
	return err
}

func appendString(dst []byte, to *Target, v string) ([]byte, error) {
	if reason := notPlain(v); reason != "" {
		return dst, &EncodeError{Topic: to.Topic, Part: to.Part, Err: errors.New("not plain text: " + reason + avroInstead(to.Part, "serializer"))}
	}
	return append(dst, v...), nil
}

func decodeString(payload []byte, from *Target) (string, error) {
	v := string(payload)
	if reason := notPlain(v); reason != "" {
		return "", &DecodeError{Topic: from.Topic, Part: from.Part, Err: &FrameError{
			Size: len(payload), Reason: reason + avroInstead(from.Part, "deserializer"), plain: true,
		}}
	}
	return v, nil
}

// notPlain says why s is no text that may stand in a record without a frame, ""
// if it is.
func notPlain(s string) string {
	switch {
	case s != "" && s[0] == magicID:
		return "it begins with 0x00, as framed Avro does"
	case !utf8.ValidString(s):
		return "it is not UTF-8"
	}
	return ""
}

func avroInstead(part Part, role string) string {
	return fmt.Sprintf("; for Avro set %s.%s=avro or give a schema (WithSchema), for any bytes use []byte", part, role)
}

func appendBytes(dst []byte, to *Target, v []byte) ([]byte, error) {
	to.Null = v == nil
	return append(dst, v...), nil
}

func decodeBytes(payload []byte, from *Target) ([]byte, error) {
	if from.Null {
		return nil, nil
	}
	return slices.Clip(payload), nil // what the caller appends goes elsewhere
}

func appendBool(dst []byte, _ *Target, v bool) ([]byte, error) {
	if v {
		return append(dst, 1), nil
	}
	return append(dst, 0), nil
}

func decodeBool(payload []byte, from *Target) (bool, error) {
	b, err := fixedPayload(payload, from, 1)
	if b != nil && b[0] > 1 {
		err = &DecodeError{Topic: from.Topic, Part: from.Part, Err: fmt.Errorf("byte %#02x, want 0x00 or 0x01", b[0])}
	}
	return b != nil && b[0] == 1, err
}

func appendInt16(dst []byte, _ *Target, v int16) ([]byte, error) {
	return binary.BigEndian.AppendUint16(dst, uint16(v)), nil
}

func decodeInt16(payload []byte, from *Target) (int16, error) {
	b, err := fixedPayload(payload, from, 2)
	if b == nil {
		return 0, err
	}
	return int16(binary.BigEndian.Uint16(b)), nil
}

func appendInt32(dst []byte, _ *Target, v int32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, uint32(v)), nil
}

func decodeInt32(payload []byte, from *Target) (int32, error) {
	b, err := fixedPayload(payload, from, 4)
	if b == nil {
		return 0, err
	}
	return int32(binary.BigEndian.Uint32(b)), nil
}

func appendInt64(dst []byte, _ *Target, v int64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
}

func decodeInt64(payload []byte, from *Target) (int64, error) {
	b, err := fixedPayload(payload, from, 8)
	if b == nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

func appendFloat32(dst []byte, to *Target, v float32) ([]byte, error) {
	return appendInt32(dst, to, int32(math.Float32bits(v)))
}

func decodeFloat32(payload []byte, from *Target) (float32, error) {
	v, err := decodeInt32(payload, from)
	return math.Float32frombits(uint32(v)), err
}

func appendFloat64(dst []byte, to *Target, v float64) ([]byte, error) {
	return appendInt64(dst, to, int64(math.Float64bits(v)))
}

func decodeFloat64(payload []byte, from *Target) (float64, error) {
	v, err := decodeInt64(payload, from)
	return math.Float64frombits(uint64(v)), err
}

func appendUUID(dst []byte, _ *Target, v [16]byte) ([]byte, error) {
	for i, b := range v {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst, nil
}

func decodeUUID(payload []byte, from *Target) ([16]byte, error) {
	b, err := fixedPayload(payload, from, 36)
	if b == nil {
		return [16]byte{}, err
	}
	g, err := ParseGUID(string(b))
	if err != nil {
		return [16]byte{}, &DecodeError{Topic: from.Topic, Part: from.Part, Err: fmt.Errorf("%q is not a UUID", b)}
	}
	return g, nil
}

func appendNone(dst []byte, to *Target, _ NoKey) ([]byte, error) {
	to.Null = true
	return dst, nil
}

// decodeNone takes any payload: NoKey says that the program does not look.
func decodeNone([]byte, *Target) (NoKey, error) { return NoKey{}, nil }

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
