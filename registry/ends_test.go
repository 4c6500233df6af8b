package registry

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// Calls that are not cached end with the cause of their context, and ask each time.
func TestCallsEndWithTheirContexts(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *Client) error{
		"subjects":     func(ctx context.Context, c *Client) error { _, err := c.Subjects(ctx, ""); return err },
		"deleted":      func(ctx context.Context, c *Client) error { _, err := c.Subjects(ctx, "", WithDeleted()); return err },
		"versions":     func(ctx context.Context, c *Client) error { _, err := c.Versions(ctx, "users-value"); return err },
		"text":         func(ctx context.Context, c *Client) error { _, err := c.Text(ctx, "users-value", 1); return err },
		"latest text":  func(ctx context.Context, c *Client) error { _, err := c.Text(ctx, "users-value", -1); return err },
		"level":        func(ctx context.Context, c *Client) error { _, err := c.Compatibility(ctx, "users-value"); return err },
		"global level": func(ctx context.Context, c *Client) error { _, err := c.Compatibility(ctx, ""); return err },
		"set level": func(ctx context.Context, c *Client) error {
			return c.SetCompatibility(ctx, "users-value", schemas.Full)
		},
		"delete version": func(ctx context.Context, c *Client) error { return c.DeleteVersion(ctx, "users-value", 1) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			f := newFixture()
			f.register(t, "users-value", userV1)
			c := f.client(t)
			require.NoError(t, call(t.Context(), c))
			require.Equal(t, 1, f.Total())

			mine := errors.New("changed my mind")
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(mine)
			require.ErrorIs(t, call(ctx, c), mine)
			require.Equal(t, 1, f.Total(), "not even asked")

			f.Add(Fault{Hang: true})
			ctx, cancel = context.WithCancelCause(t.Context())
			ended := make(chan error)
			go func() { ended <- call(ctx, c) }()
			require.Eventually(t, func() bool { return f.Total() == 2 }, time.Minute, time.Millisecond)
			cancel(mine)
			require.ErrorIs(t, <-ended, mine)

			f.Clear()
			f.Add(Fault{Status: 401, Body: HTMLPage()})
			_, kind := responseIn(call(t.Context(), c))
			require.Equal(t, "unauthorized", kind)
		})
	}
}
