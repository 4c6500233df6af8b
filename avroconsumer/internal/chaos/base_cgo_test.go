//go:build cgo

package chaos

import "github.com/kavro/kavro/base/confluent"

var cgoBases = []factory{{"confluent", confluent.NewProducer, confluent.NewConsumer, confluent.NewSession}}
