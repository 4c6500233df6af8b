//go:build cgo && !kavro_franz

// Package drivers lists the drivers of this build, for tests that run on each.
package drivers

import (
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
)

// All are the drivers that the key kavro.client can name here.
func All() []kafka.Driver { return []kafka.Driver{confluent.Driver(), franz.Driver()} }

// Names are their names.
func Names() []string { return []string{"confluent", "franz"} }
