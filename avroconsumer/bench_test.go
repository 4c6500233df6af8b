package avroconsumer_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// spring is a client that returns the same records in every poll, up to a total.
type spring struct {
	kafka.Consumer
	rebalance kafka.Rebalance
	records   []kafka.Record
	left      int
	offset    int64

	mu     sync.Mutex
	paused int
	resume chan struct{}
}

var errDry = errors.New("dry")

func (s *spring) Subscribe(_ []string, r kafka.Rebalance) error { s.rebalance = r; return nil }
func (s *spring) Commit(context.Context, []kafka.Offset) error  { return nil }
func (s *spring) Close(context.Context) error                   { return nil }

func (s *spring) Pause(p ...kafka.TopicPartition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused += len(p)
	return nil
}

func (s *spring) Resume(p ...kafka.TopicPartition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused -= len(p)
	select {
	case s.resume <- struct{}{}:
	default:
	}
	return nil
}

// flows reports whether a partition is not paused.
func (s *spring) flows() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused < 6
}

// Poll returns nothing only when all partitions are paused.
func (s *spring) Poll(ctx context.Context, b *kafka.Batch, max int) error {
	b.Records, b.Ends, b.Errors = b.Records[:0], nil, nil
	if s.offset == 0 {
		var at []kafka.Offset
		for p := range int32(6) {
			at = append(at, kafka.Offset{TopicPartition: tp(p), Offset: kafka.OffsetNone})
		}
		if _, err := s.rebalance.Assigned(ctx, at); err != nil {
			return err
		}
	}
	for !s.flows() {
		select {
		case <-s.resume:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if s.left <= 0 {
		return errDry
	}
	for i := range min(max, s.left) {
		r := &s.records[(int(s.offset)+i)%len(s.records)]
		r.Partition, r.Offset = int32(i%6), s.offset+int64(i)
		b.Records = append(b.Records, r)
	}
	s.offset += int64(max)
	s.left -= max
	return nil
}

// quick leaves the value as it is.
type quick struct{}

func (quick) Decode(_ context.Context, payload []byte, _ *serde.Target, v *[]byte) error {
	*v = payload
	return nil
}

func benchmark(b *testing.B, read func(c *avroconsumer.Consumer[[]byte, []byte]) (n int, err error), opts ...avroconsumer.Option) {
	s := &spring{left: b.N, records: make([]kafka.Record, 1<<16), resume: make(chan struct{}, 1)}
	for i := range s.records {
		s.records[i] = kafka.Record{Topic: "t", Key: []byte{byte(i), byte(i >> 8)}, Value: make([]byte, 160)}
	}
	c, err := avroconsumer.New(s, quick{}, quick{}, opts...)
	require.NoError(b, err)
	require.NoError(b, c.Subscribe("t"))
	b.ReportAllocs()
	b.ResetTimer()
	n, err := read(c)
	b.StopTimer()
	require.ErrorIs(b, err, errDry)
	require.GreaterOrEqual(b, b.N, n)
	require.NoError(b, c.Close(b.Context()))
}

func BenchmarkPoll(b *testing.B) {
	benchmark(b, func(c *avroconsumer.Consumer[[]byte, []byte]) (n int, err error) {
		for ; err == nil; n++ {
			_, err = c.Poll(b.Context())
		}
		return n - 1, err
	})
}

func BenchmarkBatches(b *testing.B) {
	benchmark(b, func(c *avroconsumer.Consumer[[]byte, []byte]) (n int, last error) {
		for batch, err := range c.Batches(b.Context(), 500, 0) {
			n, last = n+len(batch), err
		}
		return n, last
	})
}

func BenchmarkRun(b *testing.B) {
	for name, opt := range map[string]avroconsumer.Option{
		"Partition": avroconsumer.WithConcurrency(2, avroconsumer.Partition),
		"Key":       avroconsumer.WithConcurrency(2, avroconsumer.Key),
		"None":      avroconsumer.WithConcurrency(2, avroconsumer.None),
	} {
		b.Run(name, func(b *testing.B) {
			benchmark(b, func(c *avroconsumer.Consumer[[]byte, []byte]) (int, error) {
				return 0, c.Run(b.Context(), func(context.Context, *avroconsumer.Message[[]byte, []byte]) error { return nil })
			}, opt)
		})
	}
}
