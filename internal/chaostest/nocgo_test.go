//go:build !cgo

package chaostest

import (
	"github.com/kavro/kavro/kafka/kafkatest"
)

var cgoBases []kafkatest.Factory
