//go:build cgo

package confluent_test

import (
	"testing"

	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kafka/kafkatest"
)

func factory() kafkatest.Factory {
	return kafkatest.Factory{
		Name:     "confluent",
		Producer: confluent.NewProducer,
		Consumer: confluent.NewConsumer,
		Session:  confluent.NewSession,
	}
}

func TestConformance(t *testing.T) { kafkatest.Run(t, factory()) }

// A group with a member on each client, and what else two clients do together.
func TestConformanceWithFranz(t *testing.T) {
	kafkatest.RunMixed(t, factory(), kafkatest.Factory{
		Name:     "franz",
		Producer: franz.NewProducer,
		Consumer: franz.NewConsumer,
		Session:  franz.NewSession,
	})
}
