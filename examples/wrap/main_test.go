//go:build cgo

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kavrotest"
)

// The example is about one client: there is nothing to wrap on the other.
func TestRun(t *testing.T) {
	env, err := kavrotest.Start()
	require.NoError(t, err)
	defer env.Close()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, env))
	require.Equal(t, "one click sent through rdkafka\n", out.String())
	versions, err := env.Registry.Versions(t.Context(), "clicks-value")
	require.NoError(t, err)
	require.Equal(t, []int{1}, versions)
}
