package pipeline_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
)

// The records produced for a record are in the same transaction as its offset.
func ExamplePipeline_Run() {
	ctx := context.Background()
	cluster := fakekafka.New(map[string]int{"lines": 1, "words": 1})
	cluster.Append("lines", 0, kafka.Record{Value: []byte("to be or not to be")}, kafka.Record{Value: []byte("")})
	session := cluster.Session("splitter-1", fakekafka.ConsumerConfig{Group: "splitters", FromStart: true}, fakekafka.ProducerConfig{})

	p, err := pipeline.New(session, text{}, text{}, text{}, text{}, pipeline.WithOwnedClient(), pipeline.WithToEnd())
	if err != nil {
		panic(err)
	}
	defer p.Close(ctx)
	if err := p.Subscribe("lines"); err != nil {
		panic(err)
	}
	err = p.Run(ctx, func(_ context.Context, m *message) (out []record, err error) {
		for _, word := range strings.Fields(m.Value) {
			out = append(out, record{Topic: "words", Value: word})
		}
		return out, nil
	})
	fmt.Println(err, len(cluster.Records("words")), cluster.Group("splitters").Committed("lines", 0))
	// Output:
	// <nil> 6 2
}

// Dead letters are sent back to the topics they came from.
func ExampleReplay() {
	ctx := context.Background()
	cluster := fakekafka.New(map[string]int{"orders": 1, "orders-dlt": 1})
	cluster.Append("orders-dlt", 0, kafka.Record{Value: []byte("fine, after all"), Headers: []kafka.Header{
		{Key: "__dlq.errors.topic", Value: []byte("orders")},
		{Key: "__dlq.errors.partition", Value: []byte("0")},
		{Key: "__dlq.errors.offset", Value: []byte("1203")},
		{Key: "__dlq.errors.stage", Value: []byte("handler")},
	}})
	session := cluster.Session("replay", fakekafka.ConsumerConfig{Group: "replay", FromStart: true}, fakekafka.ProducerConfig{})
	defer session.Close(ctx)

	n, err := pipeline.Replay(ctx, session, []string{"orders-dlt"}, pipeline.ReplayConfig{
		Filter: func(d pipeline.DeadLetterRecord) bool { return d.Stage == avroconsumer.StageHandler },
	})
	fmt.Printf("%+v %v %s\n", n, err, cluster.Records("orders")[0].Value)
	// Output:
	// {Read:1 Sent:1} <nil> fine, after all
}
