//go:build !cgo || kavro_franz

package kavro

import (
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
)

// drivers returns those of this build: franz-go alone, which needs no C compiler.
func drivers() []kafka.Driver { return []kafka.Driver{franz.Driver()} }
