//go:build cgo

package confluent_test

import (
	"testing"

	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kafka/kafkatest"
)

func TestConformance(t *testing.T) { kafkatest.Run(t, confluent.Driver()) }

// A group with a member on each client, and what else two clients do together.
func TestConformanceWithFranz(t *testing.T) {
	kafkatest.RunMixed(t, confluent.Driver(), franz.Driver())
}
