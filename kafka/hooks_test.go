package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// Hooks given one after the other serve all of them.
func TestHooksJoin(t *testing.T) {
	var heard []string
	note := func(who string) kafka.Hooks {
		return kafka.Hooks{
			Stats: func([]byte) { heard = append(heard, who+" stats") },
			Error: func(error) { heard = append(heard, who+" error") },
		}
	}
	logger := slog.New(slog.DiscardHandler)
	h, err := note("a").Join(kafka.Hooks{Logger: logger})
	require.NoError(t, err)
	h, err = h.Join(note("b"))
	require.NoError(t, err)
	h, err = h.Join(kafka.Hooks{Logger: logger, Token: func(context.Context) (kafka.Token, error) { return kafka.Token{}, nil }})
	require.NoError(t, err, "the same logger twice is one")
	h.Stats(nil)
	h.Error(errors.New("x"))
	require.Equal(t, []string{"a stats", "b stats", "a error", "b error"}, heard)
	require.Same(t, logger, h.Logger)
	require.NotNil(t, h.Token)

	var one, other bytes.Buffer
	h.Logger = slog.New(slog.NewTextHandler(&one, nil))
	h, err = h.Join(kafka.Hooks{Logger: slog.New(slog.NewTextHandler(&other, nil))})
	require.NoError(t, err)
	h.Logger.Info("both are told")
	require.Contains(t, one.String(), "both are told")
	require.Contains(t, other.String(), "both are told")

	_, err = h.Join(kafka.Hooks{Token: h.Token})
	require.ErrorContains(t, err, "Hooks.Token: is set twice")
	ce := (*kafka.ConfigError)(nil)
	require.ErrorAs(t, err, &ce)

	none, err := kafka.Hooks{}.Join(kafka.Hooks{})
	require.NoError(t, err)
	require.Nil(t, none.Error)
	require.Nil(t, none.Stats)
}
