//go:build cgo

package confluent_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

// lines is a slog.Handler that keeps what it is given.
type lines struct {
	slog.Handler
	mu  sync.Mutex
	all []slog.Record
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
	return nil
}

func (l *lines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

func TestHooks(t *testing.T) {
	e := newEnv(t, 1, "t")
	log := new(lines)
	stats := make(chan []byte, 100)
	hooks := kafka.Hooks{
		Logger: slog.New(log),
		Stats: func(doc []byte) {
			select {
			case stats <- doc:
			default:
			}
		},
	}
	isStats := func(doc []byte, kind string) {
		var got struct{ Type string }
		require.NoError(t, json.Unmarshal(doc, &got))
		require.Equal(t, kind, got.Type)
	}
	more := kafka.Config{"statistics.interval.ms": 10, "debug": "broker"}

	p, err := confluent.NewProducer(e.conf(more), hooks)
	require.NoError(t, err)
	isStats(<-stats, "producer")
	require.Eventually(t, func() bool { return log.count() > 0 }, time.Minute, time.Millisecond)
	require.NoError(t, p.Close(e.ctx()))

	for len(stats) > 0 {
		<-stats
	}
	c, err := confluent.NewConsumer(e.consumerConf("g", more), hooks)
	require.NoError(t, err)
	require.NoError(t, c.Subscribe([]string{"t"}, nil))
	e.serve(c, func() bool { return len(stats) > 0 })
	isStats(<-stats, "consumer")
	require.NoError(t, c.Close(e.ctx()))

	for _, r := range log.all {
		require.NotEmpty(t, r.Message)
		require.Contains(t, []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}, r.Level)
	}
}

func TestToken(t *testing.T) {
	conf := kafka.Config{
		"bootstrap.servers": "127.0.0.1:1", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER", "group.id": "g",
	}
	tests := []struct {
		name  string
		token func(context.Context) (kafka.Token, error)
		err   string
	}{
		{name: "good", token: func(context.Context) (kafka.Token, error) {
			return kafka.Token{Value: "abc", Expires: time.Now().Add(time.Hour), Principal: "me", Extensions: map[string]string{"a": "b"}}, nil
		}},
		{name: "refused by librdkafka", token: func(context.Context) (kafka.Token, error) {
			return kafka.Token{Value: "abc", Expires: time.Unix(1, 0)}, nil
		}, err: "expir"},
		{name: "none to be had", token: func(context.Context) (kafka.Token, error) { return kafka.Token{}, errors.New("out of order") }, err: "out of order"},
		{name: "ends with the client", token: func(ctx context.Context) (kafka.Token, error) {
			<-ctx.Done()
			return kafka.Token{}, ctx.Err()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			asked, raised := make(chan struct{}, 100), make(chan error, 100)
			hooks := kafka.Hooks{
				Token: func(ctx context.Context) (kafka.Token, error) {
					asked <- struct{}{}
					return tt.token(ctx)
				},
				Error: func(err error) { raised <- err },
			}
			p, err := confluent.NewProducer(conf, hooks)
			require.NoError(t, err)
			<-asked
			if tt.err != "" {
				for !strings.Contains((<-raised).Error(), tt.err) { // others: no broker is there
				}
			}
			require.NoError(t, p.Close(ctx))

			c, err := confluent.NewConsumer(conf, hooks)
			require.NoError(t, err)
			require.NoError(t, c.Subscribe([]string{"t"}, nil))
			polled := make(chan error)
			go func() {
				var b kafka.Batch
				polled <- c.Poll(ctx, &b, 1)
			}()
			<-asked
			require.NoError(t, c.Close(ctx))
			require.ErrorIs(t, <-polled, kafka.ErrClosed)
		})
	}
}
