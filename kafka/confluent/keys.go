//go:build cgo

package confluent

import (
	"maps"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
)

// bindingKeys are the keys of confluent-kafka-go itself that may be set.
const bindingKeys = "go.batch.producer go.delivery.report.fields go.delivery.reports go.events.channel.size go.produce.channel.size"

// knownKeys lists the keys of all kinds of client, to find the nearest one of a misspelt key.
// librdkafka decides which keys it accepts.
func knownKeys() []string {
	return append(kafkaconf.Names(), strings.Fields(bindingKeys)...)
}

// without is a copy of conf without the keys that are for the other kind of client alone. client
// is "C" for consumers, "P" for producers.
func without(conf kafka.Config, client string) kafka.Config {
	kept := make(kafka.Config, len(conf))
	maps.Copy(kept, conf)
	for _, key := range kafkaconf.Foreign(slices.Collect(maps.Keys(conf)), client) {
		delete(kept, key)
	}
	return kept
}
