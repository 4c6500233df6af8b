package python

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

type user struct {
	Name string  `avro:"name"`
	Age  int32   `avro:"age"`
	Mail *string `avro:"mail"`
}

var (
	userSchema = schemas.MustParse(`{"type":"record","name":"User","namespace":"acme","fields":[
		{"name":"name","type":"string"},{"name":"age","type":"int"},{"name":"mail","type":["null","string"]}]}`)
	keySchema   = schemas.MustParse(`"string"`)
	bytesSchema = schemas.MustParse(`"bytes"`)
)

// legacyTask is what AvroProducer is to send, as Python expressions, and how much
// AvroConsumer is to read.
type legacyTask struct {
	Topic       string      `json:"topic"`
	KeySchema   string      `json:"key_schema"`
	ValueSchema string      `json:"value_schema"`
	Records     [][2]string `json:"records"`
	Count       int         `json:"count"`
}

// eachDriver runs a test with every Kafka client that kavro can use.
func eachDriver(t *testing.T, test func(t *testing.T, name string)) {
	for _, name := range []string{"confluent", "franz"} {
		t.Run(name, func(t *testing.T) { test(t, name) })
	}
}

// TestLegacyProducer: what AvroProducer sent, keys and tombstones included, kavro
// reads.
func TestLegacyProducer(t *testing.T) {
	const topic, many = "from-python", 200
	url, _ := serve(t)
	broker.CreateTopic(t, topic, 1)
	task := legacyTask{Topic: topic, KeySchema: keySchema.String(), ValueSchema: userSchema.String()}
	for i := range many {
		task.Records = append(task.Records, [2]string{fmt.Sprintf(`"k%d"`, i), fmt.Sprintf(`{"name": "n%d", "age": %d, "mail": None}`, i, i)})
	}
	task.Records = append(task.Records,
		[2]string{`"k7"`, `None`},
		[2]string{`None`, `{"name": "größe", "age": -1, "mail": "a@b"}`})
	peer(t, task, nil, "produce", url, broker.Address)

	eachDriver(t, func(t *testing.T, name string) {
		got := readAll[user](t, name, url, topic, kavro.WithSchema(userSchema))
		require.Len(t, got, many+2)
		for i := range many {
			require.Equal(t, fmt.Sprintf("k%d", i), got[i].Key)
			require.Equal(t, user{Name: fmt.Sprintf("n%d", i), Age: int32(i)}, got[i].Value)
		}
		require.Equal(t, "k7", got[many].Key)
		require.True(t, got[many].Tombstone)
		require.True(t, got[many+1].KeyNull)
		require.Equal(t, user{Name: "größe", Age: -1, Mail: new("a@b")}, got[many+1].Value)
	})
}

// TestLegacyConsumer: what kavro sent AvroConsumer reads.
func TestLegacyConsumer(t *testing.T) {
	eachDriver(t, func(t *testing.T, name string) {
		const many = 200
		topic := "to-python-" + name
		url, _ := serve(t)
		broker.CreateTopic(t, topic, 1)
		ctx := testContext(t)
		p, err := kavro.NewProducer[string, user](open(t, name, url), kavro.WithKey(kavro.WithSchema(keySchema)), kavro.WithValue(kavro.WithSchema(userSchema)))
		require.NoError(t, err)
		var want [][2]string
		for i := range many {
			require.NoError(t, p.Produce(ctx, topic, fmt.Sprintf("k%d", i), user{Name: fmt.Sprintf("n%d", i), Age: int32(i)}))
			want = append(want, [2]string{fmt.Sprintf("'k%d'", i), fmt.Sprintf("{'name': 'n%d', 'age': %d, 'mail': None}", i, i)})
		}
		require.NoError(t, p.Delete(ctx, topic, "k7"))
		want = append(want, [2]string{"'k7'", "None"})
		require.NoError(t, p.Close(ctx))

		var got [][2]string
		peer(t, legacyTask{Topic: topic, Count: len(want)}, &got, "consume", url, broker.Address)
		require.Equal(t, want, got)
	})
}

// TestLegacyBytes: bytes as a whole value have their length in front there, and
// only there.
func TestLegacyBytes(t *testing.T) {
	const topic, back = "bytes-from-python", "bytes-to-python"
	url, _ := serve(t)
	broker.CreateTopic(t, topic, 1)
	broker.CreateTopic(t, back, 1)
	values := [][2]string{{`"k"`, `b"\x00\xff\x01"`}, {`"k"`, `b"abc"`}}
	peer(t, legacyTask{Topic: topic, KeySchema: keySchema.String(), ValueSchema: bytesSchema.String(), Records: values}, nil, "produce", url, broker.Address)

	eachDriver(t, func(t *testing.T, name string) {
		got := readAll[[]byte](t, name, url, topic, kavro.WithSchema(bytesSchema), serde.WithLengthPrefixedBytes())
		require.Len(t, got, 2)
		require.Equal(t, []byte{0, 255, 1}, got[0].Value)
		require.Equal(t, []byte("abc"), got[1].Value)
		// Read as all newer clients write them, the length is part of the value.
		got = readAll[[]byte](t, name, url, topic, kavro.WithSchema(bytesSchema))
		require.Equal(t, append([]byte{6}, "abc"...), got[1].Value)
	})

	ctx := testContext(t)
	p, err := kavro.NewProducer[string, []byte](open(t, "confluent", url),
		kavro.WithKey(kavro.WithSchema(keySchema)), kavro.WithValue(kavro.WithSchema(bytesSchema), serde.WithLengthPrefixedBytes()))
	require.NoError(t, err)
	require.NoError(t, p.ProduceSync(ctx, avroproducer.Record[string, []byte]{Topic: back, Key: "k", Value: []byte{0, 255, 1}}))
	require.NoError(t, p.Close(ctx))
	var read [][2]string
	peer(t, legacyTask{Topic: back, Count: 1}, &read, "consume", url, broker.Address)
	require.Equal(t, [][2]string{{"'k'", `b'\x00\xff\x01'`}}, read)
}

// TestRegistryClient: its client finds what it expects in kavro's registry.
func TestRegistryClient(t *testing.T) {
	url, _ := serve(t)
	peer(t, nil, nil, "registry", url)
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func open(t *testing.T, driver, url string) *kavro.Client {
	ms := int(patience.Milliseconds())
	c, err := kavro.Open(kavro.Config{
		"bootstrap.servers": broker.Address, "schema.registry.url": url, "kavro.client": driver, "auto.offset.reset": "earliest",
		"http.read.timeout.ms": ms, "kavro.registry.call.timeout.ms": ms,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	return c
}

// readAll reads a topic to its end.
func readAll[V any](t *testing.T, name, url, topic string, value ...serde.Option) []*avroconsumer.Message[string, V] {
	ctx := testContext(t)
	group := fmt.Sprint(t.Name(), len(value))
	consumer, err := kavro.NewConsumer[string, V](open(t, name, url), group, []string{topic},
		kavro.WithKey(kavro.WithSchema(keySchema)), kavro.WithValue(value...), kavro.WithToEnd())
	require.NoError(t, err)
	var all []*avroconsumer.Message[string, V]
	for msg, err := range consumer.Messages(ctx) {
		require.NoError(t, err)
		all = append(all, msg)
	}
	require.NoError(t, consumer.Close(ctx))
	return all
}
