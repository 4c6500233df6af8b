// Package chaos runs kavro's chaos tests on Apache Kafka: members come and go, the
// registry is away for seconds, the broker freezes now and then, and is killed.
package chaos

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/kavro/kavro/base/basetest"
	"github.com/kavro/kavro/integration/internal/bases"
	"github.com/kavro/kavro/integration/internal/kafka"
	"github.com/kavro/kavro/internal/chaostest"
)

var broker *kafka.Broker

func TestMain(m *testing.M) { os.Exit(kafka.Main(m, &broker)) }

func TestCalls(t *testing.T)     { onEach(t, chaostest.Calls) }
func TestConsumers(t *testing.T) { onEach(t, chaostest.Consumers) }
func TestPipelines(t *testing.T) { onEach(t, chaostest.Pipelines) }
func TestCopy(t *testing.T)      { onEach(t, chaostest.Copy) }

func onEach(t *testing.T, test func(*testing.T, chaostest.Cluster, basetest.Factory)) {
	for _, f := range bases.All {
		t.Run(f.Name, func(t *testing.T) {
			test(t, chaostest.Cluster{Brokers: broker.Address, CreateTopic: broker.NewTopic, Harm: func(ctx context.Context, quiet func(least, most time.Duration) time.Duration) {
				if err := harm(ctx, quiet); err != nil {
					t.Error(err)
				}
			}}, f)
		})
	}
}

// harm freezes the broker for half a second, every few seconds; every third
// time it kills it, and starts it again.
func harm(ctx context.Context, quiet func(least, most time.Duration) time.Duration) error {
	for n := 1; ; n++ {
		select {
		case <-time.After(quiet(time.Second, 3*time.Second)):
		case <-ctx.Done():
			return nil
		}
		if n%3 == 0 {
			broker.Kill9()
			if err := broker.Restart(); err != nil {
				return err
			}
			continue
		}
		if err := broker.Freeze(); err != nil {
			return err
		}
		time.Sleep(500 * time.Millisecond)
		if err := broker.Thaw(); err != nil {
			return err
		}
	}
}
