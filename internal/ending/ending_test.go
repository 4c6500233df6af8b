package ending_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/ending"
)

// The longest sequences of one program: its consumer drains, commits, closes and leaves, and its
// producer delivers; or its pipeline aborts and closes its consumer and its producer.
func TestDefaultsTogether(t *testing.T) {
	const most = 25 * time.Second
	require.Less(t, ending.Drain+ending.Commit+ending.Close+ending.Deliver, most)
	require.Less(t, ending.Abort+ending.Deliver+2*ending.Close, most)
}

func TestContext(t *testing.T) {
	type key struct{}
	for name, tc := range map[string]struct {
		make func(context.Context) (context.Context, context.CancelFunc)
		ends time.Duration // 0: never
	}{
		"ended already": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, 5 * time.Second},
		"past its deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, -time.Second)
		}, 5 * time.Second},
		"cancelled, about to end": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			cancel()
			return ctx, cancel
		}, 5 * time.Second},
		"cancelled, with a later deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, 5 * time.Second},
		"about to end": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, 5 * time.Second},
		"a later deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Minute)
		}, time.Minute},
		"cancelled early": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, 5 * time.Second},
		"cancelled late": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			time.AfterFunc(time.Minute, cancel)
			return ctx, cancel
		}, time.Minute},
		"never": {context.WithCancel, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := tc.make(context.WithValue(t.Context(), key{}, "v"))
				defer cancel()
				start := time.Now()
				out, done := ending.Context(ctx, 5*time.Second)
				require.Equal(t, "v", out.Value(key{}))
				if tc.ends == 0 {
					time.Sleep(time.Hour)
					require.NoError(t, out.Err())
					done()
					require.ErrorIs(t, out.Err(), context.Canceled)
					return
				}
				child, stop := context.WithTimeout(out, time.Hour)
				defer stop()
				<-out.Done()
				require.Equal(t, tc.ends, time.Since(start))
				require.Equal(t, ctx.Err(), out.Err(), "the error of the caller's")
				<-child.Done()
				require.Equal(t, ctx.Err(), child.Err())
				done()
			})
		})
	}
}

// Releasing the context before its end leaves no timer or goroutine.
func TestContextIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		_, done := ending.Context(ctx, time.Hour)
		cancel()
		synctest.Wait()
		start := time.Now()
		done()
		synctest.Wait()
		require.Zero(t, time.Since(start))
	})
}
