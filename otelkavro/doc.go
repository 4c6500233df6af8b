// Package otelkavro lets OpenTelemetry see what producers, consumers and
// pipelines do: it is their observers.
//
// [NewProducer] makes a span for each record that is sent, from the moment it is
// serialized until the brokers have it, and writes the span's context into the
// record's headers. [NewConsumer] reads it from there: the span of handling a
// record is the child of the one that sent it, wherever that was. Both count and
// time what they see.
//
// Names of spans, attributes and metrics are those of the semantic conventions:
//
//	span "send orders"     kind producer, messaging.operation.type=send
//	span "process orders"  kind consumer, messaging.operation.type=process
//	messaging.client.sent.messages        counter
//	messaging.client.consumed.messages    counter
//	messaging.client.operation.duration   histogram, of send and commit
//	messaging.process.duration            histogram
//
// and one is kavro's own, since the conventions have none for it:
//
//	kavro.consumer.failures    counter, by kavro.error.class and kavro.action
//
// The providers and the propagator are OpenTelemetry's global ones unless an
// option says otherwise. The package is a module of its own, so that programs
// without OpenTelemetry do not depend on it.
//
// # Specifications
//
//   - OpenTelemetry semantic conventions 1.40.0, "Messaging" and "Kafka"
//   - W3C Trace Context and Baggage, which OpenTelemetry's propagators write
package otelkavro
