package chaostest

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kavrotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCalls(t *testing.T)     { onEach(t, Calls) }
func TestConsumers(t *testing.T) { onEach(t, Consumers) }
func TestPipelines(t *testing.T) { onEach(t, Pipelines) }
func TestCopy(t *testing.T)      { onEach(t, Copy) }

// onEach runs a test on each driver, with a kfake for each.
func onEach(t *testing.T, test func(*testing.T, Cluster, kafka.Driver)) {
	for _, d := range drivers.All() {
		t.Run(d.Name(), func(t *testing.T) { test(t, kfakeCluster(t), d) })
	}
}

// kfakeCluster is a kfake that closes the connection for one request in a thousand.
func kfakeCluster(t *testing.T) Cluster {
	env, err := kavrotest.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, env.Close()) })
	return Cluster{
		Brokers:     strings.Join(env.Brokers, ","),
		CreateTopic: env.CreateTopic,
		InjectFaults: func(ctx context.Context, _ func(least, most time.Duration) time.Duration) {
			env.Cluster().ControlKey(-1, func(kmsg.Request) (kmsg.Response, error, bool) {
				env.Cluster().KeepControl()
				if ctx.Err() == nil && rand.IntN(1000) == 0 {
					return nil, errors.New("cut"), true
				}
				return nil, nil, false
			})
			<-ctx.Done()
		},
	}
}
