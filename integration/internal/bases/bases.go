// Package bases lists the bases for tests that run on each.
package bases

import (
	"github.com/kavro/kavro/base/basetest"
	"github.com/kavro/kavro/base/confluent"
	"github.com/kavro/kavro/base/franz"
)

// The bases.
var (
	Confluent = basetest.Factory{Name: "confluent", Producer: confluent.NewProducer, Consumer: confluent.NewConsumer, Session: confluent.NewSession}
	Franz     = basetest.Factory{Name: "franz", Producer: franz.NewProducer, Consumer: franz.NewConsumer, Session: franz.NewSession}

	All = []basetest.Factory{Confluent, Franz}
)
