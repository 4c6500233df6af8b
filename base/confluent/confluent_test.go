//go:build cgo

package confluent_test

import (
	"testing"

	"github.com/kavro/kavro/base/basetest"
	"github.com/kavro/kavro/base/confluent"
)

func factory() basetest.Factory {
	return basetest.Factory{
		Name:     "confluent",
		Producer: confluent.NewProducer,
		Consumer: confluent.NewConsumer,
		Session:  confluent.NewSession,
	}
}

func TestConformance(t *testing.T) {
	basetest.Run(t, factory())
}
