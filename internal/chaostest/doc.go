// Package chaostest runs consumers and pipelines on a real Kafka protocol and the HTTP of a
// real registry, while members join and leave and faults are injected into the broker and the
// registry. Its own tests run on kfake, those of integration/ on Apache Kafka.
package chaostest
