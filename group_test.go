package kavro_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
)

// On both clients a consumer knows that it waits for its group: while another member
// does not poll, it has nothing, and says since when. When that one leaves it goes on.
func TestGroupThatIsHeldUp(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		ctx := deadline(t)
		require.NoError(t, env.CreateTopic(ctx, "orders", 2))
		producer, err := kavro.NewProducer[string, Order](open(t, which, env.Config()), kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		require.NoError(t, producer.Produce(ctx, "orders", "o-1", Order{ID: "o-1", Total: 1}))
		require.NoError(t, producer.Close(ctx))

		conf := env.Group("billing", kavro.Config{"partition.assignment.strategy": "range"})
		idle, err := kavro.NewConsumer[string, Order](open(t, which, conf), "", []string{"orders"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		_, err = idle.Poll(ctx) // and never again
		require.NoError(t, err)
		require.Zero(t, idle.Group())

		before := time.Now()
		c, err := kavro.NewConsumer[string, Order](open(t, which, conf), "", []string{"orders"}, kavro.WithValue(kavro.WithSchema(orderSchema)))
		require.NoError(t, err)
		after := time.Now()
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		_, err = c.Poll(short)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, c.Group().Rebalancing)
		require.WithinRange(t, c.Group().Since, before, after)
		require.Empty(t, c.Status())

		require.NoError(t, idle.Close(ctx))
		_, err = c.Poll(ctx)
		require.NoError(t, err)
		require.Zero(t, c.Group())
		require.Len(t, c.Status(), 2)
		require.NoError(t, c.Close(ctx))
	})
}
