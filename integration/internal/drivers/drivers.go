// Package drivers lists the drivers for tests that run on each.
package drivers

import (
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
)

// The drivers.
var (
	Confluent = confluent.Driver()
	Franz     = franz.Driver()

	All = []kafka.Driver{Confluent, Franz}
)
