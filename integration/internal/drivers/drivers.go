// Package drivers lists the drivers for tests that run on each.
package drivers

import (
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kafka/kafkatest"
)

// The drivers.
var (
	Confluent = kafkatest.Factory{Name: "confluent", Producer: confluent.NewProducer, Consumer: confluent.NewConsumer, Session: confluent.NewSession}
	Franz     = kafkatest.Factory{Name: "franz", Producer: franz.NewProducer, Consumer: franz.NewConsumer, Session: franz.NewSession}

	All = []kafkatest.Factory{Confluent, Franz}
)
