package serde

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/kafka"
)

// The layouts of a frame ("Wire format", Confluent documentation):
//
//	as an id                             as a GUID
//	byte  0    0x00                      byte  0     0x01
//	bytes 1-4  schema id, big-endian     bytes 1-16  GUID, as its text reads
//
// An id stands in front of the datum, in the payload. A GUID stands alone in a
// header of the record, and the payload is the datum. Readers also take an id
// in the header and a GUID in front of the datum.
const (
	magicID   = 0x00
	magicGUID = 0x01

	idFrameSize   = 5  // bytes
	guidFrameSize = 17 // bytes
)

// The headers that hold a frame, for a record's key and for its value.
const (
	KeyFrameHeader   = "__key_schema_id"
	ValueFrameHeader = "__value_schema_id"
)

// GUID identifies a schema in all registries. Its text has the form of a UUID.
type GUID [16]byte

// ParseGUID parses the text form, 36 characters.
func ParseGUID(s string) (GUID, error) {
	var g GUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, fmt.Errorf("serde: GUID %q is not of the form 01234567-89ab-cdef-0123-456789abcdef", s)
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(g[:], []byte(digits)); err != nil {
		return GUID{}, fmt.Errorf("serde: GUID %q: %w", s, err)
	}
	return g, nil
}

// String returns the text form.
func (g GUID) String() string {
	s := hex.EncodeToString(g[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// FrameID is the content of a frame: the id of the writer's schema, or its GUID if ID is 0.
type FrameID struct {
	ID   int // 1 to 2^31-1
	GUID GUID
}

// String returns "schema 41" or "schema 01234567-...".
func (f FrameID) String() string {
	if f.ID != 0 {
		return fmt.Sprintf("schema %d", f.ID)
	}
	return "schema " + f.GUID.String()
}

// AppendFrame appends the frame of a schema id, 5 bytes, to dst. id must be in 1 to 2^31-1.
func AppendFrame(dst []byte, id int) []byte {
	return binary.BigEndian.AppendUint32(append(dst, magicID), uint32(id))
}

// AppendGUIDFrame appends the frame of a GUID, 17 bytes, to dst. It is the value of a header.
func AppendGUIDFrame(dst []byte, g GUID) []byte {
	return append(append(dst, magicGUID), g[:]...)
}

// SplitFrame splits a payload into the content of its frame and the datum. datum aliases payload. It
// may be empty, since Avro encodes null in zero bytes.
//
// The error is a [*FrameError] if payload is too short, begins with another byte than 0 and 1, or
// has id 0, which no registry assigns.
func SplitFrame(payload []byte) (f FrameID, datum []byte, err error) {
	if len(payload) == 0 {
		return f, nil, &FrameError{Reason: "empty, which is neither null nor framed"}
	}
	switch payload[0] {
	case magicID:
		if len(payload) < idFrameSize {
			return f, nil, &FrameError{Size: len(payload), Reason: "shorter than the 5-byte frame of a schema id"}
		}
		id := binary.BigEndian.Uint32(payload[1:])
		if id == 0 || id > math.MaxInt32 {
			return f, nil, &FrameError{Size: len(payload), Reason: fmt.Sprintf("schema id %d, want 1 to 2147483647", int32(id))}
		}
		return FrameID{ID: int(id)}, payload[idFrameSize:], nil
	case magicGUID:
		if len(payload) < guidFrameSize {
			return f, nil, &FrameError{Size: len(payload), Reason: "shorter than the 17-byte frame of a schema GUID"}
		}
		return FrameID{GUID: GUID(payload[1:guidFrameSize])}, payload[guidFrameSize:], nil
	default:
		return f, nil, &FrameError{Size: len(payload), Reason: fmt.Sprintf("first byte %#02x, want 0x00 (schema id) or 0x01 (schema GUID)", payload[0])}
	}
}

// SplitRecord is [SplitFrame] for a record. A frame in the headers (the last one, as in Java) takes
// precedence over the payload, and the whole payload is the datum then. A malformed header is an
// error: the payload is not considered.
func SplitRecord(payload []byte, part Part, headers []kafka.Header) (f FrameID, datum []byte, err error) {
	name := frameHeader(part)
	for _, h := range slices.Backward(headers) {
		if h.Key != name {
			continue
		}
		f, rest, err := SplitFrame(h.Value)
		if err != nil {
			err.(*FrameError).Header = name // made for this call: nobody else holds it
			return f, nil, err
		}
		if len(rest) > 0 {
			return FrameID{}, nil, &FrameError{Header: name, Size: len(h.Value), Reason: count.Of(len(rest), "byte") + " behind the frame"}
		}
		return f, payload, nil
	}
	return SplitFrame(payload)
}

// withFrameHeader returns headers with one frame header for part, the given
// one. headers itself is left as it is.
func withFrameHeader(headers []kafka.Header, part Part, frame []byte) []kafka.Header {
	name := frameHeader(part)
	out := make([]kafka.Header, 0, len(headers)+1)
	for _, h := range headers {
		if h.Key != name {
			out = append(out, h)
		}
	}
	return append(out, kafka.Header{Key: name, Value: frame})
}

func frameHeader(part Part) string {
	if part == Key {
		return KeyFrameHeader
	}
	return ValueFrameHeader
}
