// Package registry knows which schema an id stands for. A schema registry keeps
// schemas under subjects, in versions, and gives each schema an id that travels
// with the data; this package has both ends of that.
//
// [Client] talks to any registry with the Confluent REST API: Confluent's own,
// Karapace, Apicurio, Redpanda, or the one here. It remembers what it was told, so
// that a program asks once for each schema and goes on while the registry is down.
// [Transport] is the part of it that retries, fails over and authenticates; it can
// be used alone, under another client.
//
// [Memory] is a registry in this process: no JVM, no Kafka. It behaves as
// Confluent's Schema Registry 8.5 does, and is the same to its callers as a client,
// so that one can stand in for the other. [OpenMemory] keeps it in a directory.
// [Handler] serves it over HTTP, package registry/server adds what it takes to
// expose that, and [Fault] breaks it, for tests. A client of "mock://scope" has a
// Memory behind it that this process shares under that name.
//
// Three words to know first:
//
//   - A [Definition] is what is registered: a text and what goes with it.
//   - A [SubjectSchema] is a definition as a registry knows it, with id and version.
//   - A context holds subjects and numbers ids of its own. A subject names it:
//     ":.ctx:orders-value". Without, it is in the default context.
//
// Errors are told apart by type: [NotFoundError], [UnavailableError],
// [UnauthorizedError], [ConflictError] and [InvalidError], each with what the
// registry answered. An answer that is not one to what was asked for, whatever its
// status, is a [MalformedResponseError] in an UnavailableError.
//
// # Specifications
//
//   - Confluent Platform 8.5 documentation, "Schema Registry API Reference",
//     "Schema Evolution and Compatibility", "Schema Contexts", "Data Contracts"
//   - Apache Avro 1.12.0 specification, for what a valid AVRO schema is
package registry
