package apache

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Client returns a client of the listener for everyone, to be closed.
func (b *Broker) Client() (*kgo.Client, error) {
	return kgo.NewClient(kgo.SeedBrokers(b.Address), kgo.RetryTimeout(patience))
}

// NewTopic makes a topic.
func (b *Broker) NewTopic(ctx context.Context, name string, partitions int) error {
	cl, err := b.Client()
	if err != nil {
		return err
	}
	defer cl.Close()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, int32(partitions), 1
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, topic)
	req.TimeoutMillis = int32(patience.Milliseconds())
	resp, err := req.RequestWith(ctx, cl)
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil {
		return fmt.Errorf("kafka: topic %s: %w", name, err)
	}
	return nil
}

// CreateTopic makes a topic for a test.
func (b *Broker) CreateTopic(t testing.TB, name string, partitions int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, b.NewTopic(ctx, name, partitions))
}

// warm waits until the broker has the topics of its own that the first group and
// the first transaction need: they would wait for seconds otherwise.
func (b *Broker) warm(ctx context.Context) error {
	cl, err := b.Client()
	if err != nil {
		return err
	}
	defer cl.Close()
	for kind, name := range []string{"group", "transaction"} {
		for {
			req := kmsg.NewPtrFindCoordinatorRequest()
			req.CoordinatorType = int8(kind)
			req.CoordinatorKey = "warm"
			req.CoordinatorKeys = []string{"warm"}
			resp, err := req.RequestWith(ctx, cl)
			if err == nil {
				code := resp.ErrorCode
				for _, c := range resp.Coordinators {
					code = c.ErrorCode
				}
				if err = kerr.ErrorForCode(code); err == nil {
					break
				}
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-b.proc.Done():
				return fmt.Errorf("kafka: the broker ended: %v\n%s", b.proc.Err(), b.proc.Log())
			case <-ctx.Done():
				return fmt.Errorf("kafka: no coordinator of a %s: %w\n%s", name, err, b.proc.Log())
			}
		}
	}
	return nil
}
