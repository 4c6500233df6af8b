// Package chaos runs kavro's chaos tests for producers and consumers on Apache
// Kafka: members come and go, the registry is away for seconds, the broker freezes
// now and then, and is killed.
package chaos

import (
	"os"
	"testing"

	"github.com/kavro/kavro/integration/internal/bases"
	"github.com/kavro/kavro/integration/internal/kafka"
	"github.com/kavro/kavro/internal/chaostest"
)

var broker *kafka.Broker

func TestMain(m *testing.M) { os.Exit(kafka.Main(m, &broker)) }

func TestCalls(t *testing.T)     { bases.Chaos(t, broker, chaostest.Calls) }
func TestConsumers(t *testing.T) { bases.Chaos(t, broker, chaostest.Consumers) }
func TestCopy(t *testing.T)      { bases.Chaos(t, broker, chaostest.Copy) }
