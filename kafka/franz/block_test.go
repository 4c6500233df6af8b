package franz

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/kavro/kavro/kafka"
)

// A block is used again when each of its slots was returned, and not before.
func TestBlocks(t *testing.T) {
	var f blocks
	b := newBlock(&producer{})
	b.taken, b.bytes = blockRecords, 1000
	for i := range b.slots[1:] {
		f.put(&b.slots[i])
	}
	require.Equal(t, blockRecords, b.taken)
	f.put(&b.slots[blockRecords-1])
	require.Zero(t, b.taken)
	require.Zero(t, b.bytes)
	require.Equal(t, int32(blockRecords), b.unreturned.Load())
}

// A record that does not fit ends a block, whose slots that are left count as returned.
func TestBlocksOfLargeRecords(t *testing.T) {
	var f blocks
	p := &producer{quota: newQuota(1e6, 1e9)}
	first, bytes := f.take(p, blockBytes)
	require.Len(t, bytes, blockBytes)
	second, bytes := f.take(p, 1)
	require.Len(t, bytes, 1)
	require.Equal(t, 1, cap(bytes))
	require.NotSame(t, first.block, second.block)
	require.Equal(t, int32(1), first.block.unreturned.Load())
	require.Equal(t, int64(2), f.used.Load())
	f.put(first)
	require.Zero(t, first.block.taken)
	require.Equal(t, int64(1), f.used.Load())
	_, bytes = f.take(p, blockBytes+1)
	require.Empty(t, bytes)
}

// Records that are not reported, each among many others that are, do not keep a block each.
func TestBlocksThatAreKept(t *testing.T) {
	var f blocks
	p := &producer{quota: newQuota(1e6, 1e9)}
	kept := 0
	for i := range 64_000 {
		require.NoError(t, p.quota.acquire(t.Context(), 100))
		s, bytes := f.take(p, 100)
		require.Len(t, bytes, 100)
		if i%blockRecords == 0 {
			kept++
			continue
		}
		f.put(s)
		p.quota.release(100)
	}
	require.Equal(t, 1000, kept)
	require.Less(t, f.used.Load(), int64(250))
}

func TestBlocksConcurrently(t *testing.T) {
	var f blocks
	p := &producer{quota: newQuota(1e6, 1e9)}
	out := make(chan *slot, 1000)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 5000 {
				s, bytes := f.take(p, i%700)
				for k := range bytes {
					bytes[k] = byte(g)
				}
				s.rec.Value, s.requested = bytes, int32(g)
				out <- s
			}
		})
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	for s := range out {
		if v := string(s.rec.Value); v != strings.Repeat(string(s.requested), len(v)) {
			t.Fatalf("two records have the same bytes")
		}
		f.put(s)
	}
}

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clock{deadlines: newDeadlines(16 * time.Second)}
		defer c.deadlines.stop()
		for range 3 {
			require.Equal(t, time.Now(), c.now().Time, "the first time is exact")
			for range 100 {
				require.Less(t, time.Since(c.now().Time), 2*tick)
				time.Sleep(tick / 4)
			}
			require.NoError(t, c.now().limit.Err())
			time.Sleep(time.Minute) // it stands still
			synctest.Wait()
			require.Nil(t, c.at.Load())
		}
	})
}

// What ProduceCopy was given is the caller's when it returns, and what is reported is all of it.
func TestProduceCopy(t *testing.T) {
	_, conf := misbehaving(t)
	made, err := NewProducer(kafka.Config{"bootstrap.servers": conf["bootstrap.servers"], "linger.ms": 20}, kafka.Hooks{})
	require.NoError(t, err)
	p := made.(kafka.Copier)
	type report struct {
		kafka.Record
		err error
	}
	var reports []report
	done := func(r *kafka.Record, err error) {
		c := *r
		c.Key, c.Value, c.Headers = bytes.Clone(r.Key), bytes.Clone(r.Value), slices.Clone(r.Headers)
		reports = append(reports, report{c, err})
	}

	sizes := []int{0, 1, 100, 5000, blockBytes, blockBytes + 1, 900_000}
	scratch, headers := make([]byte, 1<<20), make([]kafka.Header, 1)
	const n = 300
	for i := range n {
		key := fmt.Sprint(i)
		copy(scratch, key)
		value := scratch[len(key) : len(key)+sizes[i%len(sizes)]]
		for k := range value {
			value[k] = byte(i)
		}
		r := &kafka.Record{Topic: "topic", Partition: -1, Key: scratch[:len(key)], Value: value, Attach: i}
		if i%3 == 0 {
			headers[0] = kafka.Header{Key: key, Value: []byte{byte(i)}}
			r.Headers = headers
		}
		require.NoError(t, p.ProduceCopy(t.Context(), r, done))
	}
	clear(scratch)
	require.NoError(t, p.Flush(t.Context()))
	require.Len(t, reports, n)
	for i, r := range reports {
		require.NoError(t, r.err)
		require.Equal(t, i, r.Attach)
		require.Equal(t, fmt.Sprint(i), string(r.Key))
		require.Equal(t, bytes.Repeat([]byte{byte(i)}, sizes[i%len(sizes)]), r.Value)
		require.Equal(t, int64(i), r.Offset)
		if i%3 == 0 {
			require.Equal(t, []kafka.Header{{Key: fmt.Sprint(i), Value: []byte{byte(i)}}}, r.Headers)
		} else {
			require.Empty(t, r.Headers)
		}
	}

	reports = nil
	require.NoError(t, p.ProduceCopy(t.Context(), &kafka.Record{Topic: "topic", Partition: -1}, done))
	require.NoError(t, p.ProduceCopy(t.Context(), &kafka.Record{Topic: "topic", Partition: -1, Key: []byte{}, Value: []byte{}}, done))
	require.NoError(t, p.ProduceCopy(t.Context(), &kafka.Record{Topic: "topic", Partition: 9, Key: []byte("k")}, done))
	require.NoError(t, p.Close(t.Context()))
	require.Len(t, reports, 3)
	slices.SortFunc(reports, func(a, b report) int { return int(a.Partition - b.Partition) })
	null, empty, failed := reports[0], reports[1], reports[2]
	require.Nil(t, null.Key)
	require.Nil(t, null.Value)
	require.Equal(t, []byte{}, empty.Key)
	require.Equal(t, []byte{}, empty.Value)
	require.ErrorContains(t, failed.err, "topic [9]")
	require.Equal(t, "k", string(failed.Key))
	require.Equal(t, int64(-1), failed.Offset)
	require.ErrorIs(t, p.ProduceCopy(t.Context(), &kafka.Record{Topic: "topic", Partition: -1}, done), kafka.ErrClosed)
}

// Producing allocates nothing for a record, once there are blocks.
func TestProduceAllocations(t *testing.T) {
	_, conf := misbehaving(t, kfake.BlackholeProduce())
	made, err := NewProducer(kafka.Config{"bootstrap.servers": conf["bootstrap.servers"], "queue.buffering.max.messages": 5000}, kafka.Hooks{})
	require.NoError(t, err)
	p := made.(kafka.Copier)
	done := func(*kafka.Record, error) {}
	r := &kafka.Record{Topic: "topic", Partition: -1, Key: make([]byte, 36), Value: make([]byte, 160), Headers: []kafka.Header{{Key: "trace", Value: make([]byte, 16)}}}
	for name, produce := range map[string]func(context.Context, *kafka.Record, func(*kafka.Record, error)) error{"Produce": p.Produce, "ProduceCopy": p.ProduceCopy} {
		const n = 20_000
		allocs := uint64(0)
		for range 2 { // the first time there are no blocks
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range n {
				given := r
				if name == "Produce" {
					own := *r // an allocation of the test's own: the record is the client's until the report
					given = &own
				}
				if err := produce(t.Context(), given, done); err != nil {
					t.Fatal(err)
				}
			}
			require.NoError(t, p.Flush(t.Context()))
			runtime.ReadMemStats(&after)
			allocs = after.Mallocs - before.Mallocs
			if name == "Produce" {
				allocs -= n
			}
		}
		if !raceEnabled { // the detector makes sync.Pool drop blocks at random
			require.Less(t, float64(allocs)/n, 0.2, name) // of kgo and kfake, for batches
		}
	}
	require.NoError(t, p.Close(t.Context()))
}
