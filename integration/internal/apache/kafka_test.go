package apache

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What was acknowledged is there after every way to end a broker, at the same
// address.
func TestBroker(t *testing.T) {
	b, err := Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b.CreateTopic(t, "events", 1)
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Address), kgo.DefaultProduceTopic("events"), kgo.ConsumeTopics("events"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(t, err)
	defer cl.Close()
	for _, end := range []func() error{
		func() error { return nil },
		b.Stop,
		func() error { b.Kill9(); return nil },
	} {
		require.NoError(t, end())
		if b.proc.Err() != nil {
			require.NoError(t, b.Restart())
		}
		require.NoError(t, cl.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr())
		n := 0
		for n == 0 {
			f := cl.PollFetches(ctx)
			require.NoError(t, ctx.Err())
			n += f.NumRecords()
		}
		require.Equal(t, 1, n)
	}

	require.NoError(t, b.Freeze())
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	require.Error(t, cl.Ping(short))
	require.NoError(t, b.Thaw())
	require.NoError(t, cl.Ping(ctx))
}
