package bench

import (
	"context"
	"fmt"

	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry"
	theirserde "github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde/avrov2"
	hamba "github.com/hamba/avro/v2"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// WithSchema is an Order that tells Confluent's serializer its schema.
type WithSchema struct{ Order }

var parsedOrder = hamba.MustParse(orderText)

// Schema is what avrov2 asks for.
func (WithSchema) Schema() hamba.Schema { return parsedOrder }

// Serializers are kavro's serializer and Confluent's avrov2 in its three modes,
// each warm, on a mock:// registry, writing the Order with a frame.
func Serializers() []Entry {
	const op = "serialize, framed"
	ctx := context.Background()
	order := sampleOrder()
	var out []Entry

	client := must(registry.New("mock://bench", registry.WithResolver(memory.Resolve)))
	ours := must(serde.NewAvroSerializer[Order](client, serde.WithSchema(schemas.MustParse(orderText))))
	to := serde.Target{Topic: "orders", Part: serde.Value}
	buf := make([]byte, 0, 512)
	out = append(out, Entry{Shape: "Order", Op: op, Library: KavroStruct,
		Run: func() (err error) {
			buf, err = ours.Append(ctx, buf[:0], &to, &order)
			return err
		},
		Check: func() error { return framed(buf) },
	})

	for _, mode := range []string{"plain struct", "Schema()", "latest"} {
		client := must(schemaregistry.NewClient(schemaregistry.NewConfig(fmt.Sprintf("mock://bench-%d", len(out)))))
		conf := avrov2.NewSerializerConfig()
		conf.SubjectNameStrategyType = theirserde.TopicNameStrategyType
		var value any = &order
		switch mode {
		case "Schema()":
			value = &WithSchema{order}
		case "latest":
			must(client.Register("orders-value", schemaregistry.SchemaInfo{Schema: orderText}, false))
			conf.AutoRegisterSchemas, conf.UseLatestVersion = false, true
			value = &WithSchema{order}
		}
		theirs := must(avrov2.NewSerializer(client, theirserde.ValueSerde, conf))
		var payload []byte
		out = append(out, Entry{Shape: "Order", Op: op, Library: "confluent avrov2, " + mode,
			Run: func() (err error) {
				payload, err = theirs.Serialize("orders", value)
				return err
			},
			Check: func() error { return framed(payload) },
		})
	}
	return out
}

func framed(payload []byte) error {
	frame, datum, err := serde.SplitFrame(payload)
	if err != nil {
		return err
	}
	if frame.ID != 1 || len(datum) < 100 {
		return fmt.Errorf("schema %d and %d bytes", frame.ID, len(datum))
	}
	return nil
}
