package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
)

func TestMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		at := time.UnixMilli(1_700_000_000_123)
		w.Append("t", 0,
			kafka.Record{Key: []byte("k"), Value: []byte("v"), Timestamp: at, Headers: []kafka.Header{{Key: "h", Value: []byte("1")}}},
			kafka.Record{Key: []byte("k")},
			kafka.Record{Value: []byte{}},
		)
		c := w.join()
		m, err := c.Poll(t.Context())
		require.NoError(t, err)
		require.Equal(t, "t", m.Topic)
		require.Equal(t, int32(0), m.Partition)
		require.Equal(t, int64(0), m.Offset)
		require.Equal(t, "k", m.Key)
		require.Equal(t, "v", m.Value)
		require.False(t, m.KeyNull)
		require.False(t, m.Tombstone)
		require.True(t, m.Timestamp.Equal(at))
		require.Equal(t, []kafka.Header{{Key: "h", Value: []byte("1")}}, m.Headers)
		require.Equal(t, []byte("v"), m.Raw.Value)

		m, err = c.Poll(t.Context())
		require.NoError(t, err)
		require.True(t, m.Tombstone)

		m, err = c.Poll(t.Context())
		require.NoError(t, err)
		require.True(t, m.KeyNull)
		require.False(t, m.Tombstone, "empty is not null")
		w.close(c)
	})
}

// A record is processed when the next one is requested, and committed periodically.
func TestPollCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		c := w.join(avroconsumer.WithAutoCommit(time.Minute))
		require.Equal(t, "0", w.poll(c))
		time.Sleep(2 * time.Minute)
		require.Equal(t, kafka.OffsetNone, w.committed(0), "the next one was not requested")
		require.Equal(t, "1", w.poll(c))
		time.Sleep(2 * time.Minute)
		require.Equal(t, int64(1), w.committed(0))
		require.Equal(t, "2", w.poll(c))
		w.close(c)
		require.Equal(t, int64(2), w.committed(0), "Close commits; the last one was unprocessed")
		require.Len(t, w.Group("g").History(), 2, "what did not change is not committed again")
	})
}

// A Poll that its context ends acknowledges the previous message as well.
func TestPollAsksEvenIfTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 1)
		c := w.join()
		require.Equal(t, "0", w.poll(c))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.Poll(ctx)
		require.ErrorIs(t, err, context.Canceled)
		w.close(c)
		require.Equal(t, int64(1), w.committed(0))
	})
}

func TestManualCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 6)
		c := w.join(avroconsumer.WithManualCommit())
		var msgs []*message
		for range 4 {
			m, err := c.Poll(t.Context())
			require.NoError(t, err)
			msgs = append(msgs, m)
		}
		time.Sleep(time.Hour)
		require.Equal(t, kafka.OffsetNone, w.committed(0))

		require.NoError(t, c.Commit(t.Context(), msgs[1]))
		require.Equal(t, int64(2), w.committed(0), "up to the message, although the third is processed too")
		require.NoError(t, c.Commit(t.Context(), msgs[0]))
		require.Equal(t, int64(2), w.committed(0), "never backwards")
		require.NoError(t, c.Commit(t.Context()))
		require.Equal(t, int64(3), w.committed(0), "everything processed: not the last one")
		require.NoError(t, c.Commit(t.Context(), msgs[3]))
		require.Equal(t, int64(4), w.committed(0), "a committed message is processed")
		require.NoError(t, c.Commit(t.Context()))
		require.Len(t, w.Group("g").History(), 3)

		require.Equal(t, "4", w.poll(c))
		require.Equal(t, "5", w.poll(c))
		w.close(c)
		require.Equal(t, int64(4), w.committed(0), "only Commit commits")
		require.ErrorIs(t, c.Commit(t.Context(), msgs[3]), avroconsumer.ErrNotAssigned)
	})
}

// A group that rebalances refuses commits for a moment: the last commit of a member that
// leaves is repeated, or its records would be processed again.
func TestCommitWhileTheGroupRebalances(t *testing.T) {
	for _, code := range []int16{22, 27, 113} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			w.fillNumbers(0, 2)
			stable := time.Now().Add(3 * time.Second)
			c := w.wrap(w.member(func(c *fakekafka.ConsumerConfig) {
				c.OnCommit = func(context.Context, []kafka.Offset) error {
					if time.Now().Before(stable) {
						return &kafka.Error{Code: code, Partition: -1, Err: errors.New("the group rebalances")}
					}
					return nil
				}
			}), avroconsumer.WithAutoCommit(time.Hour))
			require.NoError(t, c.Subscribe("t"))
			require.Equal(t, "0", w.poll(c))
			require.Equal(t, "1", w.poll(c))
			w.close(c)
			require.Equal(t, int64(1), w.committed(0))

			c = w.wrap(w.member(func(c *fakekafka.ConsumerConfig) {
				c.OnCommit = func(context.Context, []kafka.Offset) error {
					return &kafka.Error{Code: code, Partition: -1, Err: errors.New("the group rebalances")}
				}
			}), avroconsumer.WithManualCommit())
			require.NoError(t, c.Subscribe("t"))
			m, err := c.Poll(t.Context())
			require.NoError(t, err)
			require.ErrorContains(t, c.Commit(t.Context(), m), "the group rebalances", "not for ever")
			w.close(c)
		})
	}
}

func TestCommitAsync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		commits := 0
		c := w.wrap(w.member(func(c *fakekafka.ConsumerConfig) {
			c.OnCommit = func(context.Context, []kafka.Offset) error {
				commits++
				time.Sleep(time.Second)
				return nil
			}
		}), avroconsumer.WithManualCommit())
		require.NoError(t, c.Subscribe("t"))
		var got []string
		done := func(next []kafka.Offset, err error) { got = append(got, fmt.Sprint(next, err)) }
		for range 3 {
			m, err := c.Poll(t.Context())
			require.NoError(t, err)
			require.NoError(t, c.CommitAsync(done, m))
			synctest.Wait()
		}
		w.close(c)
		require.Equal(t, 2, commits, "the second and the third go together")
		require.Equal(t, []string{"[t [0] offset 1] <nil>", "[t [0] offset 3] <nil>", "[t [0] offset 3] <nil>"}, got)
		require.ErrorIs(t, c.CommitAsync(done), kafka.ErrClosed)
	})
}

func TestBadRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a", "poison 1", "unknown 2", "panic 3", "b")
		w.Append("t", 0, kafka.Record{Key: []byte("a"), Value: []byte("poison")})
		c := w.join()
		require.Equal(t, "a", w.poll(c))
		_, err := c.Poll(t.Context())
		require.EqualError(t, err, "t [0] offset 1: key (schema 41): 2 of 8 bytes left")
		require.ErrorIs(t, err, errPoison)
		var bad *avroconsumer.RecordError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, []byte("poison 1"), bad.Raw.Value)
		require.Equal(t, avroconsumer.StageKey, bad.Stage)
		require.Equal(t, 41, bad.SchemaID)

		_, err = c.Poll(t.Context())
		var unknown *registry.NotFoundError
		require.ErrorAs(t, err, &unknown)
		_, err = c.Poll(t.Context())
		var panicked *avroconsumer.PanicError
		require.ErrorAs(t, err, &panicked)
		require.Contains(t, string(panicked.Stack), "text.Decode")
		require.Equal(t, []string{"b", "t [0] offset 5: value (schema 41): 2 of 8 bytes left"}, w.pollAll(c))
		w.close(c)
		require.Equal(t, int64(6), w.committed(0), "requesting the next one acknowledges a bad record")
	})
}

// Of a thousand records with one bad one, 999 are returned, one is an error, and all are
// committed.
func TestOnePoisonRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		for i := range 1000 {
			if i == 500 {
				w.fill(0, "poison")
			} else {
				w.fill(0, fmt.Sprint(i))
			}
		}
		c := w.join()
		good, bad := 0, 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for m, err := range c.Messages(ctx) {
			switch {
			case errors.Is(err, errPoison):
				bad++
			case err != nil:
				require.ErrorIs(t, err, context.DeadlineExceeded)
			default:
				require.Equal(t, fmt.Sprint(m.Offset), m.Value)
				good++
			}
		}
		require.Equal(t, 999, good)
		require.Equal(t, 1, bad)
		require.Equal(t, int64(1000), w.committed(0))
		w.close(c)
	})
}

func TestBreakLeavesTheLastUnprocessed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "0", "1", "poison", "3")
		c := w.join()
		for m := range c.Messages(t.Context()) {
			if m.Value == "1" {
				break
			}
		}
		w.close(c)
		require.Equal(t, int64(1), w.committed(0))

		c = w.join()
		for _, err := range c.Messages(t.Context()) {
			if err != nil {
				break // on the poison record
			}
		}
		require.ErrorContains(t, pollError(c), "offset 2: key", "the same consumer hands it out again")
		require.Equal(t, "3", w.poll(c))
		w.close(c)
		require.Equal(t, int64(3), w.committed(0))
	})
}

// A message that was committed before break is processed.
func TestBreakAfterCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		c := w.join()
		for m := range c.Messages(t.Context()) {
			require.NoError(t, c.Commit(t.Context(), m))
			break
		}
		require.Equal(t, "1", w.poll(c))
		w.close(c)
		require.Equal(t, int64(1), w.committed(0))
	})
}

func pollError(c *consumer) error {
	_, err := c.Poll(context.Background())
	return err
}

func TestEndOfPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fill(0, "a", "b")
		c := w.wrap(w.member(func(c *fakekafka.ConsumerConfig) { c.Ends = true }))
		require.NoError(t, c.Subscribe("t"))
		require.ElementsMatch(t, []string{"a", "b", "end of 0 at 2", "end of 1 at 0"}, w.pollAll(c))
		w.fill(0, "c")
		w.Skip("t", 0, 1) // the marker of a transaction
		require.Equal(t, []string{"c", "end of 0 at 4"}, w.pollAll(c))
		w.close(c)
		require.Equal(t, int64(3), w.committed(0))
	})
}

func TestPartitionErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a")
		b := w.member()
		c := w.wrap(b)
		require.NoError(t, c.Subscribe("t"))
		b.FailPartition("secret", 0, &kafka.Error{Code: 29, Topic: "secret", Partition: 0, Err: errors.New("not authorised")})
		_, err := c.Poll(t.Context())
		require.EqualError(t, err, "secret [0]: not authorised (29)")
		var kafkaErr *kafka.Error
		require.ErrorAs(t, err, &kafkaErr)
		require.Equal(t, "a", w.poll(c), "the others go on")

		b.Fail(&kafka.Error{Code: -150, Partition: -1, Fatal: true, Err: errors.New("broken")})
		var got []error
		for _, err := range c.Messages(t.Context()) {
			got = append(got, err)
		}
		require.Len(t, got, 1, "a terminal error is yielded once")
		require.EqualError(t, got[0], "fatal: broken (-150)")
		w.close(c)
	})
}

// While the registry does not answer, the partition that needs it is paused and stays in
// order; others continue; the member keeps polling.
func TestRegistryOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.outage.down.Store(true)
		w.fill(0, "0", "cold 1", "2")
		w.fill(1, "a", "b")
		b := w.member()
		c := w.wrap(b)
		require.NoError(t, c.Subscribe("t"))
		require.ElementsMatch(t, []string{"0", "a", "b"}, w.pollAll(c))
		require.Equal(t, []kafka.TopicPartition{tp(0)}, b.Paused())
		require.True(t, c.Status()[0].Waiting)
		w.fill(0, "3")
		w.fill(1, "c")
		require.Equal(t, []string{"c"}, w.pollAll(c))
		requests := w.outage.requests.Load()
		for range 60 {
			require.Equal(t, "nothing", w.poll(c))
		}
		requests = w.outage.requests.Load() - requests
		require.Positive(t, requests)
		require.LessOrEqual(t, requests, int64(12), "not more often than every ten seconds after a while, for key and value")

		w.outage.down.Store(false)
		time.Sleep(10 * time.Second)
		require.Equal(t, []string{"cold 1", "2", "3"}, w.pollAll(c))
		require.Empty(t, b.Paused())
		w.close(c)
		require.Equal(t, int64(4), w.committed(0))
	})
}

// Records that wait for the registry stay unprocessed for the next owner.
func TestRegistryOutageAndRevoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.outage.down.Store(true)
		w.fill(0, "0", "cold 1", "2")
		c := w.join()
		require.Equal(t, []string{"0"}, w.pollAll(c))
		w.close(c)
		require.Equal(t, int64(1), w.committed(0))
		w.outage.down.Store(false)
		c = w.join()
		require.Equal(t, []string{"cold 1", "2"}, w.pollAll(c))
		w.close(c)
	})
}

// If the registry refuses the program's credentials, the record is not the cause: it is
// returned again until they are accepted.
func TestRegistryRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a", "secret", "b")
		c := w.join()
		require.Equal(t, "a", w.poll(c))
		for range 3 {
			require.ErrorContains(t, pollError(c), "not authorised")
		}
		w.close(c)
		require.Equal(t, int64(1), w.committed(0))
	})
}

// A loop that is slow with each of many records still polls the client, so that it stays a
// member and takes part in rebalances.
func TestSlowLoopStaysAMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fillNumbers(0, 50)
		w.fillNumbers(1, 50)
		b := w.member()
		a := w.wrap(b)
		require.NoError(t, a.Subscribe("t"))
		for range 10 {
			require.NotEqual(t, "nothing", w.poll(a))
			time.Sleep(30 * time.Second)
		}
		require.GreaterOrEqual(t, b.Polls(), 10)

		second := w.join() // must not wait until a has handled all it has in memory
		polled := make(chan string)
		go func() { polled <- w.poll(second) }()
		synctest.Wait()
		require.NotEqual(t, "nothing", w.poll(a))
		require.NotEqual(t, "nothing", <-polled)
		require.Len(t, a.Assignment(), 1)
		w.close(a)
		w.close(second)
	})
}

func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		c := w.join()
		done := make(chan string)
		go func() { done <- w.poll(c) }()
		synctest.Wait()
		_, err := c.Poll(t.Context())
		require.ErrorIs(t, err, avroconsumer.ErrBusy)
		require.ErrorIs(t, c.Run(t.Context(), func(context.Context, *message) error { return nil }), avroconsumer.ErrBusy)
		for _, err := range c.Batches(t.Context(), 1, 0) {
			require.ErrorIs(t, err, avroconsumer.ErrBusy)
		}
		require.Equal(t, "nothing", <-done)
		w.close(c)
	})
}

// Close ends a Poll that is waiting.
func TestCloseDuringPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		c := w.join()
		done := make(chan error)
		go func() {
			_, err := c.Poll(t.Context())
			done <- err
		}()
		synctest.Wait()
		w.close(c)
		require.ErrorIs(t, <-done, kafka.ErrClosed)
		w.close(c) // idempotent
		require.ErrorIs(t, pollError(c), kafka.ErrClosed)
		require.ErrorIs(t, c.Subscribe("t"), kafka.ErrClosed)
		require.ErrorIs(t, c.Pause(tp(0)), kafka.ErrClosed)
		require.ErrorIs(t, c.Seek(t.Context(), at(0, 1)), kafka.ErrClosed)
	})
}

func TestCommitsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 3)
		var fail atomic.Value // of error
		fail.Store(error(&kafka.Error{Code: 27, Partition: -1, Err: errors.New("rebalance in progress")}))
		var failing atomic.Bool
		c := w.wrap(w.member(func(c *fakekafka.ConsumerConfig) {
			c.OnCommit = func(context.Context, []kafka.Offset) error {
				if failing.Load() {
					return fail.Load().(error)
				}
				return nil
			}
		}))
		require.NoError(t, c.Subscribe("t"))
		require.Equal(t, "0", w.poll(c))
		require.Equal(t, "1", w.poll(c))
		failing.Store(true)
		time.Sleep(20 * time.Second)
		require.Equal(t, "2", w.poll(c), "what passes is tried again, and not made a fuss of")
		failing.Store(false)
		time.Sleep(6 * time.Second)
		require.Equal(t, int64(2), w.committed(0))

		fail.Store(error(&kafka.Error{Code: 30, Partition: -1, Err: errors.New("group authorisation failed")}))
		failing.Store(true)
		require.Equal(t, "nothing", w.poll(c))
		time.Sleep(20 * time.Second)
		_, err := c.Poll(t.Context())
		var commit *avroconsumer.CommitError
		require.ErrorAs(t, err, &commit)
		require.EqualError(t, err, "commit of t [0] offset 3: group authorisation failed (30)")
		require.Equal(t, "nothing", w.poll(c), "said once")
		require.ErrorContains(t, c.Close(t.Context()), "group authorisation failed")
	})
}

func TestToEnd(t *testing.T) {
	for _, ends := range []bool{false, true} {
		t.Run(fmt.Sprintf("enable.partition.eof=%v", ends), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 3)
				w.fillNumbers(0, 3)
				w.fillNumbers(1, 2)
				c := w.wrap(w.member(func(c *fakekafka.ConsumerConfig) { c.Ends = ends }), avroconsumer.WithToEnd())
				require.NoError(t, c.Subscribe("t"))
				var got []string
				for m, err := range c.Messages(t.Context()) {
					require.NoError(t, err, "ErrEnd says that a partition was read to its end")
					got = append(got, m.Value)
					w.fill(0, "later")
				}
				require.ElementsMatch(t, []string{"0", "1", "2", "0", "1"}, got)
				_, err := c.Poll(t.Context())
				require.ErrorIs(t, err, avroconsumer.ErrEnd)
				w.close(c)
				require.Equal(t, int64(3), w.committed(0), "where the next one goes on")

				w.Group("g").SetCommitted("t", 0, w.End("t", 0))
				c = w.wrap(w.member(), avroconsumer.WithToEnd())
				require.NoError(t, c.Subscribe("t"))
				_, err = c.Poll(t.Context())
				require.ErrorIs(t, err, avroconsumer.ErrEnd, "nothing is left to wait for")
				w.close(c)
			})
		})
	}
}
