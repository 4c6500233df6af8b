package franz

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/kavro/kavro/kafka"
)

// kgo connects when it has something to ask: of clients that ask nothing, nobody is told that no
// broker has answered.
func TestIdleClientsAreNotWarned(t *testing.T) {
	t.Parallel()
	k, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(k.Close)
	var out bytes.Buffer
	conf := kafka.Config{"bootstrap.servers": strings.Join(k.ListenAddrs(), ","), "group.id": "g", "transactional.id": "t"}
	hooks := kafka.Hooks{Logger: slog.New(slog.NewTextHandler(&out, nil))}
	p, err := NewProducer(conf, hooks)
	require.NoError(t, err)
	c, err := NewConsumer(conf, hooks)
	require.NoError(t, err)
	s, err := NewSession(conf, hooks)
	require.NoError(t, err)
	a, err := NewAdmin(conf, hooks)
	require.NoError(t, err)
	time.Sleep(3 * time.Second) // the warning would come after 2.5
	for _, client := range []interface{ Close(context.Context) error }{p, c, s, a} {
		require.NoError(t, client.Close(t.Context()))
	}
	require.Empty(t, out.String())
}
