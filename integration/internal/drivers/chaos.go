package drivers

import (
	"context"
	"testing"
	"time"

	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/internal/chaostest"
	"github.com/kavro/kavro/kafka"
)

// Chaos runs a chaos test on each driver, with a broker that freezes and is killed.
func Chaos(t *testing.T, broker *apache.Broker, test func(*testing.T, chaostest.Cluster, kafka.Driver)) {
	for _, d := range All {
		t.Run(d.Name(), func(t *testing.T) {
			test(t, chaostest.Cluster{
				Brokers:     broker.Address,
				CreateTopic: broker.NewTopic,
				InjectFaults: func(ctx context.Context, quiet func(least, most time.Duration) time.Duration) {
					if err := broker.Harm(ctx, quiet); err != nil {
						t.Error(err)
					}
				},
			}, d)
		})
	}
}
