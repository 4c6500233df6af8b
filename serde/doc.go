// Package serde converts between Go values and the bytes of a Kafka record's key or value.
//
// A framed value is the format of every Confluent-compatible client: a frame that identifies the
// writer's schema, followed by a datum in Avro's binary encoding. [AvroSerializer] determines the
// schema once per topic, looks it up or registers it, and writes frame and datum. [AvroDeserializer]
// reads the frame, fetches the writer's schema once per id, and decodes the datum into the reader's
// schema. [String], [Bytes], [Int64] and others are the plain serdes of Kafka's own clients, without
// frame and registry.
//
// # Terms
//
//   - A subject is the name under which a registry stores versions of a schema. A [Subject] function
//     derives it from the topic, or the registry associates it with the topic ([WithAssociated]).
//   - The writer's schema is the schema that a datum was written with; the reader's schema is the
//     schema that the program reads it as.
//   - A frame is a prefix of the payload, or a header of the record.
//
// # Reading a struct without a schema
//
//	type Bill struct {
//		ID    string `avro:"id,required"`
//		Total float64
//	}
//	bills, err := serde.NewAvroDeserializer[Bill](registry)
//
// Writing needs a schema, reading does not: the writer's schema is projected onto the fields of the
// struct, by tag or by name, and other fields are skipped ([avro.Projection]). A field that the
// writer lacks is zero. If it has the tag option required, or another type than the writer's,
// decoding returns a [*SchemaMismatchError]. Null for a field that cannot be null is an error of
// that record.
//
// # Limits
//
// The package imports no Kafka client and needs no cgo: [Target] is its view of a record. It does
// not run rules of data contracts. Writing with a schema that has a rule enabled for writing is an
// error, so that a field is never written unencrypted by mistake.
//
// # Specifications
//
//   - Confluent Platform documentation, Schema Registry, "Wire format" and "Schema ID in headers"
//   - Apache Avro 1.12, "Schema Resolution"
package serde
