//go:build cgo

package confluent

import (
	"maps"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
)

// bindingKeys are confluent-kafka-go's own, as far as they may be set.
const bindingKeys = "go.batch.producer go.delivery.report.fields go.delivery.reports go.events.channel.size go.produce.channel.size"

// knownKeys lists the keys for both kinds of client. librdkafka itself decides
// what it accepts: the list serves to name the nearest key of a misspelt one.
func knownKeys() []string {
	return append(kafkaconf.Names(), strings.Fields(bindingKeys)...)
}

// without is a copy of conf that lacks the keys which are not for this kind of
// client, "C" or "P".
func without(conf kafka.Config, client string) kafka.Config {
	kept := make(kafka.Config, len(conf))
	maps.Copy(kept, conf)
	for _, key := range kafkaconf.Foreign(slices.Collect(maps.Keys(conf)), client) {
		delete(kept, key)
	}
	return kept
}
