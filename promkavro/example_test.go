package promkavro_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/promkavro"
	"github.com/kavro/kavro/serde"
)

// Below the front door, each layer takes its own observer.
func ExampleNewConsumer() {
	observer := promkavro.NewConsumer()
	prometheus.MustRegister(observer) // promhttp.Handler() serves it

	b, err := franz.NewConsumer(kafka.Config{"bootstrap.servers": "127.0.0.1:9092", "group.id": "billing"}, kafka.Hooks{})
	if err != nil {
		panic(err)
	}
	c, err := avroconsumer.New(b, serde.String, serde.String, avroconsumer.WithOwnedClient(), avroconsumer.WithObserver(observer))
	if err != nil {
		panic(err)
	}
	defer observer.Watch(c)() // lag, in flight, age of the oldest
	fmt.Println(c.Close(context.Background()))
	// Output: <nil>
}
