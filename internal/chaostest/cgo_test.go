//go:build cgo

package chaostest

import (
	"github.com/kavro/kavro/base/basetest"
	"github.com/kavro/kavro/base/confluent"
)

var cgoBases = []basetest.Factory{{Name: "confluent", Producer: confluent.NewProducer, Consumer: confluent.NewConsumer, Session: confluent.NewSession}}
