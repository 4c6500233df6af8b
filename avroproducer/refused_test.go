package avroproducer_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
)

// A record that is refused before it reaches the client counts no more: neither Flush nor
// Close waits for it.
func TestRefusedRecords(t *testing.T) {
	nowhere, chosen := int32(-5), int32(-1)
	type producer = avroproducer.Producer[string, string]
	for _, test := range []struct {
		name    string
		produce func(context.Context, *producer) error
		err     string
	}{
		{"an option that is nil", func(ctx context.Context, p *producer) error {
			return p.Produce(ctx, "t", "k", "v", avroproducer.WithPartition(0), nil)
		}, "avroproducer: t: option 2 of 2 is nil: leave it out"},
		{"a tombstone with one", func(ctx context.Context, p *producer) error {
			return p.Delete(ctx, "t", "k", nil)
		}, "avroproducer: t: option 1 of 1 is nil: leave it out"},
		{"a partition that none is", func(ctx context.Context, p *producer) error {
			return p.Produce(ctx, "t", "k", "v", avroproducer.WithPartition(-2))
		}, "avroproducer: t: no partition has the number -2: -1 lets the partitioner choose"},
		{"a tombstone for one", func(ctx context.Context, p *producer) error {
			return p.Delete(ctx, "t", "k", avroproducer.WithPartition(nowhere))
		}, "avroproducer: t: no partition has the number -5: -1 lets the partitioner choose"},
		{"a record for one", func(ctx context.Context, p *producer) error {
			return p.ProduceRecord(ctx, avroproducer.Record[string, string]{Topic: "t", Partition: &nowhere})
		}, "avroproducer: t: no partition has the number -5: -1 lets the partitioner choose"},
		{"and for one at once", func(ctx context.Context, p *producer) error {
			return p.ProduceSync(ctx, avroproducer.Record[string, string]{Topic: "t", Partition: &nowhere})
		}, "no partition has the number -5"},
		{"no topic", func(ctx context.Context, p *producer) error {
			return p.Produce(ctx, "", "k", "v", nil)
		}, "avroproducer: the record has no topic"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, client := newCluster(fakekafka.ProducerConfig{})
				p := newText(t, client)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				require.ErrorContains(t, test.produce(ctx, p), test.err)
				require.Zero(t, p.Len())
				require.NoError(t, p.ProduceRecord(ctx, avroproducer.Record[string, string]{Topic: "t", Partition: &chosen}))
				require.NoError(t, p.Flush(ctx))
				require.NoError(t, p.Close(ctx))
				require.Len(t, c.Records("t"), 1)
			})
		})
	}
}
