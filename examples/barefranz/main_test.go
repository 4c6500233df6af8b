package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kavrotest"
)

// The example is about no driver at all.
func TestRun(t *testing.T) {
	env, err := kavrotest.Start()
	require.NoError(t, err)
	defer env.Close()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, env))
	require.Equal(t, "9 bytes, schema 1: 12 shares of GO\n", out.String())
}
