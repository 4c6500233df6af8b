// Package exactlyonce runs kavro's chaos test for transactional pipelines on Apache
// Kafka, with a broker that freezes and is killed.
package exactlyonce

import (
	"os"
	"testing"

	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/drivers"
	"github.com/kavro/kavro/internal/chaostest"
)

var broker *apache.Broker

func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }

func TestPipelines(t *testing.T) { drivers.Chaos(t, broker, chaostest.Pipelines) }
