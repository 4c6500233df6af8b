package gopeers

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry"
	csserde "github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde/avrov2"
	"github.com/hamba/avro/v2"
	"github.com/linkedin/goavro/v2"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// A shape is a schema, a Go type for it, and values. The other libraries read the
// same struct tags.
type shape struct {
	name, schema string
	run          func(t *testing.T, s *session)
}

func of[T any](name, schema string, values ...T) shape {
	return shape{name, schema, func(t *testing.T, s *session) {
		for _, v := range values {
			bothWays(t, s, v)
		}
	}}
}

type (
	person struct {
		Name    string            `avro:"name"`
		Age     int32             `avro:"age"`
		Score   float64           `avro:"score"`
		Half    float32           `avro:"half"`
		Big     int64             `avro:"big"`
		Member  bool              `avro:"member"`
		Photo   []byte            `avro:"photo"`
		Mail    *string           `avro:"mail"`
		Tags    []string          `avro:"tags"`
		Counts  map[string]int64  `avro:"counts"`
		Colour  string            `avro:"colour"`
		Digest  [4]byte           `avro:"digest"`
		Born    time.Time         `avro:"born"`
		Address *address          `avro:"address"`
		Past    []address         `avro:"past"`
		Labels  map[string]string `avro:"labels"`
	}
	address struct {
		Street string `avro:"street"`
		Zip    int32  `avro:"zip"`
	}
	node struct {
		Value int64 `avro:"value"`
		Next  *node `avro:"next"`
	}
)

const personSchema = `{"type":"record","name":"Person","namespace":"acme","fields":[
	{"name":"name","type":"string"},{"name":"age","type":"int"},{"name":"score","type":"double"},{"name":"half","type":"float"},
	{"name":"big","type":"long"},{"name":"member","type":"boolean"},{"name":"photo","type":"bytes"},
	{"name":"mail","type":["null","string"],"default":null},{"name":"tags","type":{"type":"array","items":"string"}},
	{"name":"counts","type":{"type":"map","values":"long"}},
	{"name":"colour","type":{"type":"enum","name":"Colour","symbols":["RED","GREEN","BLUE"]}},
	{"name":"digest","type":{"type":"fixed","name":"Digest","size":4}},
	{"name":"born","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"address","type":["null",{"type":"record","name":"Address","fields":[{"name":"street","type":"string"},{"name":"zip","type":"int"}]}],"default":null},
	{"name":"past","type":{"type":"array","items":"Address"}},
	{"name":"labels","type":{"type":"map","values":"string"}}]}`

var shapes = []shape{
	of("string", `"string"`, "", "ada", "größe 値"),
	of[int32]("int", `"int"`, 0, -1, 63, 64, 1<<31-1, -1<<31),
	of[int64]("long", `"long"`, 0, -1, 8191, 8192, 1<<63-1, -1<<63),
	of("boolean", `"boolean"`, true, false),
	of[float32]("float", `"float"`, 0, 1.5, -1e30),
	of("double", `"double"`, 0, 1.5, -1e300),
	of("bytes", `"bytes"`, []byte{1}, []byte{0, 255, 7}),
	of("array", `{"type":"array","items":"long"}`, []int64{1, -2, 3}, []int64{}),
	of("map", `{"type":"map","values":"string"}`, map[string]string{"a": "b"}, map[string]string{}),
	of("recursive", `{"type":"record","name":"Node","fields":[{"name":"value","type":"long"},{"name":"next","type":["null","Node"],"default":null}]}`,
		node{Value: 1}, node{Value: 1, Next: &node{Value: 2, Next: &node{Value: 3}}}),
	of("record", personSchema, person{
		Name: "ada", Age: 36, Score: 1.5, Half: 0.5, Big: 1 << 40, Member: true, Photo: []byte{1, 2}, Mail: new("ada@acme.org"), Tags: []string{"x", "y"},
		Counts: map[string]int64{"a": 1}, Colour: "GREEN", Digest: [4]byte{1, 2, 3, 4}, Born: time.UnixMilli(1_700_000_000_123).UTC(),
		Address: &address{"Main", 12345}, Past: []address{{"Old", 1}, {"Older", 2}}, Labels: map[string]string{"k": "v"},
	}, person{Colour: "RED", Photo: []byte{}, Tags: []string{}, Counts: map[string]int64{}, Past: []address{}, Labels: map[string]string{}, Born: time.UnixMilli(0).UTC()}),
}

// session is a registry with one schema in it, and the clients that ask it.
type session struct {
	ctx       context.Context
	topic     string
	schema    *registry.SubjectSchema
	kavro     *registry.Client
	confluent schemaregistry.Client
}

func TestSerdes(t *testing.T) {
	url, m := serve(t)
	ours, err := registry.New(url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ours.Close()) })
	theirs := confluentClient(t, url)
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			s := &session{ctx: t.Context(), topic: shape.name, kavro: ours, confluent: theirs}
			s.schema, err = m.Register(s.ctx, s.topic+"-value", registry.Definition{Text: shape.schema})
			require.NoError(t, err)
			shape.run(t, s)
		})
	}
}

// hasBlocks says that hamba/avro, which is in two of the three, writes other bytes
// than the other libraries: it puts the size of the block before arrays and maps,
// as a writer may.
func hasBlocks(s *session) bool {
	return strings.Contains(s.schema.Text, `"array"`) || strings.Contains(s.schema.Text, `"map"`)
}

// bothWays has a value written by everyone, which must give the same bytes, and
// read by everyone.
func bothWays[T any](t *testing.T, s *session, v T) {
	for _, header := range []bool{false, true} {
		to := &serde.Target{Topic: s.topic, Part: serde.Value}
		ours := kavroWrites(t, s, to, v, header)
		headers, theirs := confluentWrites(t, s, v, header)
		if !hasBlocks(s) {
			require.Equal(t, theirs, ours)
		}
		require.Equal(t, headers, to.Headers)

		var back T
		to.Headers = headers
		des, err := serde.NewAvroDeserializer[T](s.kavro, serde.WithSchema(s.schema.Schema))
		require.NoError(t, err)
		require.NoError(t, des.Decode(s.ctx, theirs, to, &back))
		require.Equal(t, v, back)

		confluentReads(t, s, headers, ours, v)
	}
	if s.schema.Schema.Root().Type() != schemas.Bytes { // these two write a length, as plain Avro does
		datum := kavroWrites(t, s, &serde.Target{Topic: s.topic, Part: serde.Value}, v, false)
		franzReadsAndWrites(t, s, datum, v)
		goavroReadsAndWrites(t, s, datum)
	}
}

func kavroWrites[T any](t *testing.T, s *session, to *serde.Target, v T, header bool) []byte {
	opts := []serde.SerializerOption{serde.WithSchema(s.schema.Schema)}
	if header {
		opts = append(opts, serde.WithHeaderFrame())
	}
	ser, err := serde.NewAvroSerializer[T](s.kavro, opts...)
	require.NoError(t, err)
	out, err := ser.Append(s.ctx, nil, to, &v)
	require.NoError(t, err)
	return out
}

func confluentWrites[T any](t *testing.T, s *session, v T, header bool) (headers []kafka.Header, payload []byte) {
	conf := avrov2.NewSerializerConfig()
	conf.AutoRegisterSchemas, conf.UseLatestVersion = false, true
	ser, err := avrov2.NewSerializer(s.confluent, csserde.ValueSerde, conf)
	require.NoError(t, err)
	if header {
		ser.SchemaIDSerializer = csserde.HeaderSchemaIDSerializer
	}
	framed, payload, err := ser.SerializeWithHeaders(s.topic, &v)
	require.NoError(t, err)
	for _, h := range framed {
		headers = append(headers, kafka.Header{Key: h.Key, Value: h.Value})
	}
	return headers, payload
}

func confluentReads[T any](t *testing.T, s *session, headers []kafka.Header, payload []byte, want T) {
	des, err := avrov2.NewDeserializer(s.confluent, csserde.ValueSerde, avrov2.NewDeserializerConfig())
	require.NoError(t, err)
	var framed []ckafka.Header
	for _, h := range headers {
		framed = append(framed, ckafka.Header{Key: h.Key, Value: h.Value})
	}
	var got T
	require.NoError(t, des.DeserializeWithHeadersInto(s.topic, framed, payload, &got))
	same(t, s, want, got)
}

// same compares values by what kavro writes for them: the other libraries make nil
// of an empty slice.
func same[T any](t *testing.T, s *session, want, got T) {
	r := reflect.ValueOf(want)
	if k := r.Kind(); (k == reflect.Slice || k == reflect.Map) && r.Len() == 0 {
		require.Empty(t, got) // kavro would write null for nil
		return
	}
	to := &serde.Target{Topic: s.topic, Part: serde.Value}
	require.Equal(t, kavroWrites(t, s, to, want, false), kavroWrites(t, s, to, got, false))
}

// franzReadsAndWrites uses the frame of franz-go, with hamba/avro inside.
func franzReadsAndWrites[T any](t *testing.T, s *session, payload []byte, v T) {
	parsed, err := avro.ParseWithCache(s.schema.Text, "", &avro.SchemaCache{})
	require.NoError(t, err)
	var f sr.Serde
	f.Register(s.schema.ID, v,
		sr.EncodeFn(func(v any) ([]byte, error) { return avro.Marshal(parsed, v) }),
		sr.DecodeFn(func(b []byte, v any) error { return avro.Unmarshal(parsed, b, v) }))
	out, err := f.Encode(v)
	require.NoError(t, err)
	if !hasBlocks(s) {
		require.Equal(t, payload, out)
	}
	var back T
	require.NoError(t, f.Decode(payload, &back))
	same(t, s, v, back)
}

// goavroReadsAndWrites is what programs with srclient do: they frame by hand.
func goavroReadsAndWrites(t *testing.T, s *session, payload []byte) {
	codec, err := goavro.NewCodec(s.schema.Text)
	require.NoError(t, err)
	native, rest, err := codec.NativeFromBinary(payload[5:])
	require.NoError(t, err)
	require.Empty(t, rest)
	again, err := codec.BinaryFromNative(nil, native)
	require.NoError(t, err)
	require.Equal(t, payload[5:], again)
}
