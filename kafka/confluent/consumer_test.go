//go:build cgo

package confluent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

func TestPoll(t *testing.T) {
	e := newEnv(t, 1, "t")
	e.produce(e.producer(), "t", 0, numbers(1000)...)
	c := e.consumer("g")
	require.NoError(t, c.Subscribe([]string{"t"}, nil))

	var b kafka.Batch
	next := int64(0)
	for next < 1000 {
		require.NoError(t, c.Poll(e.ctx(), &b, 7))
		require.LessOrEqual(t, len(b.Records), 7)
		for _, r := range b.Records {
			require.Equal(t, next, r.Offset)
			require.Equal(t, fmt.Sprint(next), string(r.Value))
			next++
		}
	}
	e.quiet(c)

	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, c.Poll(cancelled, &b, 1), context.Canceled)
}

func TestEnds(t *testing.T) {
	e := newEnv(t, 1, "t", "empty", "txn")
	e.produce(e.producer(), "t", 0, "a", "b")
	p := e.txnProducer("id")
	for _, ok := range []bool{true, false} { // a, commit marker, b, abort marker
		require.NoError(t, p.Begin(e.ctx()))
		e.produce(p, "txn", 0, fmt.Sprint(ok))
		require.NoError(t, p.End(e.ctx(), ok))
	}
	tests := []struct {
		topic string
		n     int
		end   int64
	}{
		{topic: "t", n: 2, end: 2},
		{topic: "empty", n: 0, end: 0},
		{topic: "txn", n: 1, end: 4},
	}
	for _, tt := range tests {
		t.Run(tt.topic, func(t *testing.T) {
			c := e.consumer("g-"+tt.topic, kafka.Config{"enable.partition.eof": true})
			require.NoError(t, c.Subscribe([]string{tt.topic}, nil))
			var b kafka.Batch
			for n := 0; ; {
				require.NoError(t, c.Poll(e.ctx(), &b, 100))
				n += len(b.Records)
				if len(b.Ends) > 0 {
					require.Equal(t, []kafka.Offset{at(tt.topic, 0, tt.end)}, b.Ends)
					require.Equal(t, tt.n, n)
					return
				}
			}
		})
	}
}

func TestCommit(t *testing.T) {
	e := newEnv(t, 2, "t")
	e.produce(e.producer(), "t", 0, numbers(10)...)
	c := e.consumer("g", kafka.Config{"enable.auto.commit": true, "auto.commit.interval.ms": 1, "enable.auto.offset.store": true})
	require.NoError(t, c.Subscribe([]string{"t"}, nil))
	e.poll(c, 10)
	e.quiet(c)

	got, err := c.Committed(e.ctx(), tp("t", 1), tp("t", 0))
	require.NoError(t, err)
	require.Equal(t, []kafka.Offset{at("t", 1, kafka.OffsetNone), at("t", 0, kafka.OffsetNone)}, got, "nothing commits by itself")

	require.NoError(t, c.Commit(e.ctx(), nil))
	got, err = c.Committed(e.ctx(), tp("t", 0))
	require.NoError(t, err)
	require.Equal(t, kafka.OffsetNone, got[0].Offset)

	require.NoError(t, c.Commit(e.ctx(), []kafka.Offset{{TopicPartition: tp("t", 0), Offset: 4, LeaderEpoch: 0}, at("t", 1, 0)}))
	got, err = c.Committed(e.ctx(), tp("t", 0), tp("t", 1))
	require.NoError(t, err)
	require.Equal(t, []kafka.Offset{{TopicPartition: tp("t", 0), Offset: 4, LeaderEpoch: 0}, at("t", 1, 0)}, got)

	require.NoError(t, c.Close(e.ctx()))
	require.ErrorIs(t, c.Commit(e.ctx(), got), kafka.ErrClosed)

	next := e.consumer("g")
	require.NoError(t, next.Subscribe([]string{"t"}, nil))
	require.Equal(t, numbers(10)[4:], e.poll(next, 6))
}

// hold makes the broker hang when it gets a request of a kind, until the returned
// function is called. (kfake could let the other requests go on, by SleepControl,
// but locks itself up now and then when several requests sleep.)
func (e *env) hold(key kmsg.Key) (release func()) {
	held := make(chan struct{})
	e.fake.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
		e.fake.KeepControl()
		<-held
		return nil, nil, false
	})
	return sync.OnceFunc(func() { close(held) })
}

func TestCommitEndsWithItsContext(t *testing.T) {
	e := newEnv(t, 1, "t")
	c := e.consumer("g")
	o := new(observer)
	require.NoError(t, c.Subscribe([]string{"t"}, o))
	e.serve(c, func() bool { return o.count() == 1 })
	release := e.hold(kmsg.OffsetCommit)
	defer release()
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Commit(short, []kafka.Offset{at("t", 0, 1)}), context.DeadlineExceeded)
	release()
	require.NoError(t, c.Commit(e.ctx(), []kafka.Offset{at("t", 0, 2)}))
}

func TestCommitFails(t *testing.T) {
	e := newEnv(t, 1, "t")
	c := e.consumer("g")
	e.fake.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := req.ResponseKind().(*kmsg.OffsetCommitResponse)
		for _, rt := range req.(*kmsg.OffsetCommitRequest).Topics {
			topic := kmsg.NewOffsetCommitResponseTopic()
			topic.Topic, topic.TopicID = rt.Topic, rt.TopicID
			for _, rp := range rt.Partitions {
				topic.Partitions = append(topic.Partitions, kmsg.OffsetCommitResponseTopicPartition{Partition: rp.Partition, ErrorCode: 29})
			}
			resp.Topics = append(resp.Topics, topic)
		}
		return resp, nil, true
	})
	err := c.Commit(e.ctx(), []kafka.Offset{at("t", 0, 1)})
	var be *kafka.Error
	require.ErrorAs(t, err, &be)
	require.EqualValues(t, 29, be.Code)
	require.Equal(t, "t", be.Topic)
	require.False(t, be.Retriable)
}

func TestStartPositions(t *testing.T) {
	tests := []struct {
		name      string
		reset     string
		committed int64 // -1: none
		start     []kafka.Offset
		want      []string
	}{
		{name: "earliest", reset: "earliest", committed: -1, want: numbers(10)},
		{name: "committed", reset: "earliest", committed: 6, want: numbers(10)[6:]},
		{name: "given", reset: "earliest", committed: 6, start: []kafka.Offset{at("t", 0, 3)}, want: numbers(10)[3:]},
		{name: "given, start", reset: "latest", committed: 6, start: []kafka.Offset{at("t", 0, kafka.OffsetStart)}, want: numbers(10)},
		{name: "given, end", reset: "earliest", committed: 6, start: []kafka.Offset{at("t", 0, kafka.OffsetEnd)}},
		{name: "given, none", reset: "earliest", committed: 6, start: []kafka.Offset{at("t", 0, kafka.OffsetNone)}, want: numbers(10)[6:]},
		{name: "of another partition", reset: "earliest", committed: 6, start: []kafka.Offset{at("u", 0, 3)}, want: numbers(10)[6:]},
		{name: "out of range", reset: "earliest", committed: 600, want: numbers(10)},
	}
	e := newEnv(t, 1, "t")
	e.produce(e.producer(), "t", 0, numbers(10)...)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := e.consumer(fmt.Sprint("g", i), kafka.Config{"auto.offset.reset": tt.reset})
			want := kafka.OffsetNone
			if tt.committed >= 0 {
				want = tt.committed
				require.NoError(t, c.Commit(e.ctx(), []kafka.Offset{at("t", 0, tt.committed)}))
			}
			o := &observer{assigned: func(_ context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
				require.Equal(t, []kafka.Offset{at("t", 0, want)}, committed)
				return tt.start, nil
			}}
			require.NoError(t, c.Subscribe([]string{"t"}, o))
			if len(tt.want) > 0 {
				require.Equal(t, tt.want, e.poll(c, len(tt.want)))
			} else {
				e.serve(c, func() bool { return o.count() == 1 })
			}
			e.quiet(c)
		})
	}
}

func TestAssign(t *testing.T) {
	e := newEnv(t, 2, "t")
	p := e.producer()
	e.produce(p, "t", 0, "a0", "a1", "a2")
	e.produce(p, "t", 1, "b0", "b1")
	c := e.consumer("g")
	require.NoError(t, c.Commit(e.ctx(), []kafka.Offset{at("t", 0, 1)}))

	require.NoError(t, c.Assign(e.ctx(), at("t", 0, kafka.OffsetNone)))
	require.Equal(t, []string{"a1", "a2"}, e.poll(c, 2), "where the group is")
	require.NoError(t, c.Pause(tp("t", 0)))
	require.NoError(t, c.Assign(e.ctx(), at("t", 1, kafka.OffsetNone), at("t", 0, 2)))
	got := e.poll(c, 3)
	slices.Sort(got)
	require.Equal(t, []string{"a2", "b0", "b1"}, got)
	require.NoError(t, c.Assign(e.ctx()))
	e.quiet(c)

	var be *kafka.Error
	require.ErrorAs(t, c.Subscribe([]string{"t"}, nil), &be)
	require.EqualValues(t, -172, be.Code)

	s := e.consumer("h")
	require.NoError(t, s.Subscribe([]string{"t"}, nil))
	require.ErrorAs(t, s.Assign(e.ctx(), at("t", 0, 0)), &be)
	require.EqualValues(t, -172, be.Code)
}

func TestWithoutGroup(t *testing.T) {
	e := newEnv(t, 1, "t")
	e.produce(e.producer(), "t", 0, "a", "b")
	c := e.consumer("")
	require.NoError(t, c.Assign(e.ctx(), at("t", 0, kafka.OffsetNone)))
	require.Equal(t, []string{"a", "b"}, e.poll(c, 2))
	_, err := c.Committed(e.ctx(), tp("t", 0))
	for _, err := range []error{err, c.Subscribe([]string{"t"}, nil), c.Commit(e.ctx(), nil)} {
		var ce *kafka.ConfigError
		require.ErrorAs(t, err, &ce)
		require.Equal(t, "group.id", ce.Key)
	}
}

func TestNeitherSubscribedNorAssigned(t *testing.T) {
	e := newEnv(t, 1, "t")
	c := e.consumer("g")
	var b kafka.Batch
	var be *kafka.Error
	require.ErrorAs(t, c.Poll(e.ctx(), &b, 1), &be)
	require.EqualValues(t, -172, be.Code)
	require.ErrorAs(t, c.Subscribe(nil, nil), &be)
	require.EqualValues(t, -186, be.Code)
}

func TestSeek(t *testing.T) {
	e := newEnv(t, 2, "t")
	p := e.producer()
	e.produce(p, "t", 0, numbers(100)...)
	c := e.consumer("g")
	o := new(observer)
	require.NoError(t, c.Subscribe([]string{"t"}, o))
	require.Equal(t, numbers(100)[:10], e.poll(c, 10))

	require.NoError(t, c.Seek(e.ctx(), at("t", 0, 5)))
	require.Equal(t, numbers(100)[5:15], e.poll(c, 10))
	require.NoError(t, c.Seek(e.ctx(), at("t", 0, kafka.OffsetStart)))
	require.Equal(t, numbers(100), e.poll(c, 100))
	require.NoError(t, c.Seek(e.ctx(), at("t", 0, 90), at("t", 1, 0)))
	require.Equal(t, numbers(100)[90:], e.poll(c, 10))
	require.NoError(t, c.Seek(e.ctx(), at("t", 0, 10)))
	require.NoError(t, c.Seek(e.ctx(), at("t", 0, kafka.OffsetEnd)))
	e.quiet(c)
	e.produce(p, "t", 0, "new")
	require.Equal(t, []string{"new"}, e.poll(c, 1))

	var be *kafka.Error
	require.ErrorAs(t, c.Seek(e.ctx(), at("t", 0, 0), at("u", 0, 0)), &be)
	require.Equal(t, "u", be.Topic)
	require.EqualValues(t, -172, be.Code)
	require.ErrorAs(t, c.Seek(e.ctx(), at("t", 0, kafka.OffsetNone)), &be)
	require.EqualValues(t, -186, be.Code)
}

// Records that were fetched before a Seek never come out after it, however
// often and from whichever goroutine positions move.
func TestSeekWhilePolling(t *testing.T) {
	e := newEnv(t, 1, "t")
	e.produce(e.producer(), "t", 0, numbers(1000)...)
	c := e.consumer("g")
	require.NoError(t, c.Assign(e.ctx(), at("t", 0, 970)))
	var b kafka.Batch
	for i := range 50 {
		to := int64(950 - 19*i) // where the one before did not pass
		sought := make(chan error)
		go func() { sought <- c.Seek(e.ctx(), at("t", 0, to)) }()
		next := int64(-1) // after the first record at to: from there on nothing else may come
		for returned := false; !returned || next < 0; {
			select {
			case err := <-sought:
				require.NoError(t, err)
				returned = true
			default:
			}
			short, cancel := context.WithTimeout(e.ctx(), time.Millisecond)
			if err := c.Poll(short, &b, 5); err != nil {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			cancel()
			for _, r := range b.Records {
				switch {
				case next >= 0:
					require.Equal(t, next, r.Offset)
					next++
				case r.Offset == to:
					next = to + 1
				default:
					require.False(t, returned, "%d came after the seek to %d", r.Offset, to)
				}
			}
		}
	}
}

func TestPause(t *testing.T) {
	e := newEnv(t, 2, "t")
	p := e.producer()
	e.produce(p, "t", 0, numbers(100)...)
	c := e.consumer("g")
	o := new(observer)
	require.NoError(t, c.Subscribe([]string{"t"}, o))
	require.Equal(t, numbers(100)[:10], e.poll(c, 10))

	require.NoError(t, c.Pause(tp("t", 0), tp("u", 0), tp("t", 99)), "others are ignored")
	require.NoError(t, c.Pause(tp("t", 0)), "twice")
	e.quiet(c)
	e.produce(p, "t", 1, "other")
	require.Equal(t, []string{"other"}, e.poll(c, 1))
	require.NoError(t, c.Resume(tp("t", 0), tp("t", 1), tp("u", 0)))
	require.Equal(t, numbers(100)[10:50], e.poll(c, 40), "nothing lost, nothing twice")

	require.NoError(t, c.Pause(tp("t", 0)))
	require.NoError(t, c.Seek(e.ctx(), at("t", 0, 95)))
	e.quiet(c)
	require.NoError(t, c.Resume(tp("t", 0)))
	require.Equal(t, numbers(100)[95:], e.poll(c, 5))
}

// A program can pause partitions inside Assigned, before the first record.
func TestPauseWhileAssigned(t *testing.T) {
	e := newEnv(t, 1, "t")
	e.produce(e.producer(), "t", 0, numbers(10)...)
	c := e.consumer("g")
	o := &observer{assigned: func(ctx context.Context, _ []kafka.Offset) ([]kafka.Offset, error) {
		if err := c.Seek(ctx, at("t", 0, 7)); err != nil {
			return nil, err
		}
		return nil, c.Pause(tp("t", 0))
	}}
	require.NoError(t, c.Subscribe([]string{"t"}, o))
	e.serve(c, func() bool { return o.count() == 1 })
	e.quiet(c)
	require.NoError(t, c.Resume(tp("t", 0)))
	require.Equal(t, numbers(10)[7:], e.poll(c, 3))
}

func TestOffsetsAt(t *testing.T) {
	e := newEnv(t, 2, "t")
	p := e.producer()
	for i := range 10 {
		require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t", Timestamp: time.UnixMilli(int64(1000 + 10*i))}, nil))
	}
	require.NoError(t, p.Flush(e.ctx()))
	c := e.consumer("g")
	tests := []struct {
		name string
		ms   int64
		want int64
	}{
		{name: "before all", ms: 1, want: 0},
		{name: "exactly", ms: 1030, want: 3},
		{name: "between two", ms: 1031, want: 4},
		{name: "after all", ms: 5000, want: 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := c.OffsetsAt(e.ctx(), time.UnixMilli(tt.ms), tp("t", 1), tp("t", 0), tp("t", 0))
			require.NoError(t, err)
			require.Len(t, got, 3)
			require.Equal(t, at("t", 1, 0), kafka.Offset{TopicPartition: got[0].TopicPartition, Offset: got[0].Offset, LeaderEpoch: -1})
			for _, o := range got[1:] {
				require.Equal(t, tp("t", 0), o.TopicPartition)
				require.Equal(t, tt.want, o.Offset)
			}
		})
	}
	low, high, err := c.Watermarks(e.ctx(), tp("t", 0))
	require.NoError(t, err)
	require.Equal(t, []int64{0, 10}, []int64{low, high})

	short, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, _, err = c.Watermarks(short, tp("missing", 0))
	require.Error(t, err)
}

func TestMissingTopic(t *testing.T) {
	e := newEnv(t, 1, "t")
	c := e.consumer("g")
	require.NoError(t, c.Subscribe([]string{"missing"}, nil))
	var b kafka.Batch
	require.NoError(t, c.Poll(e.ctx(), &b, 1))
	require.Len(t, b.Errors, 1)
	require.Equal(t, tp("missing", -1), b.Errors[0].TopicPartition)
	var be *kafka.Error
	require.ErrorAs(t, b.Errors[0].Err, &be)
	require.EqualValues(t, 3, be.Code)
	require.Equal(t, "missing", be.Topic)
}

// With auto.offset.reset=error a partition without an offset is reported, waits
// for a Seek, and keeps no other from being read.
func TestNoResetPolicy(t *testing.T) {
	conf := kafka.Config{"auto.offset.reset": "error"}
	begin := map[string]func(e *env, c consumer) error{
		"subscribe, told":   func(e *env, c consumer) error { return c.Subscribe([]string{"t"}, new(observer)) },
		"subscribe, silent": func(e *env, c consumer) error { return c.Subscribe([]string{"t"}, nil) },
		"assign": func(e *env, c consumer) error {
			return c.Assign(e.ctx(), at("t", 0, kafka.OffsetNone), at("t", 1, kafka.OffsetNone))
		},
	}
	for name, begin := range begin {
		t.Run(name, func(t *testing.T) {
			e := newEnv(t, 2, "t")
			p := e.producer()
			e.produce(p, "t", 0, "a0", "a1")
			e.produce(p, "t", 1, "b0", "b1")
			c := e.consumer("g", conf)
			require.NoError(t, c.Commit(e.ctx(), []kafka.Offset{at("t", 1, 1)}))
			require.NoError(t, begin(e, c))
			var b kafka.Batch
			var records []*kafka.Record
			var errs []kafka.PartitionError
			for len(records) < 1 || len(errs) < 1 {
				require.NoError(t, c.Poll(e.ctx(), &b, 10))
				records, errs = append(records, b.Records...), append(errs, b.Errors...)
			}
			require.Equal(t, "b1", string(records[0].Value))
			require.Len(t, errs, 1)
			require.Equal(t, tp("t", 0), errs[0].TopicPartition)
			var be *kafka.Error
			require.ErrorAs(t, errs[0].Err, &be)
			require.EqualValues(t, -140, be.Code)

			require.NoError(t, c.Pause(tp("t", 0)))
			require.NoError(t, c.Resume(tp("t", 0)))
			e.quiet(c)
			require.NoError(t, c.Seek(e.ctx(), at("t", 0, 0)))
			require.Equal(t, []string{"a0", "a1"}, e.poll(c, 2))
		})
	}
}

func TestErrorsThatEndNothing(t *testing.T) {
	e := newEnv(t, 1, "t")
	var mu sync.Mutex
	var raised []error
	c, err := confluent.NewConsumer(e.consumerConf("g", kafka.Config{"reconnect.backoff.max.ms": 100}), kafka.Hooks{Error: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		raised = append(raised, err)
	}})
	require.NoError(t, err)
	defer c.Close(e.ctx())
	require.NoError(t, c.Subscribe([]string{"t"}, nil))
	e.quiet(c)
	e.fake.Close()
	e.serve(c, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.ContainsFunc(raised, func(err error) bool {
			be, ok := errors.AsType[*kafka.Error](err)
			return ok && be.Code == -187 && be.Retriable && !be.Fatal
		})
	})
}

func TestCloseConsumer(t *testing.T) {
	t.Run("never used", func(t *testing.T) {
		e := newEnv(t, 1, "t")
		c := e.consumer("g")
		require.NoError(t, c.Close(e.ctx()))
		require.NoError(t, c.Close(e.ctx()), "a second time")
		var b kafka.Batch
		require.ErrorIs(t, c.Poll(e.ctx(), &b, 1), kafka.ErrClosed)
		require.ErrorIs(t, c.Subscribe([]string{"t"}, nil), kafka.ErrClosed)
		require.ErrorIs(t, c.Assign(e.ctx(), at("t", 0, 0)), kafka.ErrClosed)
		require.ErrorIs(t, c.Commit(e.ctx(), []kafka.Offset{at("t", 0, 0)}), kafka.ErrClosed)
		require.ErrorIs(t, c.Pause(tp("t", 0)), kafka.ErrClosed)
		require.ErrorIs(t, c.Resume(tp("t", 0)), kafka.ErrClosed)
		require.ErrorIs(t, c.Seek(e.ctx(), at("t", 0, 0)), kafka.ErrClosed)
		_, err := c.Committed(e.ctx(), tp("t", 0))
		require.ErrorIs(t, err, kafka.ErrClosed)
		_, err = c.OffsetsAt(e.ctx(), time.Now(), tp("t", 0))
		require.ErrorIs(t, err, kafka.ErrClosed)
	})
	t.Run("revoked may commit", func(t *testing.T) {
		e := newEnv(t, 2, "t")
		e.produce(e.producer(), "t", 0, numbers(10)...)
		c := e.consumer("g")
		var committed error
		o := &observer{revoked: func(ctx context.Context, p []kafka.TopicPartition) {
			committed = c.Commit(ctx, []kafka.Offset{at("t", 0, 7)})
		}}
		require.NoError(t, c.Subscribe([]string{"t"}, o))
		e.poll(c, 10)
		require.NoError(t, c.Close(e.ctx()))
		require.NoError(t, committed)
		require.Equal(t, []string{"assigned t/0", "assigned t/1", "revoked t/0", "revoked t/1"}, o.events())

		next := e.consumer("g")
		got, err := next.Committed(e.ctx(), tp("t", 0))
		require.NoError(t, err)
		require.EqualValues(t, 7, got[0].Offset)
	})
	t.Run("while another goroutine polls", func(t *testing.T) {
		e := newEnv(t, 1, "t")
		c := e.consumer("g")
		o := new(observer)
		require.NoError(t, c.Subscribe([]string{"t"}, o))
		e.serve(c, func() bool { return o.count() == 1 })
		polled := make(chan error)
		go func() {
			var b kafka.Batch
			polled <- c.Poll(e.ctx(), &b, 1)
		}()
		require.NoError(t, c.Close(e.ctx()))
		require.ErrorIs(t, <-polled, kafka.ErrClosed)
		require.Zero(t, o.count())
	})
	t.Run("does not wait past its context", func(t *testing.T) {
		e := newEnv(t, 1, "t")
		c, err := confluent.NewConsumer(e.consumerConf("g"), kafka.Hooks{})
		require.NoError(t, err)
		o := new(observer)
		require.NoError(t, c.Subscribe([]string{"t"}, o))
		e.serve(c, func() bool { return o.count() == 1 })
		release := e.hold(kmsg.LeaveGroup)
		defer release()
		short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, c.Close(short), context.DeadlineExceeded)
		require.Equal(t, []string{"assigned t/0", "revoked t/0"}, o.events())
		require.NoError(t, c.Close(e.ctx()), "a second time")
	})
	t.Run("of a broker that is not there", func(t *testing.T) {
		c, err := confluent.NewConsumer(kafka.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g"}, kafka.Hooks{})
		require.NoError(t, err)
		require.NoError(t, c.Subscribe([]string{"t"}, nil))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, c.Close(ctx))
	})
}

// Close comes to an end at whatever point of joining it falls.
func TestCloseWhileJoining(t *testing.T) {
	e := newEnv(t, 1, "t")
	var all sync.WaitGroup
	for i := range 50 {
		c, err := confluent.NewConsumer(e.consumerConf(fmt.Sprint("g", i)), kafka.Hooks{})
		require.NoError(t, err)
		require.NoError(t, c.Subscribe([]string{"t"}, nil))
		all.Go(func() {
			time.Sleep(time.Duration(i) * 10 * time.Millisecond)
			if err := c.Close(e.ctx()); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	all.Wait()
}
