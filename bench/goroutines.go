package bench

import (
	"context"
	"fmt"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry"
	theirserde "github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde/avrov2"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// valuesAtOnce is how many values goroutines share between them in one run.
const valuesAtOnce = 1024

// Goroutines are kavro's serializer and deserializer and Confluent's, each one
// shared by so many goroutines. The figure is processor time for 1,024 values: if
// it is the same whatever their number, nobody waits for anybody, and the rate
// rises with the processors.
func Goroutines() []Entry {
	ctx := context.Background()
	order := sampleOrder()
	client := must(registry.New("mock://goroutines", registry.WithResolver(memory.Resolve)))
	ours := must(serde.NewAvroSerializer[Order](client, serde.WithSchema(schemas.MustParse(orderText))))
	reader := must(serde.NewAvroDeserializer[Order](client, serde.WithSchema(schemas.MustParse(orderText))))
	payload := must(ours.Append(ctx, nil, &serde.Target{Topic: "orders", Part: serde.Value}, &order))

	theirClient := must(schemaregistry.NewClient(schemaregistry.NewConfig("mock://goroutines")))
	must(theirClient.Register("orders-value", schemaregistry.SchemaInfo{Schema: orderText}, false))
	conf := avrov2.NewSerializerConfig()
	conf.SubjectNameStrategyType = theirserde.TopicNameStrategyType
	conf.AutoRegisterSchemas, conf.UseLatestVersion = false, true
	theirs := must(avrov2.NewSerializer(theirClient, theirserde.ValueSerde, conf))
	theirConf := avrov2.NewDeserializerConfig()
	theirConf.SubjectNameStrategyType = theirserde.TopicNameStrategyType
	theirReader := must(avrov2.NewDeserializer(theirClient, theirserde.ValueSerde, theirConf))
	theirPayload := must(theirs.Serialize("orders", &WithSchema{order}))

	var out []Entry
	for _, n := range []int{1, 2, 4, 16, 64} {
		add := func(op, library string, worker func() func() error) {
			out = append(out, Entry{Shape: "Order", Op: fmt.Sprintf("%s, %d goroutines", op, n), Library: library,
				Run: func() error { return together(n, worker) }, Check: func() error { return nil }})
		}
		add("serialize 1,024", KavroStruct, func() func() error {
			to, buf := serde.Target{Topic: "orders", Part: serde.Value}, make([]byte, 0, 512)
			return func() error { return second(ours.Append(ctx, buf, &to, &order)) }
		})
		add("serialize 1,024", "confluent avrov2, latest", func() func() error {
			value := &WithSchema{order}
			return func() error { return second(theirs.Serialize("orders", value)) }
		})
		add("deserialize 1,024", KavroStruct, func() func() error {
			from := serde.Target{Topic: "orders", Part: serde.Value}
			return func() error { return reader.Decode(ctx, payload, &from, new(Order)) }
		})
		add("deserialize 1,024", "confluent avrov2", func() func() error {
			return func() error { return theirReader.DeserializeInto("orders", theirPayload, new(Order)) }
		})
	}
	return out
}

// together has n goroutines do valuesAtOnce things, each by a worker of its own.
func together(n int, worker func() func() error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			work := worker()
			for range valuesAtOnce / n {
				if errs[i] = work(); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
