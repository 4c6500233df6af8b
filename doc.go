// Package kavro sends and receives typed events on Apache Kafka: Avro data, whose schemas are
// governed by a Schema Registry.
//
//	client, err := kavro.Open(kavro.Config{
//		"bootstrap.servers":   "localhost:9092",
//		"schema.registry.url": "http://localhost:8081",
//	})
//	...
//	producer, err := kavro.NewProducer[string, Order](client)
//	err = producer.Produce(ctx, "orders", order.ID, order)
//	...
//	consumer, err := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"})
//	err = consumer.Run(ctx, func(ctx context.Context, msg *kavro.Message[string, Order]) error {
//		return bill(ctx, msg.Value)
//	})
//	...
//	err = client.Close(ctx)
//
// The producer finds or registers the schema of Order. The consumer reads each record with
// the schema that it was written with. [NewPipeline] consumes, transforms and produces in
// transactions. [Client.Replay] sends dead letters back, [Client.Copy] copies topics.
// Package kavrotest has a broker and a registry for tests.
//
// # Keys and values
//
// Scalars are plain Kafka bytes, as Java's serializers write them: string, []byte, bool,
// int16, int32, int64, float32, float64, and [16]byte for a UUID. [NoKey] is null. All other
// types are Avro, and so is a scalar with a schema ([WithSchema]).
//
// To be written, a struct needs a schema: its own (types that kavro gen generates), that of
// WithSchema, or the registry's ([WithLatest]). To be read it needs none: the writer's schema
// is projected onto its fields, by the tag avro:"name", else by the Go name but for case and
// underscores. A field that the writer lacks is zero, and the logger is told once for each
// schema; the tag avro:"name,required" makes it an error.
//
// # Configuration
//
// One [Config] holds the keys of the Kafka client (librdkafka's names, with either client),
// of the registry client and of the serializers, as in the rest of the ecosystem.
// docs/configuration.md of the repository lists them all. These choose what is made:
//
//	bootstrap.servers         addresses of brokers, separated by commas
//	schema.registry.url       URL of the registry; mock://name is one in this process
//	group.id                  the group, where a constructor's argument is ""
//	transactional.id          pipelines need one; Replay and Copy are exactly once with it
//	auto.offset.reset         where a group without offsets begins: latest (default), earliest
//	kavro.client              "confluent" (librdkafka; needs cgo) or "franz" (pure Go)
//	key.serializer, value.serializer, key.deserializer, value.deserializer
//	                          "avro", "string", "bytes", "int64", ..., or the Java class
//
// The default of kavro.client is confluent with cgo. Without cgo, or with the build tag
// kavro_franz, it is franz and nothing of librdkafka is linked. Keys that do not exist, and
// values that cannot be read, are errors of [Open].
//
// # Options
//
// Each constructor has its own type of options: one that does not apply does not compile.
// [WithConfig] changes keys for what one constructor makes. Options of a kind add up
// (observers, closers, configurations); where one alone can count, the second is an error.
//
// # Lifetimes
//
// A program opens one [Client]. Its producers, consumers and pipelines share one registry
// client, observers and a logger; each has a Kafka client of its own. None of the
// constructors waits for the network: [Client.Ping] does. Close what is no longer needed, or
// all of it by [Client.Close], which delivers what was produced and commits what was
// processed, also where its context has ended.
//
// # Concurrency
//
// A [Client], a [Producer] and their methods are safe for concurrent use. One goroutine at a
// time reads from a [Consumer], or runs a [Pipeline]; [WithConcurrency] calls handlers from
// several. Observers and the functions that options take may be called from any goroutine.
//
// # Errors
//
// Constructors return everything that is wrong at once, joined. errors.As finds the types
// that this package has aliases of, and errors.Is its values, in what any call returns.
//
//   - [ConfigError]: keys that cannot be honoured
//   - [RecordError]: one record, with its topic, partition, offset and raw bytes
//   - [FrameError], [DecodeError]: bytes that are not what their schema says
//   - [EncodeError]: a value that its schema has no place for
//   - [NotFoundError], [IncompatibleError], [UnauthorizedError]: what the registry answers
//   - [UnavailableError]: the registry does not answer; the call may be repeated
//   - [KafkaError], [ErrUnreachable], [ErrUnknownTopic]: what brokers answer, or that they do not
//   - [ErrClosed]: what was closed was used
//
// Run and pipelines apply a [Policy] to records that fail, by [Class]: [Stop] by default, or
// [Skip], [Retry], [DeadLetter]. [WithDeadLetters] is the one option that most programs need.
// While the registry does not answer they wait: nothing is skipped.
//
// # Packages
//
// This package is wiring. Each of those below can be used alone: avroproducer, avroconsumer
// and pipeline (values through a Kafka client), kafka (the clients), serde (values and framed
// bytes), registry (schemas and ids), avro (values and Avro), schemas (what data look like).
package kavro
