// Package conformance runs the conformance suite of client on Apache Kafka.
package conformance

import (
	"os"
	"testing"

	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/drivers"
	"github.com/kavro/kavro/kafka/kafkatest"
)

var broker *apache.Broker

func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }

func TestConfluent(t *testing.T) {
	kafkatest.RunOn(t, kafkatest.Cluster{Brokers: broker.Address}, drivers.Confluent)
}

func TestFranz(t *testing.T) {
	kafkatest.RunOn(t, kafkatest.Cluster{Brokers: broker.Address}, drivers.Franz)
}

func TestMixed(t *testing.T) {
	kafkatest.RunMixedOn(t, kafkatest.Cluster{Brokers: broker.Address}, drivers.Confluent, drivers.Franz)
}
