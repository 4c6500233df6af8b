package registrytest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFirstFailure(t *testing.T) {
	reached := false
	failure := firstFailure(func(checks require.TestingT) {
		c := require.New(checks)
		c.Equal(1, 1)
		c.Equal(1, 2, "the first %s", "failure")
		reached = true
	})
	require.False(t, reached)
	require.Regexp(t, `^Not equal: expected: 1 actual : 2 .*Messages: the first failure$`, failure)

	require.Empty(t, firstFailure(func(checks require.TestingT) { require.True(checks, true) }))
}

// Every difference can be named by one test.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range tests() {
		require.False(t, seen[c.name], c.name)
		seen[c.name] = true
	}
}
