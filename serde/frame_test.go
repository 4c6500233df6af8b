package serde_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

var guid = serde.GUID{0x09, 0x5d, 0x71, 0xcf, 0x12, 0x55, 0x6b, 0x9d, 0x5e, 0x33, 0x0a, 0xd5, 0x75, 0xb3, 0xdf, 0x5d}

var guidFrame = serde.AppendGUIDFrame(nil, guid)

// frames drives the tests of reading, and seeds the fuzzing.
var frames = []struct {
	name    string
	payload []byte
	frame   serde.FrameID
	datum   []byte
	err     string
}{
	{name: "a datum of three bytes", payload: []byte{0, 0, 0, 0, 41, 6, 'a', 'd'}, frame: serde.FrameID{ID: 41}, datum: []byte{6, 'a', 'd'}},
	{name: "null datum takes no bytes", payload: []byte{0, 0, 0, 0, 41}, frame: serde.FrameID{ID: 41}, datum: []byte{}},
	{name: "largest id", payload: []byte{0, 0x7f, 0xff, 0xff, 0xff}, frame: serde.FrameID{ID: 1<<31 - 1}, datum: []byte{}},
	{name: "GUID in front", payload: append(guidFrame[:17:17], 2), frame: serde.FrameID{GUID: guid}, datum: []byte{2}},
	{name: "empty", payload: []byte{}, err: "not framed (0 bytes): empty, which is neither null nor framed"},
	{name: "cut inside the id", payload: []byte{0, 0, 0}, err: "not framed (3 bytes): shorter than the 5-byte frame of a schema id"},
	{name: "cut inside the GUID", payload: []byte{1, 2, 3}, err: "not framed (3 bytes): shorter than the 17-byte frame of a schema GUID"},
	{name: "id 0", payload: []byte{0, 0, 0, 0, 0}, err: "not framed (5 bytes): schema id 0, want 1 to 2147483647"},
	{name: "negative id", payload: []byte{0, 0xff, 0xff, 0xff, 0xff}, err: "not framed (5 bytes): schema id -1, want 1 to 2147483647"},
	{name: "JSON", payload: []byte(`{"a":1}`), err: "not framed (7 bytes): first byte 0x7b, want 0x00 (schema id) or 0x01 (schema GUID)"},
}

func TestSplitFrame(t *testing.T) {
	for _, c := range frames {
		t.Run(c.name, func(t *testing.T) {
			frame, datum, err := serde.SplitFrame(c.payload)
			if c.err != "" {
				var e *serde.FrameError
				require.ErrorAs(t, err, &e)
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.frame, frame)
			require.Equal(t, c.datum, datum)
		})
	}
}

// Every length up to beyond the longest frame, with every first byte, is an
// answer or a FrameError.
func TestSplitFrameShortPayloads(t *testing.T) {
	for size := range 19 {
		for first := range 256 {
			payload := bytes.Repeat([]byte{1}, size)
			if size > 0 {
				payload[0] = byte(first)
			}
			frame, datum, err := serde.SplitFrame(payload[:size:size])
			switch {
			case size >= 5 && first == 0:
				require.NoError(t, err)
				require.Equal(t, 0x01010101, frame.ID)
				require.Len(t, datum, size-5)
			case size >= 17 && first == 1:
				require.NoError(t, err)
				require.Len(t, datum, size-17)
			default:
				var e *serde.FrameError
				require.ErrorAs(t, err, &e)
				require.Equal(t, size, e.Size)
			}
		}
	}
}

func TestSplitRecord(t *testing.T) {
	header := func(value ...byte) kafka.Header { return kafka.Header{Key: serde.ValueFrameHeader, Value: value} }
	v0 := []byte{0, 0, 0, 0, 7}
	for _, c := range []struct {
		name    string
		payload []byte
		headers []kafka.Header
		frame   serde.FrameID
		datum   []byte
		err     string
	}{
		{name: "no header: the payload's frame", payload: []byte{0, 0, 0, 0, 7, 2}, frame: serde.FrameID{ID: 7}, datum: []byte{2}},
		{name: "GUID in the header", payload: []byte{2}, headers: []kafka.Header{header(guidFrame...)}, frame: serde.FrameID{GUID: guid}, datum: []byte{2}},
		{name: "id in the header", payload: []byte{2}, headers: []kafka.Header{header(v0...)}, frame: serde.FrameID{ID: 7}, datum: []byte{2}},
		{name: "empty datum is legal with a header", payload: []byte{}, headers: []kafka.Header{header(guidFrame...)}, frame: serde.FrameID{GUID: guid}, datum: []byte{}},
		{name: "the last header wins", payload: []byte{2}, headers: []kafka.Header{header(v0...), header(guidFrame...)}, frame: serde.FrameID{GUID: guid}, datum: []byte{2}},
		{name: "the key's header is not the value's", payload: []byte{0, 0, 0, 0, 7}, headers: []kafka.Header{{Key: serde.KeyFrameHeader, Value: guidFrame}}, frame: serde.FrameID{ID: 7}, datum: []byte{}},
		{name: "a malformed header is no reason to look at the payload", payload: []byte{0, 0, 0, 0, 7}, headers: []kafka.Header{header(1, 2)}, err: "not framed (header __value_schema_id, 2 bytes): shorter than the 17-byte frame of a schema GUID"},
		{name: "a null header", payload: []byte{0, 0, 0, 0, 7}, headers: []kafka.Header{{Key: serde.ValueFrameHeader}}, err: "not framed (header __value_schema_id, 0 bytes): empty, which is neither null nor framed"},
		{name: "bytes behind the frame in the header", payload: []byte{2}, headers: []kafka.Header{header(append(v0[:5:5], 9)...)}, err: "not framed (header __value_schema_id, 6 bytes): 1 byte behind the frame"},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame, datum, err := serde.SplitRecord(c.payload, serde.Value, c.headers)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.frame, frame)
			require.Equal(t, c.datum, datum)
		})
	}
}

// Headers of 0 to 17 bytes of every kind: a frame or a FrameError.
func TestSplitRecordShortHeaders(t *testing.T) {
	for size := range 19 {
		for _, first := range []byte{0, 1, 2, 0xff} {
			value := bytes.Repeat([]byte{1}, size)
			if size > 0 {
				value[0] = first
			}
			_, _, err := serde.SplitRecord([]byte{2}, serde.Key, []kafka.Header{{Key: serde.KeyFrameHeader, Value: value}})
			if size == 5 && first == 0 || size == 17 && first == 1 {
				require.NoError(t, err)
				continue
			}
			var e *serde.FrameError
			require.ErrorAs(t, err, &e)
			require.Equal(t, serde.KeyFrameHeader, e.Header)
		}
	}
}

func TestGUID(t *testing.T) {
	const text = "095d71cf-1255-6b9d-5e33-0ad575b3df5d"
	require.Equal(t, text, guid.String())
	parsed, err := serde.ParseGUID(text)
	require.NoError(t, err)
	require.Equal(t, guid, parsed)
	for _, bad := range []string{"", "095d71cf12556b9d5e330ad575b3df5d", "095d71cf-1255-6b9d-5e33-0ad575b3df5", "z95d71cf-1255-6b9d-5e33-0ad575b3df5d"} {
		_, err := serde.ParseGUID(bad)
		require.ErrorContains(t, err, "GUID")
	}
}

// FuzzSplitFrame checks the law: split, then append, gives the input back.
func FuzzSplitFrame(f *testing.F) {
	for _, c := range frames {
		f.Add(c.payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		frame, datum, err := serde.SplitFrame(payload)
		if err != nil {
			return
		}
		again := serde.AppendGUIDFrame(nil, frame.GUID)
		if frame.ID != 0 {
			again = serde.AppendFrame(nil, frame.ID)
		}
		require.Equal(t, payload, append(again, datum...))
	})
}

// A framed value is five bytes of frame and then the datum, here "ada".
func ExampleSplitFrame() {
	frame, datum, err := serde.SplitFrame([]byte{0, 0, 0, 0, 41, 0x06, 'a', 'd', 'a'})
	fmt.Println(frame, datum, err)
	// Output: schema 41 [6 97 100 97] <nil>
}
