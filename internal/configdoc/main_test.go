package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/configuration.md is what the code says.
func TestFresh(t *testing.T) {
	got, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	require.Equal(t, render(), string(got), "run: go run ./internal/configdoc > docs/configuration.md")
}
