// Package chaos runs kavro's chaos tests for producers and consumers on Apache
// Kafka: members come and go, the registry is away for seconds, the broker freezes
// now and then, and is killed.
package chaos

import (
	"os"
	"testing"

	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/drivers"
	"github.com/kavro/kavro/internal/chaostest"
)

var broker *apache.Broker

func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }

func TestCalls(t *testing.T)     { drivers.Chaos(t, broker, chaostest.Calls) }
func TestConsumers(t *testing.T) { drivers.Chaos(t, broker, chaostest.Consumers) }
func TestCopy(t *testing.T)      { drivers.Chaos(t, broker, chaostest.Copy) }
