//go:build cgo

package confluent_test

import (
	"testing"

	"github.com/kavro/kavro/base/basetest"
	"github.com/kavro/kavro/base/confluent"
	"github.com/kavro/kavro/base/franz"
)

func factory() basetest.Factory {
	return basetest.Factory{
		Name:     "confluent",
		Producer: confluent.NewProducer,
		Consumer: confluent.NewConsumer,
		Session:  confluent.NewSession,
	}
}

func TestConformance(t *testing.T) { basetest.Run(t, factory()) }

// A group with a member on each base, and what else two bases do together.
func TestConformanceWithFranz(t *testing.T) {
	basetest.RunMixed(t, factory(), basetest.Factory{
		Name:     "franz",
		Producer: franz.NewProducer,
		Consumer: franz.NewConsumer,
		Session:  franz.NewSession,
	})
}
