// Package frontdoor goes the whole way on Apache Kafka: kavro's producers, consumers
// and pipelines with both clients, and clients that are not ours beside them.
package frontdoor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/events"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry/memory"
)

var broker *apache.Broker

func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }

var drivers = []string{"confluent", "franz"}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), events.Patience)
	t.Cleanup(cancel)
	return ctx
}

func conf(more ...kavro.Config) kavro.Config {
	return events.Conf(append([]kavro.Config{{"bootstrap.servers": broker.Address, "auto.offset.reset": "earliest"}}, more...)...)
}

// Each codec, written by each client, read by each: records as they were, and the
// batches in the log are compressed as asked.
func TestCodecs(t *testing.T) {
	codes := map[string]uint8{"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4} // message format v2, "attributes"
	for codec, number := range codes {
		for _, writer := range drivers {
			t.Run(codec+"/"+writer, func(t *testing.T) {
				const n = 2000
				ctx, reg, topic := testContext(t), memory.New(), "codec-"+codec+"-"+writer
				broker.CreateTopic(t, topic, 1)
				p, err := events.NewProducer(writer, reg, conf(kavro.Config{"compression.type": codec, "linger.ms": 20}))
				require.NoError(t, err)
				for i := range n {
					require.NoError(t, p.Produce(ctx, topic, fmt.Sprint(i), event(i), avroproducer.WithHeaders(kafka.Header{Key: "i", Value: fmt.Append(nil, i)})))
				}
				require.NoError(t, p.Delete(ctx, topic, "tombstone"))
				require.NoError(t, p.Close(ctx))

				for _, reader := range drivers {
					c, err := events.NewConsumer(reader, reg, conf(kavro.Config{"group.id": topic + reader}), []string{topic})
					require.NoError(t, err)
					for i := range n {
						m, err := c.Poll(ctx)
						require.NoError(t, err)
						require.Equal(t, fmt.Sprint(i), m.Key)
						require.Equal(t, event(i), m.Value)
						require.Equal(t, []kafka.Header{{Key: "i", Value: fmt.Append(nil, i)}}, m.Headers)
					}
					m, err := c.Poll(ctx)
					require.NoError(t, err)
					require.True(t, m.Tombstone)
					require.NoError(t, c.Close(ctx))
				}

				cl, err := kgo.NewClient(kgo.SeedBrokers(broker.Address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
				require.NoError(t, err)
				defer cl.Close()
				for left := n + 1; left > 0; {
					fetches := cl.PollFetches(ctx)
					require.NoError(t, ctx.Err())
					fetches.EachRecord(func(r *kgo.Record) {
						left--
						// A batch that compression would not make smaller is sent as it is.
						if got := r.Attrs.CompressionType(); got != number && r.Offset < n/2 {
							t.Fatalf("offset %d: codec %d, want %d", r.Offset, got, number)
						}
					})
				}
			})
		}
	}
}

func event(i int) events.Event {
	return events.Event{N: int64(i), Note: "a note that goes on and on and on and on and on and on and on"}
}

// Readers of committed records see what was committed, in order, and nothing of
// what was aborted; others see all of it.
func TestTransactions(t *testing.T) {
	for _, b := range drivers {
		t.Run(b, func(t *testing.T) {
			ctx, reg, topic := testContext(t), memory.New(), "transactions-"+b
			broker.CreateTopic(t, topic, 2)
			p, err := events.NewProducer(b, reg, conf(kavro.Config{"transactional.id": topic, "transaction.timeout.ms": 600_000}))
			require.NoError(t, err)
			mine := errors.New("mine")
			var committed, all [2][]int64
			for i := range int64(20) {
				fails := i%3 == 2
				err := p.Transaction(ctx, func(ctx context.Context) error {
					for q := range int32(2) {
						if err := p.ProduceRecord(ctx, events.Record{Topic: topic, Partition: &q, Value: events.Event{N: i}}); err != nil {
							return err
						}
					}
					if err := p.Flush(ctx); err != nil || !fails { // so that an aborted record is in the log
						return err
					}
					return mine
				})
				for q := range all {
					all[q] = append(all[q], i)
					if !fails {
						committed[q] = append(committed[q], i)
					}
				}
				if fails {
					require.ErrorIs(t, err, mine)
				} else {
					require.NoError(t, err)
				}
			}
			require.NoError(t, p.Close(ctx))
			for isolation, want := range map[string][2][]int64{"read_committed": committed, "read_uncommitted": all} {
				for _, reader := range drivers {
					c, err := events.NewConsumer(reader, reg, conf(kavro.Config{"group.id": topic + reader + isolation, "isolation.level": isolation, "enable.partition.eof": true}),
						[]string{topic}, kavro.WithToEnd())
					require.NoError(t, err)
					var got [2][]int64
					for m, err := range c.Messages(ctx) {
						require.NoError(t, err)
						got[m.Partition] = append(got[m.Partition], m.Value.N)
					}
					require.Equal(t, want, got, "%s %s", reader, isolation)
					require.NoError(t, c.Close(ctx))
				}
			}
		})
	}
}

// A second instance with the same transactional id fences the first, whichever
// client either has: what the first had open is aborted, and it is told for good.
func TestFencing(t *testing.T) {
	for _, first := range drivers {
		for _, second := range drivers {
			t.Run(first+" by "+second, func(t *testing.T) {
				ctx, reg, topic := testContext(t), memory.New(), "fencing-"+first+"-"+second
				broker.CreateTopic(t, topic, 1)
				open := func(b string) *events.Producer {
					p, err := events.NewProducer(b, reg, conf(kavro.Config{"transactional.id": topic, "transaction.timeout.ms": 600_000}))
					require.NoError(t, err)
					return p
				}
				send := func(p *events.Producer, n int64) func(context.Context) error {
					return func(ctx context.Context) error { return p.Produce(ctx, topic, "", events.Event{N: n}) }
				}
				zombie, heir := open(first), open(second)
				require.NoError(t, zombie.Transaction(ctx, send(zombie, 0)))
				err := zombie.Transaction(ctx, func(ctx context.Context) error {
					if err := send(zombie, -1)(ctx); err != nil {
						return err
					}
					if err := zombie.Flush(ctx); err != nil {
						return err
					}
					return heir.Transaction(ctx, send(heir, 1))
				})
				var fenced *avroproducer.TransactionError
				require.ErrorAs(t, err, &fenced)
				require.True(t, fenced.Fatal, "%v", err)
				require.Error(t, zombie.Transaction(ctx, send(zombie, -1)), "for good")
				require.NoError(t, heir.Transaction(ctx, send(heir, 2)))
				_ = zombie.Close(ctx) // what it has is lost, and may say so
				require.NoError(t, heir.Close(ctx))
				stored, err := events.Stored(ctx, broker.Address, topic, 1, events.Committed)
				require.NoError(t, err)
				require.NoError(t, events.Exactly(stored, 3))
			})
		}
	}
}

// A pipeline from the front door: every event is transformed exactly once.
func TestPipeline(t *testing.T) {
	for _, b := range drivers {
		t.Run(b, func(t *testing.T) {
			const n = 5000
			ctx, reg, in, out := testContext(t), memory.New(), "in-"+b, "out-"+b
			broker.CreateTopic(t, in, 1)
			broker.CreateTopic(t, out, 1)
			p, err := events.NewProducer(b, reg, conf())
			require.NoError(t, err)
			for i := range n {
				require.NoError(t, p.Produce(ctx, in, "", events.Event{N: int64(i)}))
			}
			require.NoError(t, p.Close(ctx))
			client, err := events.Open(b, reg, conf(kavro.Config{"transactional.id": in}))
			require.NoError(t, err)
			line, err := kavro.NewPipeline[string, events.Event, string, events.Event](client, in, []string{in},
				kavro.WithValue(kavro.WithSchema(events.Schema)), kavro.WithOutputValue(kavro.WithSchema(events.Schema)), kavro.WithToEnd())
			require.NoError(t, err)
			require.NoError(t, line.Run(ctx, func(_ context.Context, m *events.Message) ([]events.Record, error) {
				return []events.Record{{Topic: out, Value: m.Value}}, nil
			}))
			require.NoError(t, client.Close(ctx))
			stored, err := events.Stored(ctx, broker.Address, out, 1, events.Committed)
			require.NoError(t, err)
			require.NoError(t, events.Exactly(stored, n))
		})
	}
}
