// Package exactlyonce runs kavro's chaos test for transactional pipelines on Apache
// Kafka, with a broker that freezes and is killed.
package exactlyonce

import (
	"os"
	"testing"

	"github.com/kavro/kavro/integration/internal/bases"
	"github.com/kavro/kavro/integration/internal/kafka"
	"github.com/kavro/kavro/internal/chaostest"
)

var broker *kafka.Broker

func TestMain(m *testing.M) { os.Exit(kafka.Main(m, &broker)) }

func TestPipelines(t *testing.T) { bases.Chaos(t, broker, chaostest.Pipelines) }
