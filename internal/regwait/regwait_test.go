package regwait_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/registry"
)

// The error of a call whose context ends before the registry's client gives up contains both, the
// registry's error and the context's.
func TestErrorContainsTheRegistrys(t *testing.T) {
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refused.Close())
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer busy.Close()
	over := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer silent.Close()
	defer close(over)
	calls := map[string]func(ctx context.Context, c *registry.Client) error{
		"SchemaByID": func(ctx context.Context, c *registry.Client) error { _, err := c.SchemaByID(ctx, "", 7); return err },
		"Latest":     func(ctx context.Context, c *registry.Client) error { _, err := c.Latest(ctx, "s"); return err },
		"Register": func(ctx context.Context, c *registry.Client) error {
			_, err := c.Register(ctx, "s", registry.Definition{Text: `"int"`})
			return err
		},
	}
	for name, call := range calls {
		for _, tc := range []struct{ name, url, text string }{
			{"refused", "http://" + refused.Addr().String(), "refused"},
			{"busy", busy.URL, "503"},
			{"silent", silent.URL, "no answer for"},
		} {
			t.Run(name+" "+tc.name, func(t *testing.T) {
				c, err := registry.New(tc.url, registry.WithRetries(1000, 50*time.Millisecond, 50*time.Millisecond), registry.WithBreaker(0, time.Second, time.Second))
				require.NoError(t, err)
				defer c.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err = call(ctx, c)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorContains(t, err, tc.text)
				away := regwait.Unavailable(fmt.Errorf("decode: %w", err))
				require.NotNil(t, away)
				require.Contains(t, away.URL, tc.url)
				require.Nil(t, regwait.Unavailable(ctx.Err()))
			})
		}
	}
}
