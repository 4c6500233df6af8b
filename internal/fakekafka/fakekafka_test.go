package fakekafka_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

var (
	_ kafka.Producer    = (*fakekafka.Producer)(nil)
	_ kafka.Metadata    = (*fakekafka.Producer)(nil)
	_ kafka.TxnProducer = (*fakekafka.TxnProducer)(nil)
	_ kafka.Consumer    = (*fakekafka.Consumer)(nil)
	_ kafka.Offsets     = (*fakekafka.Consumer)(nil)
	_ kafka.Assigner    = (*fakekafka.Consumer)(nil)
	_ kafka.Metadata    = (*fakekafka.Consumer)(nil)
	_ kafka.Session     = (*fakekafka.Session)(nil)
)

// journal records the calls of kafka.Rebalance.
type journal struct{ lines []string }

func (j *journal) Assigned(_ context.Context, p []kafka.Offset) ([]kafka.Offset, error) {
	for _, o := range p {
		j.lines = append(j.lines, fmt.Sprintf("+%d@%d", o.Partition, o.Offset))
	}
	return nil, nil
}

func (j *journal) Revoked(_ context.Context, p []kafka.TopicPartition) {
	for _, tp := range p {
		j.lines = append(j.lines, fmt.Sprintf("-%d", tp.Partition))
	}
}

func (j *journal) Lost(p []kafka.TopicPartition) {
	for _, tp := range p {
		j.lines = append(j.lines, fmt.Sprintf("!%d", tp.Partition))
	}
}

// poll polls for a moment and returns the values it got.
func poll(t *testing.T, m kafka.Consumer) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	var b kafka.Batch
	if err := m.Poll(ctx, &b, 100); err != nil {
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	var out []string
	for _, r := range b.Records {
		out = append(out, string(r.Value))
	}
	return out
}

func TestRebalance(t *testing.T) {
	for _, cooperative := range []bool{false, true} {
		t.Run(fmt.Sprintf("cooperative %v", cooperative), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fakekafka.New(map[string]int{"t": 2})
				conf := fakekafka.ConsumerConfig{Group: "g", FromStart: true, Cooperative: cooperative}
				a, b := c.Consumer(conf), c.Consumer(conf)
				ja, jb := &journal{}, &journal{}
				require.NoError(t, a.Subscribe([]string{"t"}, ja))
				poll(t, a)
				require.Equal(t, []string{"+0@-1001", "+1@-1001"}, ja.lines)
				tp := kafka.TopicPartition{Topic: "t", Partition: 1}
				require.NoError(t, a.Commit(t.Context(), []kafka.Offset{{TopicPartition: tp, Offset: 7}}))

				require.NoError(t, b.Subscribe([]string{"^t$"}, jb))
				ja.lines = nil
				poll(t, b)
				require.Empty(t, jb.lines, "a still has everything")
				poll(t, a)
				poll(t, b)
				poll(t, a)
				if cooperative {
					require.Equal(t, []string{"-1"}, ja.lines)
				} else {
					require.Equal(t, []string{"-0", "-1", "+0@-1001"}, ja.lines)
				}
				require.Equal(t, []string{"+1@7"}, jb.lines)
				require.Error(t, a.Commit(t.Context(), []kafka.Offset{{TopicPartition: tp, Offset: 8}}), "not a's any more")
				require.Equal(t, int64(7), c.Group("g").Committed("t", 1))

				jb.lines = nil
				c.Group("g").Expel(b)
				poll(t, b)
				require.Equal(t, "!1", jb.lines[0])
				require.NoError(t, b.Close(t.Context()))
				poll(t, a)
				require.Len(t, c.Group("g").Owned(a), 2)
				require.NoError(t, a.Close(t.Context()))
			})
		})
	}
}

func TestOffsetsHaveGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakekafka.New(map[string]int{"t": 1})
		c.Append("t", 0, kafka.Record{Value: []byte("a")})
		c.Skip("t", 0, 3)
		require.Equal(t, int64(4), c.Append("t", 0, kafka.Record{Value: []byte("b")}))
		m := c.Consumer(fakekafka.ConsumerConfig{Ends: true})
		tp := kafka.TopicPartition{Topic: "t"}
		require.NoError(t, m.Assign(t.Context(), kafka.Offset{TopicPartition: tp, Offset: 1}))
		var b kafka.Batch
		require.NoError(t, m.Poll(t.Context(), &b, 10))
		require.Len(t, b.Records, 1)
		require.Equal(t, int64(4), b.Records[0].Offset)
		require.Equal(t, int64(5), b.Ends[0].Offset)
		require.NoError(t, m.Pause(tp))
		c.Append("t", 0, kafka.Record{Value: []byte("c")})
		require.Empty(t, poll(t, m))
		require.NoError(t, m.Resume(tp))
		require.Equal(t, []string{"c"}, poll(t, m))
		require.NoError(t, m.Close(t.Context()))
		require.ErrorIs(t, m.Poll(t.Context(), &b, 1), kafka.ErrClosed)
	})
}

func TestTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakekafka.New(map[string]int{"in": 1, "out": 1})
		c.Append("in", 0, kafka.Record{Value: []byte("1")}, kafka.Record{Value: []byte("2")})
		s := c.Session("x", fakekafka.ConsumerConfig{Group: "g", FromStart: true}, fakekafka.ProducerConfig{})
		require.NoError(t, s.Subscribe([]string{"in"}, nil))
		out := c.Consumer(fakekafka.ConsumerConfig{FromStart: true})
		require.NoError(t, out.Assign(t.Context(), kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: "out"}, Offset: kafka.OffsetStart}))

		transform := func(commit bool) bool {
			require.NoError(t, s.Begin(t.Context()))
			for _, v := range poll(t, s) {
				require.NoError(t, s.Producer().Produce(t.Context(), &kafka.Record{Topic: "out", Partition: -1, Value: []byte("<" + v + ">")}, nil))
			}
			require.NoError(t, s.Producer().Flush(t.Context()))
			require.Empty(t, poll(t, out), "nothing shows before the end")
			committed, err := s.End(t.Context(), commit)
			require.NoError(t, err)
			return committed
		}
		require.False(t, transform(false))
		require.Empty(t, poll(t, out))
		require.True(t, transform(true))
		require.Equal(t, []string{"<1>", "<2>"}, poll(t, out))
		require.Equal(t, int64(2), c.Group("g").Committed("in", 0))

		require.NoError(t, s.Begin(t.Context()))
		newer := c.TxnProducer("x", fakekafka.ProducerConfig{})
		require.NoError(t, newer.Begin(t.Context()))
		_, err := s.End(t.Context(), true)
		var fenced *kafka.Error
		require.ErrorAs(t, err, &fenced)
		require.True(t, fenced.Fatal)
		require.NoError(t, newer.Close(t.Context()))
		require.NoError(t, s.Close(t.Context()))
	})
}

func TestProducer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakekafka.New(map[string]int{"t": 3})
		refused := errors.New("refused")
		p := c.Producer(fakekafka.ProducerConfig{Limit: 2, Delay: time.Second, Fail: func(r *kafka.Record) error {
			if string(r.Value) == "bad" {
				return refused
			}
			return nil
		}})
		var reports []string
		report := func(r *kafka.Record, err error) {
			reports = append(reports, fmt.Sprintf("%s %v", r.Value, err))
		}
		for _, v := range []string{"a", "bad", "b"} { // the third waits until the queue is below its limit
			require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "t", Partition: -1, Value: []byte(v)}, report))
		}
		require.NoError(t, p.Flush(t.Context()))
		require.Equal(t, []string{"a <nil>", "bad refused", "b <nil>"}, reports)

		p.Hold()
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "t", Partition: 1, Value: []byte("late")}, report))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, p.Close(ctx), context.DeadlineExceeded)
		require.Equal(t, "late the client is closed", reports[3])
		require.ErrorIs(t, p.Produce(t.Context(), &kafka.Record{}, nil), kafka.ErrClosed)
	})
}
