package avroproducer_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// What everyone writes, "defer producer.Close(ctx)", delivers what is queued although
// ctx has ended by then.
func TestCloseWithAContextThatHasEnded(t *testing.T) {
	for name, owned := range map[string][]avroproducer.Option{"owned": {avroproducer.WithOwnedClient()}, "shared": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := newCluster(fakekafka.ProducerConfig{Delay: 2 * time.Second})
				p := newText(t, b, owned...)
				ctx, cancel := context.WithCancel(t.Context())
				require.NoError(t, p.Produce(ctx, "t", "k", "a"))
				told := errors.New("not told")
				require.NoError(t, p.Produce(ctx, "t", "k", "b", avroproducer.OnDelivery(func(d avroproducer.Delivery) { told = d.Err })))
				cancel()
				require.NoError(t, p.Close(ctx))
				require.NoError(t, told)
				require.Equal(t, []string{"a", "b"}, values(c, "t"))
				for range 100 { // idempotent, and never by chance
					require.NoError(t, p.Close(ctx))
				}
				require.NoError(t, b.Close(t.Context()))
			})
		})
	}
}

// What the brokers do not take in that time is named.
func TestCloseNamesWhatWasNotDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newCluster(fakekafka.ProducerConfig{})
		p := newText(t, b, avroproducer.WithOwnedClient())
		b.Hold()
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, p.Produce(ctx, "t", "lost key", "v"))
		cancel()
		begin := time.Now()
		err := p.Close(ctx)
		require.Equal(t, 3*time.Second, time.Since(begin))
		var flush *avroproducer.FlushError
		require.ErrorAs(t, err, &flush)
		require.Equal(t, 1, flush.Remaining)
		var lost *avroproducer.DeliveryError
		require.ErrorAs(t, err, &lost)
		require.Equal(t, "t", lost.Topic)
		require.Equal(t, "lost key", string(lost.Key))
		require.ErrorIs(t, lost, kafka.ErrClosed)
		require.Empty(t, values(c, "t"))
	})
}

// An abort takes no longer than it may.
func TestAbortTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, fakekafka.ProducerConfig{}, avroproducer.WithAbortTimeout(time.Second))
		b.client.Hook = func(op string) error {
			if op == "abort" {
				return errRetriable
			}
			return nil
		}
		begin := time.Now()
		var unfinished *avroproducer.TransactionError
		require.ErrorAs(t, b.Transaction(t.Context(), func(context.Context) error { return errUnfit }), &unfinished)
		require.True(t, unfinished.Unfinished)
		require.Equal(t, time.Second, time.Since(begin))
		b.client.Hook = nil
		require.NoError(t, b.Close(t.Context()))
	})
}

// A transaction whose function has returned is committed although its context ends
// meanwhile: a commit that is cut short would leave it undecided.
func TestCommitWithAContextThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, fakekafka.ProducerConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		away := 3
		b.client.Hook = func(op string) error {
			if op != "commit" {
				return nil
			}
			cancel()
			if away--; away >= 0 {
				return errRetriable
			}
			return nil
		}
		err := b.Transaction(ctx, func(ctx context.Context) error { return b.produce(ctx, "v") })
		require.NoError(t, err)
		require.ErrorIs(t, ctx.Err(), context.Canceled)
		require.Equal(t, []string{"v"}, values(b.cluster, "t"))
		require.NoError(t, b.Close(ctx))
	})
}
