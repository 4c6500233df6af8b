package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

// journal writes down what rebalances tell.
type journal struct{ lines []string }

func (j *journal) options() []avroconsumer.Option {
	return []avroconsumer.Option{
		avroconsumer.OnAssigned(func(_ context.Context, p []kafka.Offset) ([]kafka.Offset, error) {
			for _, o := range p {
				j.lines = append(j.lines, fmt.Sprintf("+%d@%d", o.Partition, o.Offset))
			}
			return nil, nil
		}),
		avroconsumer.OnRevoked(func(_ context.Context, p []kafka.TopicPartition) {
			for _, tp := range p {
				j.lines = append(j.lines, fmt.Sprintf("-%d", tp.Partition))
			}
		}),
		avroconsumer.OnLost(func(p []kafka.TopicPartition) {
			for _, tp := range p {
				j.lines = append(j.lines, fmt.Sprintf("!%d", tp.Partition))
			}
		}),
	}
}

func TestRevokedPartitionsAreCommitted(t *testing.T) {
	for _, cooperative := range []bool{false, true} {
		t.Run(fmt.Sprintf("cooperative %v", cooperative), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2)
				w.fillNumbers(0, 100)
				w.fillNumbers(1, 100)
				conf := func(c *fakekafka.ConsumerConfig) { c.Cooperative = cooperative }
				var j journal
				a := w.wrap(w.member(conf), append(j.options(), avroconsumer.WithAutoCommit(time.Hour))...)
				require.NoError(t, a.Subscribe("t"))
				for range 70 { // some of both partitions
					require.NotEqual(t, "nothing", w.poll(a))
				}
				b := w.wrap(w.member(conf))
				require.NoError(t, b.Subscribe("t"))
				time.Sleep(2 * time.Second)

				// a commits and gives up the partition that moves; b continues from that
				// offset: no record is skipped.
				seen := map[string]int{}
				for range 4 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					if m, err := a.Poll(ctx); err == nil {
						seen[fmt.Sprint(m.Partition, "-", m.Value)]++
					}
					if m, err := b.Poll(ctx); err == nil {
						seen[fmt.Sprint(m.Partition, "-", m.Value)]++
					}
				}
				require.Equal(t, []kafka.TopicPartition{tp(0)}, a.Assignment())
				require.Equal(t, []kafka.TopicPartition{tp(1)}, b.Assignment())
				if cooperative {
					require.Equal(t, []string{"+0@-1001", "+1@-1001", "-1"}, j.lines)
				} else {
					require.Equal(t, []string{"-0", "-1"}, j.lines[2:4])
				}
				w.close(b)
				w.close(a)
				// Before the last loop 70 were returned, all acknowledged by its first Poll.
				total := w.committed(0) + w.committed(1)
				require.Equal(t, int64(70+len(seen)-2), total, "each of the last two is unprocessed")
			})
		})
	}
}

func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 5)
		var j journal
		b := w.member()
		c := w.wrap(b, append(j.options(), avroconsumer.WithManualCommit())...)
		require.NoError(t, c.Subscribe("t"))
		m, err := c.Poll(t.Context())
		require.NoError(t, err)
		w.Group("g").Expel(b)
		require.Equal(t, "1", w.poll(c), "polled records are returned until the client revokes")
		require.Error(t, c.Commit(t.Context(), m), "the broker knows better")
		require.Equal(t, []string{"2", "3", "4", "0", "1", "2", "3", "4"}, w.pollAll(c))
		require.Equal(t, []string{"+0@-1001", "!0", "+0@-1001"}, j.lines)
		require.ErrorIs(t, c.Commit(t.Context(), m), avroconsumer.ErrNotAssigned)
		require.NoError(t, c.Commit(t.Context()))
		require.Equal(t, int64(5), w.committed(0))
		w.close(c)
	})
}

func TestOnAssigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fillNumbers(0, 5)
		w.fillNumbers(1, 5)
		w.Group("g").SetCommitted("t", 0, 4)
		w.Group("g").SetCommitted("t", 1, 4)
		loaded := false
		c := w.join(avroconsumer.OnAssigned(func(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
			time.Sleep(time.Minute) // state is loaded, longer than the context of Poll
			loaded = true
			return []kafka.Offset{at(0, 2)}, nil
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		m, err := c.Poll(ctx)
		require.NoError(t, err)
		require.True(t, loaded, "before the first record")
		require.ElementsMatch(t, []string{"2", "3", "4", "4"}, append(w.pollAll(c), m.Value))
		w.close(c)
		require.Equal(t, int64(5), w.committed(0))

		refused := errors.New("no state")
		c = w.join(avroconsumer.OnAssigned(func(context.Context, []kafka.Offset) ([]kafka.Offset, error) { return nil, refused }))
		require.ErrorIs(t, pollError(c), refused)
		require.Empty(t, c.Assignment())
		w.close(c)
	})
}

// After a start before the group's offset, that offset moves back too, also with explicit
// commits.
func TestOnAssignedStartsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 5)
		w.Group("g").SetCommitted("t", 0, 4)
		c := w.join(avroconsumer.WithManualCommit(),
			avroconsumer.OnAssigned(func(context.Context, []kafka.Offset) ([]kafka.Offset, error) { return []kafka.Offset{at(0, 1)}, nil }))
		m, err := c.Poll(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), m.Offset)
		require.NoError(t, c.Commit(t.Context(), m))
		require.Equal(t, int64(2), w.committed(0))
		w.close(c)
	})
}

func TestOnRevokedMayCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		var c *consumer
		c = w.join(avroconsumer.WithManualCommit(), avroconsumer.OnRevoked(func(ctx context.Context, _ []kafka.TopicPartition) {
			require.NoError(t, c.Commit(ctx))
		}))
		require.Len(t, w.pollAll(c), 3)
		w.close(c)
		require.Equal(t, int64(3), w.committed(0))
	})
}

func TestStart(t *testing.T) {
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		start avroconsumer.Start
		want  []string // of partition 0, where 8 is committed, and of 1, where nothing is
	}{
		{name: "as committed, else from the start", want: []string{"0/8", "0/9", "1/0", "1/1", "1/2", "1/3", "1/4", "1/5", "1/6", "1/7", "1/8", "1/9"}},
		{name: "from an offset", start: avroconsumer.FromOffset(7), want: []string{"0/8", "0/9", "1/7", "1/8", "1/9"}},
		{name: "from the end", start: avroconsumer.FromOffset(kafka.OffsetEnd), want: []string{"0/8", "0/9"}},
		{name: "from a time", start: avroconsumer.FromTime(epoch.Add(6 * time.Hour)), want: []string{"0/8", "0/9", "1/6", "1/7", "1/8", "1/9"}},
		{name: "from a time, always", start: avroconsumer.FromTime(epoch.Add(6 * time.Hour)).Always(), want: []string{"0/6", "0/7", "0/8", "0/9", "1/6", "1/7", "1/8", "1/9"}},
		{name: "from a time to come", start: avroconsumer.FromTime(epoch.Add(60 * time.Hour)).Always()},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2)
				for p := range int32(2) {
					for i := range 10 {
						w.Append("t", p, kafka.Record{Value: fmt.Append(nil, p, "/", i), Timestamp: epoch.Add(time.Duration(i) * time.Hour)})
					}
				}
				w.Group("g").SetCommitted("t", 0, 8)
				c := w.join(avroconsumer.WithStart(tc.start))
				require.ElementsMatch(t, tc.want, w.pollAll(c))

				if len(tc.want) > 0 { // else the group's offset is where it was
					w.Group("g").Rebalance()
					require.Empty(t, w.pollAll(c), "only the first time")
				}
				w.close(c)
			})
		})
	}
}

func TestAssign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fillNumbers(0, 5)
		w.fillNumbers(1, 5)
		w.Group("g").SetCommitted("t", 1, 3)
		c := w.wrap(w.member())
		require.NoError(t, c.Assign(t.Context(), at(0, 4), at(1, kafka.OffsetNone)))
		require.ElementsMatch(t, []string{"4", "3", "4"}, w.pollAll(c))
		require.NoError(t, c.Assign(t.Context(), at(0, kafka.OffsetStart)))
		require.Equal(t, int64(5), w.committed(1), "what was assigned before is committed")
		require.Equal(t, []kafka.TopicPartition{tp(0)}, c.Assignment())
		require.Equal(t, "0", w.poll(c))
		require.Equal(t, "1", w.poll(c))
		w.close(c)
		require.Equal(t, int64(1), w.committed(0))
	})
}

func TestSubscribeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.AddTopic("u", 1)
		w.Append("u", 0, kafka.Record{Value: []byte("from u")})
		w.fillNumbers(0, 2)
		c := w.join()
		require.Equal(t, "0", w.poll(c))
		require.Equal(t, "1", w.poll(c))
		require.NoError(t, c.Subscribe("^u"))
		require.Equal(t, []string{"from u"}, w.pollAll(c))
		require.Equal(t, int64(1), w.committed(0))
		require.NoError(t, c.Unsubscribe())
		require.Empty(t, c.Assignment())
		require.Empty(t, w.pollAll(c))
		require.Error(t, c.Subscribe())
		w.close(c)
	})
}

func TestSeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fillNumbers(0, 10)
		w.fill(1, "other")
		c := w.join()
		var last *message
		for range 6 {
			m, err := c.Poll(t.Context())
			require.NoError(t, err)
			if m.Partition == 0 {
				last = m
			}
		}
		require.NoError(t, c.Seek(t.Context(), at(0, 8), at(7, 1)))
		require.Equal(t, int64(8), c.Position(tp(0))[0].Offset)
		require.Equal(t, []string{"8", "9"}, w.pollAll(c), "polled records were dropped")
		require.ErrorIs(t, c.Commit(t.Context(), last), avroconsumer.ErrNotAssigned)
		require.NoError(t, c.Seek(t.Context(), at(0, kafka.OffsetStart)))
		require.Equal(t, "0", w.poll(c))
		require.Equal(t, "1", w.poll(c))
		w.close(c)
		require.Equal(t, int64(1), w.committed(0), "the group follows, backwards too")
		require.Equal(t, int64(1), w.committed(1))
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fill(0, "a", "b", "c")
		w.fill(1, "x", "y", "z")
		b := w.member()
		c := w.wrap(b)
		require.NoError(t, c.Subscribe("t"))
		require.NotEqual(t, "nothing", w.poll(c))
		require.NoError(t, c.Pause(tp(0), tp(9)))
		require.NoError(t, c.Pause(tp(0)))
		require.Equal(t, []kafka.TopicPartition{tp(0)}, b.Paused())
		for _, v := range w.pollAll(c) {
			require.Contains(t, "xyz", v)
		}
		require.True(t, c.Status()[0].Paused)
		require.NoError(t, c.Resume(tp(0)))
		got := w.pollAll(c)
		require.Equal(t, "c", got[len(got)-1])
		w.close(c)
	})
}

func TestPositionsAndLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 5)
		c := w.join(avroconsumer.WithAutoCommit(time.Minute))
		require.Empty(t, c.Position())
		require.Equal(t, "0", w.poll(c))
		require.Equal(t, "1", w.poll(c))
		time.Sleep(90 * time.Second)
		require.Equal(t, []kafka.Offset{at(0, 1)}, c.Position())
		require.Equal(t, []avroconsumer.Status{{
			TopicPartition: tp(0), State: "reading", Position: 1, Committed: 1, InFlight: 4, Bytes: 8,
			OldestAge: 90 * time.Second, Blocking: "the program, which has the record",
		}}, c.Status())
		lag, err := c.Lag(t.Context())
		require.NoError(t, err)
		require.Equal(t, []avroconsumer.Lag{{TopicPartition: tp(0), End: 5, Records: 4}}, lag)
		committed, err := c.Committed(t.Context())
		require.NoError(t, err)
		require.Equal(t, []kafka.Offset{{TopicPartition: tp(0), Offset: 1}}, committed)
		offsets, err := c.OffsetsAt(t.Context(), time.Now(), tp(0))
		require.NoError(t, err)
		require.Equal(t, []kafka.Offset{at(0, 5)}, offsets)
		require.Len(t, w.pollAll(c), 3)
		require.Equal(t, []kafka.Offset{at(0, 5)}, c.Position())
		w.close(c)
		require.Empty(t, c.Status())
	})
}

// minimalClient is a client without optional interfaces.
type minimalClient struct{ kafka.Consumer }

func TestUnsupported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		c := w.wrap(minimalClient{w.member()}, avroconsumer.WithStart(avroconsumer.FromTime(time.Now())))
		require.ErrorIs(t, c.Assign(t.Context()), kafka.ErrUnsupported)
		_, err := c.Committed(t.Context())
		require.ErrorIs(t, err, kafka.ErrUnsupported)
		_, err = c.OffsetsAt(t.Context(), time.Now())
		require.ErrorIs(t, err, kafka.ErrUnsupported)
		_, err = c.Lag(t.Context())
		require.ErrorIs(t, err, kafka.ErrUnsupported)
		require.NoError(t, c.Subscribe("t"))
		require.ErrorIs(t, pollError(c), kafka.ErrUnsupported)
		require.IsType(t, minimalClient{}, c.Client())
		w.close(c)
	})
}
