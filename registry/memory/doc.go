// Package memory is a schema registry in this process: no JVM, no Kafka. It behaves as
// Confluent's Schema Registry 8.5 does, with the same codes and messages.
//
// [New] returns a [Registry] that forgets all when the process ends, [Open] one that is
// kept in a folder. Its methods are those of a [registry.Client], so that one can stand
// in for the other. [Handler] serves it over HTTP; package registry/server adds what it
// takes to expose that.
//
// [Mock] returns the registry that this process shares under a name, which is what
// clients of "mock://name" ask: give [Resolve] to them with [registry.WithResolver].
// The table of these names is the only state that outlives what its callers hold.
package memory
