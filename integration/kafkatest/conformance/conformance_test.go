// Package conformance runs the conformance suite of base on Apache Kafka.
package conformance

import (
	"os"
	"testing"

	"github.com/kavro/kavro/base/basetest"
	"github.com/kavro/kavro/integration/internal/bases"
	"github.com/kavro/kavro/integration/internal/kafka"
)

var broker *kafka.Broker

func TestMain(m *testing.M) { os.Exit(kafka.Main(m, &broker)) }

func TestConfluent(t *testing.T) {
	basetest.RunOn(t, basetest.Cluster{Brokers: broker.Address}, bases.Confluent)
}

func TestFranz(t *testing.T) {
	basetest.RunOn(t, basetest.Cluster{Brokers: broker.Address}, bases.Franz)
}

func TestMixed(t *testing.T) {
	basetest.RunMixedOn(t, basetest.Cluster{Brokers: broker.Address}, bases.Confluent, bases.Franz)
}
