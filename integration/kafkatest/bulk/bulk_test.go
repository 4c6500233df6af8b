// Package bulk sends a million records through Apache Kafka.
package bulk

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/events"
	"github.com/kavro/kavro/registry/memory"
)

var broker *apache.Broker

func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }

// 1,000,000 records end to end, on each client: each is reported as delivered, is
// in the log once and in order, and is handled once and in order.
func TestMillion(t *testing.T) {
	for _, b := range []string{"confluent", "franz"} {
		t.Run(b, func(t *testing.T) {
			const partitions, each = 4, 250_000
			ctx, cancel := context.WithTimeout(t.Context(), events.Patience)
			defer cancel()
			reg, topic := memory.New(), "million-"+b
			broker.CreateTopic(t, topic, partitions)
			conf := kavro.Config{"bootstrap.servers": broker.Address, "group.id": topic, "auto.offset.reset": "earliest", "linger.ms": 5, "compression.type": "lz4"}

			begin := time.Now()
			p, err := events.NewProducer(b, reg, conf)
			require.NoError(t, err)
			delivered := 0
			report := func(d avroproducer.Delivery) {
				if d.Err == nil && d.Offset == d.Value.(events.Event).N {
					delivered++
				}
			}
			for i := range each {
				for q := range int32(partitions) {
					require.NoError(t, p.ProduceRecord(ctx, events.Record{Topic: topic, Partition: &q,
						Value: events.Event{N: int64(i), Note: "a note of about a hundred bytes, which is what many events in many companies' topics are about"}, OnDelivery: report}))
				}
			}
			require.NoError(t, p.Close(ctx))
			require.Equal(t, partitions*each, delivered)
			produced := time.Since(begin)

			begin = time.Now()
			l := events.NewLedger(partitions, each)
			c, err := events.NewConsumer(b, reg, conf, []string{topic}, kavro.WithToEnd())
			require.NoError(t, err)
			require.NoError(t, c.Run(ctx, func(_ context.Context, m *events.Message) error {
				l.Handled(m.Partition, m.Value.N)
				return nil
			}))
			require.NoError(t, c.Close(ctx))
			missing, repeats, broken, _ := l.State()
			require.NoError(t, broken)
			require.Zero(t, missing)
			require.Zero(t, repeats)
			t.Logf("produced in %v, consumed in %v", produced.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
		})
	}
}
