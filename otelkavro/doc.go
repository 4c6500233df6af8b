// Package otelkavro lets OpenTelemetry see what producers, consumers, pipelines and
// registry clients do: it is their observers.
//
//	telemetry, err := otelkavro.New()
//	client, err := kavro.Open(conf, kavro.WithObserver(telemetry))
//
// [New] has all of them. [NewProducer], [NewConsumer] and [NewRegistry] are for programs
// that put the layers together themselves.
//
// [Producer] makes a span for each record that is sent, from the moment it is
// serialized until the brokers have it, and writes the span's context into the
// record's headers. [Consumer] reads it from there: the span of handling a
// record is the child of the one that sent it, wherever that was. Both count and
// time what they see. [Registry] counts and times, and makes no spans.
//
// Names of spans, attributes and metrics are those of the semantic conventions:
//
//	span "send orders"     kind producer, messaging.operation.type=send
//	span "process orders"  kind consumer, messaging.operation.type=process
//	messaging.client.sent.messages        counter
//	messaging.client.consumed.messages    counter
//	messaging.client.operation.duration   histogram, of send and commit
//	messaging.process.duration            histogram
//	http.client.request.duration          histogram, of one attempt to ask the registry
//
// and these are kavro's own, since the conventions have none for them:
//
//	kavro.consumer.failures    counter, by kavro.error.class and kavro.action
//	kavro.registry.cache       counter, by kavro.cache and kavro.result (hit, miss, stale, fallback, unknown)
//	kavro.registry.retries     counter
//	kavro.registry.ejected     up-down counter, of URLs that do not answer
//
// The providers and the propagator are OpenTelemetry's global ones unless an
// option says otherwise. The package is a module of its own, so that programs
// without OpenTelemetry do not depend on it.
//
// # Specifications
//
//   - OpenTelemetry semantic conventions 1.40.0, "Messaging", "Kafka" and "HTTP"
//   - W3C Trace Context and Baggage, which OpenTelemetry's propagators write
package otelkavro
