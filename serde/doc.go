// Package serde turns Go values into what a Kafka record holds, and back.
//
// A framed value is what every Confluent-compatible client puts in a record: a
// frame that names the writer's schema, then one datum in Avro's binary
// encoding. [AvroSerializer] decides which schema that is, once per topic, finds
// or registers it, and writes frame and datum; [AvroDeserializer] reads the
// frame, fetches the writer's schema, once per id, and decodes the datum as the
// reader's schema sees it. [String], [Bytes], [Int64] and their like are the
// plain serdes of Kafka's own clients: no frame, no registry.
//
// # Terms
//
// A subject is the name under which a registry keeps versions of a schema; a
// [Subject] function says which one a topic's values belong to, or the registry
// itself does ([WithAssociated]). The writer's schema is the one a datum was written with, the reader's the one a program
// wants to see. A frame is a prefix of the payload, or a header of the record.
//
// # Reading a struct without a schema
//
//	type Bill struct {
//		ID    string `avro:"id,required"`
//		Total float64
//	}
//	bills, err := serde.NewAvroDeserializer[Bill](registry)
//
// Writing needs a schema, reading does not: the writer's schema, whichever it is, is
// projected onto the fields of the struct, by tag or by name, and other fields are
// skipped ([avro.Projection] has the rules). A field that the writer lacks is zero;
// with the tag option required it is a [*SchemaMismatchError], as is a field of
// another type. Null for a field that cannot be null is an error of that record.
//
// # What it does not do
//
// It knows no Kafka client and needs no cgo: [Target] is all it sees of a
// record. It runs no rules of data contracts: a schema with a rule that is
// enabled for writing is refused, so that a field meant to be encrypted is
// never written in clear.
//
// # Specifications
//
//   - Confluent Platform documentation, Schema Registry, "Wire format" and
//     "Schema ID in headers"
//   - Apache Avro 1.12, "Schema Resolution"
package serde
