//go:build cgo && !kavro_franz

package kavro

import (
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
)

// drivers returns those of this build, the default first: librdkafka where it can be
// had, since it is what the ecosystem trusts.
func drivers() []kafka.Driver { return []kafka.Driver{confluent.Driver(), franz.Driver()} }
