//go:build !cgo

package confluent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

func TestWithoutCgo(t *testing.T) {
	const want = "kafka/confluent needs cgo: set CGO_ENABLED=1 or use kafka/franz"
	d := confluent.Driver()
	require.Equal(t, "confluent", d.Name())
	_, err := d.NewProducer(kafka.Config{}, kafka.Hooks{})
	require.EqualError(t, err, want)
	_, err = d.NewConsumer(kafka.Config{}, kafka.Hooks{})
	require.EqualError(t, err, want)
	_, err = d.NewSession(kafka.Config{}, kafka.Hooks{})
	require.EqualError(t, err, want)
	_, err = d.NewAdmin(kafka.Config{}, kafka.Hooks{})
	require.EqualError(t, err, want)
}
