// Package kavro is typed events on Apache Kafka: Avro data, schemas governed by
// a Schema Registry, a producer and a consumer that take and yield Go values.
//
//	producer, err := kavro.NewProducer[string, Order](kavro.Config{
//		"bootstrap.servers":   "localhost:9092",
//		"schema.registry.url": "http://localhost:8081",
//	}, kavro.ValueSchema(orderSchema)) // types made by kavro gen carry their schema
//	...
//	err = producer.Produce(ctx, "orders", order.ID, order)
//
// [NewPipeline] consumes, transforms and produces in transactions.
//
// This package is the front door: it wires the packages below together from one
// configuration map, and holds no machinery. Each of them can be used alone.
//
//   - avroproducer, avroconsumer, pipeline: values through a Kafka client
//   - client, kafka/confluent, kafka/franz: the Kafka clients, in bytes
//   - serde: values and framed bytes; registry: schemas and ids
//   - avro: values and Avro; schemas: what data looks like
//   - kavrotest: a broker and a registry in process, for tests
//
// # Configuration
//
// One map holds the keys of Kafka's clients (librdkafka's names, on both clients),
// of the registry client and of the serializers, as in the rest of the
// ecosystem. Three keys are kavro's own:
//
//   - kavro.client: "confluent" (librdkafka; needs cgo) or "franz" (pure Go). By
//     default confluent where cgo is on, else franz; the choice is logged once.
//   - key.serializer, value.serializer (and key.deserializer,
//     value.deserializer): "avro", "string", "bytes", "int16", "int32", "int64",
//     "float32", "float64", "uuid", or the Java class of that serializer.
//
// A key that nobody knows is an error that names the nearest one.
//
// # Keys and values
//
// V is Avro. K is plain Kafka bytes for string, []byte, integers, floats and
// [16]byte (a UUID), null for [serde.NoKey], and Avro for everything else, or
// where a key schema or key.serializer says so.
package kavro
