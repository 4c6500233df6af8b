// Package kavrotest is a Kafka broker and a Schema Registry within the process,
// for tests of programs that use kavro and for trying things out:
//
//	env, err := kavrotest.Start()
//	...
//	defer env.Close()
//	producer, err := kavro.NewProducer[string, Order](env.Config())
//
// The broker is kfake, of the franz-go project: the real protocol over loopback,
// with groups, transactions and headers, and nothing kept on disk. The registry
// is [registry.Memory] behind [registry.Handler]: it enforces compatibility as
// Confluent's does. Both listen on free ports of 127.0.0.1. Neither needs cgo.
//
// The package imports no "testing", so programs may use it as well.
package kavrotest
