//go:build kavro_poison

package avroconsumer_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
)

// With the build tag kavro_poison, what a handler has kept is overwritten when it returns.
func TestPoison(t *testing.T) {
	des, framed := parcels(t, map[string]int64{"x": 1})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, string(framed), string(framed))
		c, err := avroconsumer.New(w.member(), text{}, des, avroconsumer.WithReuse(), avroconsumer.WithOwnedClient())
		require.NoError(t, err)
		require.NoError(t, c.Subscribe("t"))
		ctx, cancel := context.WithCancel(t.Context())
		var lines []line
		var tags map[string]int64
		var kept *avroconsumer.Message[string, parcel]
		err = c.Run(ctx, func(_ context.Context, m *avroconsumer.Message[string, parcel]) error {
			require.Equal(t, "one", m.Value.ID)
			require.Equal(t, []line{{"a", 1}, {"b", 2}}, m.Value.Lines)
			if kept != nil {
				require.Equal(t, map[string]int64{"x": 1}, m.Value.Tags)
				cancel()
				return nil
			}
			kept, lines, tags = m, m.Value.Lines, m.Value.Tags
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.NotEqual(t, "t", kept.Topic)
		require.Nil(t, kept.Raw)
		require.NotEqual(t, "a", lines[0].SKU)
		require.NotEqual(t, int32(1), lines[0].N)
		require.Empty(t, tags)
		require.NoError(t, c.Close(t.Context()))
	})
}
