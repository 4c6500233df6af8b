package python

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// What peer.py is told and tells.
type (
	toSerialize struct {
		Topic  string `json:"topic"`
		Schema string `json:"schema"`
		Value  string `json:"value"`
		Header bool   `json:"header"`
	}
	payload struct {
		Payload *string  `json:"payload"` // hex; nil is None
		Headers []header `json:"headers"`
	}
	header struct {
		Key   string `json:"key"`
		Value string `json:"value"` // hex
	}
	toDeserialize struct {
		payload
		Topic string `json:"topic"`
		Value string `json:"value"` // what it must be
	}
	deserialized struct {
		Same             bool
		Got, Want, Error string
	}
)

// tooSmall is what the Python deserializer says of 5 bytes or fewer, wherever the
// frame is. kavro reads them.
const tooSmall = "Expecting data framing of length 6 bytes or more"

// TestSerializer has every value written by both, which must give the same bytes,
// and read by both.
func TestSerializer(t *testing.T) {
	url, _ := serve(t)
	c := client(t, url)
	var asked []toSerialize
	for i, each := range cases {
		for _, inHeader := range []bool{false, true} {
			asked = append(asked, toSerialize{fmt.Sprint("t", i), each.schema, each.python, inHeader})
		}
	}
	var theirs []payload
	peer(t, asked, &theirs, "serialize", url)
	require.Len(t, theirs, len(asked))

	var toRead []toDeserialize
	for i, a := range asked {
		each := cases[i/2]
		t.Run(fmt.Sprintf("%s, header %t", each.name, a.Header), func(t *testing.T) {
			require.Equal(t, each.json, kavroReads(t, c, a, theirs[i]))
			ours := kavroWrites(t, c, a, each.json)
			require.Equal(t, theirs[i], ours)
			toRead = append(toRead, toDeserialize{ours, a.Topic, a.Value})
		})
	}
	require.Len(t, toRead, len(asked))

	var read []deserialized
	peer(t, toRead, &read, "deserialize", url)
	require.Len(t, read, len(toRead))
	for i, got := range read {
		if len(*toRead[i].Payload) <= 2*5 {
			require.Contains(t, got.Error, tooSmall, cases[i/2].name)
			continue
		}
		require.Empty(t, got.Error, cases[i/2].name)
		require.True(t, got.Same, "%s: %s, not %s", cases[i/2].name, got.Got, got.Want)
	}
}

// TestDifferences are the values that the two do not treat alike.
func TestDifferences(t *testing.T) {
	url, _ := serve(t)
	c := client(t, url)
	defaults := `{"type":"record","name":"Def","fields":[{"name":"a","type":"int","default":7},{"name":"s","type":"string","default":"dd"}]}`
	asked := []toSerialize{
		{"null", `"null"`, `None`, false},
		{"nullable", `["null","string"]`, `None`, false},
		{"overflow", `"int"`, `2147483648`, false},
		{"defaults", defaults, `{}`, false},
	}
	var theirs []payload
	peer(t, asked, &theirs, "serialize", url)

	// None is a tombstone, also where null would be a value; in kavro as well.
	for i := range 2 {
		require.Nil(t, theirs[i].Payload)
		require.Nil(t, kavroWrites(t, c, asked[i], `null`).Payload)
	}
	// An int that is none is written as if it were a long. kavro does not read it.
	require.Equal(t, "8080808010", (*theirs[2].Payload)[10:])
	_, err := decode(t, c, asked[2].Topic, theirs[2])
	var refused *avro.DecodeError
	require.ErrorAs(t, err, &refused)
	// Missing fields are filled from the schema.
	require.Equal(t, `{"a":7,"s":"dd"}`, kavroReads(t, c, asked[3], theirs[3]))

	// Bytes behind a datum are passed over. In kavro they are an error.
	longer := *theirs[3].Payload + "00"
	var read []deserialized
	peer(t, []toDeserialize{{payload{&longer, nil}, "defaults", `{"a": 7, "s": "dd"}`}}, &read, "deserialize", url)
	require.True(t, read[0].Same, "%+v", read)
	_, err = decode(t, c, "defaults", payload{Payload: &longer})
	require.ErrorAs(t, err, &refused)
	require.ErrorIs(t, err, avro.ErrTrailing)
}

func client(t *testing.T, url string) *registry.Client {
	c, err := registry.New(url, registry.WithTimeouts(patience, patience, patience))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// raw keeps logical types as what they are made of, as Avro's JSON encoding has
// them.
var raw = serde.WithAvro(avro.WithRawLogicalTypes())

// decode reads a payload with the schema that it was written with.
func decode(t *testing.T, c *registry.Client, topic string, p payload) (serde.Generic, error) {
	des, err := serde.NewAvroDeserializer[serde.Generic](c, raw)
	require.NoError(t, err)
	from := &serde.Target{Topic: topic, Part: serde.Value}
	for _, h := range p.Headers {
		from.Headers = append(from.Headers, kafka.Header{Key: h.Key, Value: unhex(t, h.Value)})
	}
	var v serde.Generic
	err = des.Decode(t.Context(), unhex(t, *p.Payload), from, &v)
	return v, err
}

// kavroReads returns Avro's JSON encoding of what is in a payload.
func kavroReads(t *testing.T, c *registry.Client, a toSerialize, p payload) string {
	v, err := decode(t, c, a.Topic, p)
	require.NoError(t, err)
	codec, err := avro.NewCodec[any](v.Schema, avro.WithRawLogicalTypes())
	require.NoError(t, err)
	text, err := codec.AppendJSON(nil, &v.Value)
	require.NoError(t, err)
	return string(text)
}

func kavroWrites(t *testing.T, c *registry.Client, a toSerialize, value string) payload {
	schema, err := schemas.Parse(a.Schema)
	require.NoError(t, err)
	codec, err := avro.NewCodec[any](schema, avro.WithRawLogicalTypes())
	require.NoError(t, err)
	v := serde.Generic{Schema: schema}
	require.NoError(t, codec.DecodeJSON([]byte(value), &v.Value))
	opts := []serde.SerializerOption{raw}
	if a.Header {
		opts = append(opts, serde.WithHeaderFrame())
	}
	ser, err := serde.NewAvroSerializer[serde.Generic](c, opts...)
	require.NoError(t, err)
	to := &serde.Target{Topic: a.Topic, Part: serde.Value}
	out, err := ser.Append(t.Context(), nil, to, &v)
	require.NoError(t, err)
	if to.Null {
		return payload{}
	}
	text := hex.EncodeToString(out)
	p := payload{Payload: &text, Headers: []header{}}
	for _, h := range to.Headers {
		p.Headers = append(p.Headers, header{h.Key, hex.EncodeToString(h.Value)})
	}
	return p
}

func unhex(t *testing.T, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}
