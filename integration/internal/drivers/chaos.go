package drivers

import (
	"context"
	"testing"
	"time"

	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/internal/chaostest"
	"github.com/kavro/kavro/kafka/kafkatest"
)

// Chaos runs a chaos test on each client, with a broker that freezes and is killed.
func Chaos(t *testing.T, broker *apache.Broker, test func(*testing.T, chaostest.Cluster, kafkatest.Factory)) {
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
