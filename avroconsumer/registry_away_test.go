package avroconsumer_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// readers are the ways to read from a consumer until ctx ends. Each returns the error
// that ended it.
var readers = map[string]func(ctx context.Context, c *consumer) error{
	"Run": func(ctx context.Context, c *consumer) error { return runs(ctx, c, func(*message) {}) },
	"RunBatch": func(ctx context.Context, c *consumer) error {
		return c.RunBatch(ctx, 10, time.Second, func(context.Context, []*message) []error { return nil })
	},
	"Poll": func(ctx context.Context, c *consumer) error {
		_, err := c.Poll(ctx)
		return err
	},
	"Messages": func(ctx context.Context, c *consumer) (last error) {
		for _, last = range c.Messages(ctx) {
		}
		return last
	},
	"Batches": func(ctx context.Context, c *consumer) (last error) {
		for _, last = range c.Batches(ctx, 10, time.Second) {
		}
		return last
	},
}

// With every way of reading: a warning about the registry is logged once a minute, Status shows
// that records wait for it, and the context's error contains the registry's.
func TestRegistryAwayNamesItself(t *testing.T) {
	for name, read := range readers {
		for _, given := range []bool{true, false} {
			t.Run(name+map[bool]string{true: ", logger", false: ", default logger"}[given], func(t *testing.T) {
				var out bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&out, nil))
				opts := []avroconsumer.Option{avroconsumer.WithLogger(logger)}
				if !given {
					before := slog.Default()
					slog.SetDefault(logger)
					defer slog.SetDefault(before)
					opts = nil
				}
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 3)
					w.framed(2, 4, 7)
					w.framed(1, 1, 8) // another id, the same cause
					c, err := avroconsumer.New(w.member(), text{}, newIDs(7, 8), append(opts, avroconsumer.WithOwnedClient())...)
					require.NoError(t, err)
					require.NoError(t, c.Subscribe("t"))
					ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
					defer cancel()
					ended := make(chan error, 1)
					go func() { ended <- read(ctx, c) }()
					time.Sleep(10 * time.Second)
					synctest.Wait()
					require.Contains(t, c.Status()[0].String(), "waiting for the registry")

					err = <-ended
					require.ErrorIs(t, err, context.DeadlineExceeded)
					var away *registry.UnavailableError
					require.ErrorAs(t, err, &away)
					require.Equal(t, 503, away.Status)
					var record *avroconsumer.RecordError
					require.False(t, errors.As(err, &record), "no record has ended it")
					require.NoError(t, c.Close(t.Context()))
				})
				lines := strings.Count(out.String(), "\n")
				require.Equal(t, 3, lines, "at once, and after one minute and two: %s", out.String())
				require.Equal(t, lines, strings.Count(out.String(), "waiting for the registry"))
				require.Contains(t, out.String(), "repeated=")
			})
		}
	}
}

// slowIDs is a deserializer whose attempts at the registry take longer than the caller waits.
type slowIDs struct{ *ids }

func (d slowIDs) Decode(ctx context.Context, payload []byte, from *serde.Target, v *string) error {
	select {
	case <-time.After(3 * time.Second):
		return d.ids.Decode(ctx, payload, from, v)
	case <-ctx.Done():
		return errors.Join(ctx.Err(), d.ids.Decode(ctx, payload, from, v))
	}
}

// A caller with less time than the attempts take gets the registry's error too.
func TestRegistryAwayWithShortPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.framed(1, 2, 7)
		var out bytes.Buffer
		ids := newIDs(7)
		c, err := avroconsumer.New(w.member(), text{}, slowIDs{ids}, avroconsumer.WithOwnedClient(),
			avroconsumer.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
		require.NoError(t, err)
		require.NoError(t, c.Subscribe("t"))
		var away *registry.UnavailableError
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := c.Poll(ctx)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorAs(t, err, &away)
			require.True(t, c.Status()[0].Waiting)
		}
		require.Equal(t, 1, strings.Count(out.String(), "waiting for the registry"))
		ids.back(7)
		m, err := c.Poll(t.Context())
		require.NoError(t, err)
		require.Equal(t, "0 0", m.Value)
		require.False(t, c.Status()[0].Waiting)
		_, err = c.Poll(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Poll(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, errors.As(err, &away), "it answers again")
		require.NoError(t, c.Close(t.Context()))
	})
}
