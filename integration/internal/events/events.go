// Package events has what the tests on a broker send: numbered events, so that a
// lost or a repeated one is found.
package events

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// Patience bounds every wait of a test: no test depends on how fast anything is.
const Patience = 8 * time.Minute

// Event is one record's value.
type Event struct {
	N    int64  `avro:"n"`    // its number within its partition, from 0
	Note string `avro:"note"` // makes it as large as events are
}

// Schema is Event's.
var Schema = schemas.MustParse(`{"type":"record","name":"Event","namespace":"kavro.integration","fields":[
	{"name":"n","type":"long"},{"name":"note","type":"string"}]}`)

// The typed clients.
type (
	Message = avroconsumer.Message[string, Event]
	Record  = avroproducer.Record[string, Event]

	// Producer is a producer with a kavro.Client of its own: with one that is new, it knows
	// no schema yet.
	Producer struct {
		*avroproducer.Producer[string, Event]
		client *kavro.Client
	}
	// Consumer is a consumer with a kavro.Client of its own.
	Consumer struct {
		*avroconsumer.Consumer[string, Event]
		client *kavro.Client
	}
)

// Close closes the producer and its client.
func (p *Producer) Close(ctx context.Context) error { return p.client.Close(ctx) }

// Close closes the consumer and its client.
func (c *Consumer) Close(ctx context.Context) error { return c.client.Close(ctx) }

// Conf puts configurations over one another.
func Conf(confs ...kavro.Config) kavro.Config {
	out := kavro.Config{}
	for _, c := range confs {
		maps.Copy(out, c)
	}
	return out
}

// Open makes a client with a driver, such as "franz". A nil r leaves the registry to conf.
func Open(driver string, r kavro.SchemaRegistry, conf kavro.Config) (*kavro.Client, error) {
	var opts []kavro.ClientOption
	if r != nil {
		opts = append(opts, kavro.WithRegistry(r))
	}
	return kavro.Open(Conf(conf, kavro.Config{"kavro.client": driver}), opts...)
}

// NewProducer makes a producer of events. The rest is as [Open]'s.
func NewProducer(driver string, r kavro.SchemaRegistry, conf kavro.Config, opts ...kavro.ProducerOption) (*Producer, error) {
	client, err := Open(driver, r, conf)
	if err != nil {
		return nil, err
	}
	p, err := kavro.NewProducer[string, Event](client, append(opts, kavro.WithValue(kavro.WithSchema(Schema)))...)
	if err != nil {
		return nil, errors.Join(err, client.Close(context.Background()))
	}
	return &Producer{p, client}, nil
}

// NewConsumer makes a consumer of events, subscribed to topics. The rest is as [Open]'s.
func NewConsumer(driver string, r kavro.SchemaRegistry, conf kavro.Config, topics []string, opts ...kavro.ConsumerOption) (*Consumer, error) {
	client, err := Open(driver, r, conf)
	if err != nil {
		return nil, err
	}
	c, err := kavro.NewConsumer[string, Event](client, "", topics, append(opts, kavro.WithValue(kavro.WithSchema(Schema)))...)
	if err != nil {
		return nil, errors.Join(err, client.Close(context.Background()))
	}
	return &Consumer{c, client}, nil
}

// Committed makes [Stored] pass over what is not committed.
var Committed = kgo.FetchIsolationLevel(kgo.ReadCommitted())

// Stored reads a topic to its end with a client that is not ours, and returns the
// numbers of the events in each partition, in the order of their offsets.
func Stored(ctx context.Context, brokers, topic string, partitions int, opts ...kgo.Opt) ([][]int64, error) {
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxWait(100 * time.Millisecond), kgo.KeepControlRecords(), kgo.RetryTimeout(Patience)}, opts...)...)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	codec, err := avro.NewCodec[Event](Schema)
	if err != nil {
		return nil, err
	}
	stored := make([][]int64, partitions)
	ended := map[int32]bool{}
	for len(ended) < partitions {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("reading %s: %w, %d of %d partitions read", topic, ctx.Err(), len(ended), partitions)
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			for _, r := range p.Records {
				if !r.Attrs.IsControl() {
					_, datum, splitErr := serde.SplitFrame(r.Value)
					var e Event
					if splitErr != nil {
						err = splitErr
					} else if decodeErr := codec.Decode(datum, &e); decodeErr != nil {
						err = decodeErr
					}
					stored[p.Partition] = append(stored[p.Partition], e.N)
				}
				if r.Offset+1 == p.HighWatermark {
					ended[p.Partition] = true
				}
			}
		})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", topic, err)
		}
	}
	return stored, nil
}

// Exactly reports whether the numbers in each partition are 0 to n-1, in order.
func Exactly(stored [][]int64, n int) error {
	for p, numbers := range stored {
		for i, got := range numbers {
			if got != int64(i) {
				return fmt.Errorf("partition %d: number %d is at offset %d", p, got, i)
			}
		}
		if len(numbers) != n {
			return fmt.Errorf("partition %d: %s, want %d", p, count.Of(len(numbers), "event"), n)
		}
	}
	return nil
}
