//go:build !cgo

package confluent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/base"
	"github.com/kavro/kavro/base/confluent"
)

func TestWithoutCgo(t *testing.T) {
	const want = "base/confluent needs cgo: set CGO_ENABLED=1 or use base/franz"
	_, err := confluent.NewProducer(base.Config{}, base.Hooks{})
	require.EqualError(t, err, want)
	_, err = confluent.NewConsumer(base.Config{}, base.Hooks{})
	require.EqualError(t, err, want)
	_, err = confluent.NewSession(base.Config{}, base.Hooks{})
	require.EqualError(t, err, want)
}
