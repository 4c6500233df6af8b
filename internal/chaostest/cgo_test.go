//go:build cgo

package chaostest

import (
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/kafkatest"
)

var cgoBases = []kafkatest.Factory{{Name: "confluent", Producer: confluent.NewProducer, Consumer: confluent.NewConsumer, Session: confluent.NewSession}}
