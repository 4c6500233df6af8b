// Package registry finds the schema of an id, and the id of a schema, in a schema
// registry. A registry keeps schemas under subjects, in versions, and gives each schema
// an id that travels with the data.
//
// [Client] talks to any registry with the Confluent REST API: Confluent's own,
// Karapace, Apicurio, Redpanda, or the one of package registry/server. It caches the
// answers, so that a program asks once for each schema and goes on while the registry is
// down. Package registry/transport has the part of it that retries, fails over and
// authenticates; it can be used alone, under another client.
//
// Package registry/memory has a registry in this process, whose methods are those of a
// client. A client of "mock://scope" asks one that this process shares under that name;
// see [WithResolver]. Package registry/registrytest makes a registry fail, for tests.
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
