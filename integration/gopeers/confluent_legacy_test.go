package gopeers

import (
	"testing"

	csserde "github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde"
	csavro "github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde/avro"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// reading is a struct whose schema Confluent's older serializer makes up itself:
// it names the record after the type, and the fields after the tags of JSON.
type reading struct {
	Sensor string    `avro:"sensor" json:"sensor"`
	Count  int64     `avro:"count" json:"count"`
	Values []float64 `avro:"values" json:"values"`
	On     bool      `avro:"on" json:"on"`
}

func TestConfluentLegacyAvro(t *testing.T) {
	const topic = "readings"
	url, _ := serve(t)
	theirs := confluentClient(t, url)
	v := reading{Sensor: "größe", Count: -7, Values: []float64{1.5, -2}, On: true}
	ser, err := csavro.NewGenericSerializer(theirs, csserde.ValueSerde, csavro.NewSerializerConfig())
	require.NoError(t, err)
	written, err := ser.Serialize(topic, &v)
	require.NoError(t, err)

	// kavro reads it with a struct, and as what the schema says.
	ours, err := registry.New(url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ours.Close()) })
	schema, err := ours.Latest(t.Context(), topic+"-value")
	require.NoError(t, err)
	target := &serde.Target{Topic: topic, Part: serde.Value}
	des, err := serde.NewAvroDeserializer[reading](ours, serde.WithSchema(schema.Schema))
	require.NoError(t, err)
	var back reading
	require.NoError(t, des.Decode(t.Context(), written, target, &back))
	require.Equal(t, v, back)
	generic, err := serde.NewAvroDeserializer[any](ours)
	require.NoError(t, err)
	var got any
	require.NoError(t, generic.Decode(t.Context(), written, target, &got))
	require.Equal(t, map[string]any{"sensor": v.Sensor, "count": v.Count, "values": []any{1.5, -2.}, "on": true}, got)

	// And the reverse, byte for byte.
	avroSer, err := serde.NewAvroSerializer[reading](ours, serde.WithAutoRegister(false), serde.WithLatest())
	require.NoError(t, err)
	again, err := avroSer.Append(t.Context(), nil, target, &v)
	require.NoError(t, err)
	require.Equal(t, written, again)
	theirDes, err := csavro.NewGenericDeserializer(theirs, csserde.ValueSerde, csavro.NewDeserializerConfig())
	require.NoError(t, err)
	var read reading
	require.NoError(t, theirDes.DeserializeInto(topic, again, &read))
	require.Equal(t, v, read)
}
