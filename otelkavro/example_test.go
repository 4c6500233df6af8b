package otelkavro_test

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/otelkavro"
	"github.com/kavro/kavro/serde"
)

// Observers stand side by side: promkavro.New() is another.
func ExampleNew() {
	telemetry, err := otelkavro.New(otelkavro.WithPropagator(propagation.TraceContext{}))
	if err != nil {
		panic(err)
	}
	client, err := kavro.Open(kavro.Config{"bootstrap.servers": "127.0.0.1:9092", "schema.registry.url": "http://127.0.0.1:8081"},
		kavro.WithObserver(telemetry), kavro.WithObserver(kavro.LogObserver(slog.Default())))
	if err != nil {
		panic(err)
	}
	fmt.Println(client.Close(context.Background()))
	// Output: <nil>
}

// Below the front door, each layer takes its own observer.
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
