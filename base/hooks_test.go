package base_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/base"
)

// Hooks given one after the other serve all of them.
func TestHooksJoin(t *testing.T) {
	var heard []string
	note := func(who string) base.Hooks {
		return base.Hooks{
			Stats: func([]byte) { heard = append(heard, who+" stats") },
			Error: func(error) { heard = append(heard, who+" error") },
		}
	}
	logger := slog.New(slog.DiscardHandler)
	h, err := note("a").Join(base.Hooks{Logger: logger})
	require.NoError(t, err)
	h, err = h.Join(note("b"))
	require.NoError(t, err)
	h, err = h.Join(base.Hooks{Logger: logger, Token: func(context.Context) (base.Token, error) { return base.Token{}, nil }})
	require.NoError(t, err, "the same logger twice is one")
	h.Stats(nil)
	h.Error(errors.New("x"))
	require.Equal(t, []string{"a stats", "b stats", "a error", "b error"}, heard)
	require.Same(t, logger, h.Logger)
	require.NotNil(t, h.Token)

	var one, other bytes.Buffer
	h.Logger = slog.New(slog.NewTextHandler(&one, nil))
	h, err = h.Join(base.Hooks{Logger: slog.New(slog.NewTextHandler(&other, nil))})
	require.NoError(t, err)
	h.Logger.Info("both are told")
	require.Contains(t, one.String(), "both are told")
	require.Contains(t, other.String(), "both are told")

	_, err = h.Join(base.Hooks{Token: h.Token})
	require.ErrorContains(t, err, "Hooks.Token: is set twice")
	ce := (*base.ConfigError)(nil)
	require.ErrorAs(t, err, &ce)

	none, err := base.Hooks{}.Join(base.Hooks{})
	require.NoError(t, err)
	require.Nil(t, none.Error)
	require.Nil(t, none.Stats)
}
