// Package kavrotest is a Kafka broker and a Schema Registry within the process,
// for tests of programs that use kavro and for trying things out:
//
//	env := kavrotest.New(t) // ends with the test
//	client, err := kavro.Open(env.Config())
//	...
//	producer, err := kavro.NewProducer[string, Order](client)
//
// The broker is kfake, of the franz-go project: the real protocol over loopback,
// with groups, transactions and headers, and nothing kept on disk. The registry
// is [memory.Registry] behind [memory.Handler]: it enforces compatibility as
// Confluent's does. Both listen on free ports of 127.0.0.1. Neither needs cgo.
//
// # Groups whose members die
//
// kfake (v0.0.0-20260918054303, the newest one) loses its way when members of a group
// end without leaving it in the middle of a rebalance: processes that are killed,
// connections that are cut. A member that dies before the answer to its JoinGroup stays
// in the group for ever; one that waits in JoinGroup or SyncGroup may be expired and
// never answered; a lone member's JoinGroup may hang. The group then stalls: nothing is
// assigned any more, and the group's members say so after a while. Apache Kafka does not
// do this. So, in tests:
//
//   - Close consumers and pipelines, so that they leave; do not just drop them.
//   - Where members have to die, use session.timeout.ms far above the time between two
//     deaths, and a new group (Group with another id) for each part of the test.
//   - Tests that are about killing run on a broker of Apache Kafka.
//
// kfake also answers a wrong password by hanging up, where Kafka says why.
//
// The package imports no "testing": programs call [Start] instead of [New].
package kavrotest
