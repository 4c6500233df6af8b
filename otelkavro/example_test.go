package otelkavro_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/otelkavro"
	"github.com/kavro/kavro/serde"
)

// With the front door, the option is kavro.Producer(avroproducer.WithObserver(observer)).
func ExampleNewProducer() {
	observer, err := otelkavro.NewProducer(
		otelkavro.WithTracerProvider(trace.NewTracerProvider()), // default: OpenTelemetry's global one
		otelkavro.WithPropagator(propagation.TraceContext{}),
	)
	if err != nil {
		panic(err)
	}
	b, err := franz.NewProducer(kafka.Config{"bootstrap.servers": "127.0.0.1:9092"}, kafka.Hooks{})
	if err != nil {
		panic(err)
	}
	p, err := avroproducer.New(b, serde.String, serde.String, avroproducer.WithOwnedClient(), avroproducer.WithObserver(observer))
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Close(context.Background()))
	// Output: <nil>
}
