package avroconsumer_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

// readRaw passes each record to handle, alone or as a batch.
var readRaw = map[string]func(t *testing.T, c *consumer, handle func(*message) error) error{
	"Run": func(t *testing.T, c *consumer, handle func(*message) error) error {
		return c.Run(t.Context(), func(_ context.Context, m *message) error { return handle(m) })
	},
	"RunBatch": func(t *testing.T, c *consumer, handle func(*message) error) error {
		return c.RunBatch(t.Context(), 1, 0, func(_ context.Context, batch []*message) []error {
			errs := make([]error, len(batch))
			for i, m := range batch {
				errs[i] = handle(m)
			}
			return errs
		})
	},
}

// A record that is passed raw, also after retries, reaches the handler, which gets as many
// attempts as for any record.
func TestRawReachesTheHandler(t *testing.T) {
	second := func(int) time.Duration { return time.Second }
	for name, read := range readRaw {
		for value, decoding := range map[string]avroconsumer.Option{
			"poison":  avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Raw()),
			"unknown": avroconsumer.WithPolicy(avroconsumer.UnknownSchemas, avroconsumer.Retry(2, second).Then(avroconsumer.Raw())),
		} {
			t.Run(name+" "+value, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 1)
					w.fill(0, "a", value, "b")
					dead := &deadLetters{}
					tries := 3
					if value == "unknown" {
						tries += 2 // of decoding
					}
					c := w.join(avroconsumer.WithToEnd(), decoding,
						avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(tries, second).Then(avroconsumer.DeadLetter(dead))))
					var got []string
					require.NoError(t, read(t, c, func(m *message) error {
						if m.Err != nil {
							require.ErrorIs(t, m.Err, m.Err.Err)
							got = append(got, "raw "+string(m.Raw.Value))
							return errHandler
						}
						got = append(got, m.Value)
						return nil
					}))
					require.Equal(t, []string{"a", "raw " + value, "raw " + value, "raw " + value, "raw " + value, "b"}, got)
					require.Len(t, dead.get(), 1)
					require.Equal(t, int64(3), w.committed(0))
					w.close(c)
				})
			})
		}
	}
}

// Requeued records, of an outage or a failed handler, do not linger again.
func TestRunBatchLingersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "cold")
		w.outage.down.Store(true)
		time.AfterFunc(time.Hour+time.Minute, func() { w.outage.down.Store(false) })
		c := w.join(avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(1, avroconsumer.Constant(time.Second))))
		begin := time.Now()
		var got []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		require.ErrorIs(t, c.RunBatch(ctx, 10, time.Hour, func(_ context.Context, batch []*message) []error {
			if got = append(got, time.Since(begin)); len(got) == 1 {
				return []error{errHandler}
			}
			cancel()
			return nil
		}), context.Canceled)
		require.Len(t, got, 2)
		require.Less(t, got[0], time.Hour+2*time.Minute)
		require.Equal(t, time.Second, got[1]-got[0])
		require.Equal(t, int64(1), w.committed(0))
		w.close(c)
	})
}

// A dispatcher calls no handler for a record that could not be decoded, in particular not the
// one for tombstones, with the zero value as the key.
func TestDispatcherOfRawRecords(t *testing.T) {
	d := avroconsumer.NewDispatcher[string, event]()
	d.OnTombstone(func(context.Context, *avroconsumer.Message[string, event]) error { panic("deletes the key \"\"") })
	bad := &avroconsumer.RecordError{Raw: &kafka.Record{Topic: "t", Key: []byte("k")}, Stage: avroconsumer.StageKey, Err: errPoison}
	err := d.Handle(t.Context(), &avroconsumer.Message[string, event]{Tombstone: true, Raw: bad.Raw, Err: bad})
	require.ErrorIs(t, err, avroconsumer.ErrNoHandler)
	require.ErrorIs(t, err, errPoison)
}

// detached is an observer whose contexts never end.
type detached struct{ avroconsumer.NopObserver }

func (detached) Handling(context.Context, *kafka.Record) context.Context { return context.Background() }

// No policy applies to the result of a late handler, also if an observer has replaced the
// handler's context.
func TestLateResultsBesideADetachedObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a")
		dead := &deadLetters{}
		c := w.join(avroconsumer.WithObserver(detached{}), avroconsumer.WithDrainTimeout(time.Second),
			avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.DeadLetter(dead)))
		r := start(t, c, func(context.Context, *message) error {
			time.Sleep(time.Minute)
			return errHandler
		})
		synctest.Wait()
		r.cancel()
		var drain *avroconsumer.DrainError
		require.ErrorAs(t, <-r.result, &drain)
		time.Sleep(time.Hour)
		require.Empty(t, dead.get())
		w.close(c)
		require.Equal(t, kafka.OffsetNone, w.committed(0))
	})
}

// An invalid start offset is refused; a time before 1970 is the start of the partition.
func TestStartsThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 2)
		b := w.member()
		for _, at := range []time.Time{{}, time.Unix(-1, 0)} {
			c := w.wrap(struct{ kafka.Consumer }{b}, avroconsumer.WithStart(avroconsumer.FromTime(at)))
			require.NotNil(t, c)
		}
		c := w.join(avroconsumer.WithStart(avroconsumer.FromTime(time.Time{})))
		require.Equal(t, "0", w.poll(c))
		require.Equal(t, []kafka.Offset{{TopicPartition: tp(0), Offset: 0, LeaderEpoch: -1}}, c.Position())
		w.close(c)
		for _, offset := range []int64{-3, kafka.OffsetNone} {
			_, err := avroconsumer.New(kafka.Consumer(b), text{}, text{}, avroconsumer.WithStart(avroconsumer.FromOffset(offset)))
			require.ErrorContains(t, err, "avroconsumer: WithStart: offset ")
		}
	})
}
