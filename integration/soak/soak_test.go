package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A soak of a minute loses nothing. How much grows, only a longer one can say.
func TestSoak(t *testing.T) {
	var out, log bytes.Buffer
	_, err := run(t.Context(), config{length: time.Minute, rate: 2000, seed: 1, out: &out, log: &log})
	require.NoError(t, err, "%s", &log)
	require.NotContains(t, out.String(), "lost\n", "%s%s", &out, &log)
}
