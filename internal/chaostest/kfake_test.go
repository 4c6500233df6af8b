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

	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kafka/kafkatest"
	"github.com/kavro/kavro/kavrotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var bases = append([]kafkatest.Factory{{Name: "franz", Producer: franz.NewProducer, Consumer: franz.NewConsumer, Session: franz.NewSession}}, cgoBases...)

func TestCalls(t *testing.T)     { onEach(t, Calls) }
func TestConsumers(t *testing.T) { onEach(t, Consumers) }
func TestPipelines(t *testing.T) { onEach(t, Pipelines) }
func TestCopy(t *testing.T)      { onEach(t, Copy) }

// onEach runs a test on each client, with a kfake for each.
func onEach(t *testing.T, test func(*testing.T, Cluster, kafkatest.Factory)) {
	for _, b := range bases {
		t.Run(b.Name, func(t *testing.T) { test(t, kfakeCluster(t), b) })
	}
}

// kfakeCluster is a kfake whose harm is that one request in a thousand is
// answered by closing the connection.
func kfakeCluster(t *testing.T) Cluster {
	env, err := kavrotest.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, env.Close()) })
	return Cluster{
		Brokers:     strings.Join(env.Brokers, ","),
		CreateTopic: env.CreateTopic,
		Harm: func(ctx context.Context, _ func(least, most time.Duration) time.Duration) {
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
