package bases

import (
	"context"
	"testing"
	"time"

	"github.com/kavro/kavro/base/basetest"
	"github.com/kavro/kavro/integration/internal/kafka"
	"github.com/kavro/kavro/internal/chaostest"
)

// Chaos runs a chaos test on each base, with a broker that freezes and is killed.
func Chaos(t *testing.T, broker *kafka.Broker, test func(*testing.T, chaostest.Cluster, basetest.Factory)) {
	for _, f := range All {
		t.Run(f.Name, func(t *testing.T) {
			test(t, chaostest.Cluster{
				Brokers:     broker.Address,
				CreateTopic: broker.NewTopic,
				Harm: func(ctx context.Context, quiet func(least, most time.Duration) time.Duration) {
					if err := broker.Harm(ctx, quiet); err != nil {
						t.Error(err)
					}
				},
			}, f)
		})
	}
}
