// Package chaostest runs consumers and pipelines on a real Kafka protocol and a
// real registry's HTTP, while members come and go, a broker is harmed, and the
// registry goes away for seconds. Its own tests run it on kfake, those of
// integration/ on Apache Kafka.
package chaostest
