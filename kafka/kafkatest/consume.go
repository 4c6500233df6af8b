package kafkatest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func consumeCases() []testCase {
	return []testCase{
		{"Consume/order and max", consumeOrder},
		{"Consume/context", consumeContext},
		{"Consume/before Subscribe", consumeBeforeSubscribe},
		{"Consume/commit and resume", consumeCommit},
		{"Consume/auto.offset.reset earliest and latest", consumeReset},
		{"Consume/auto.offset.reset error", consumeResetError},
		{"Consume/committed offset that is gone", consumeOutOfRange},
		{"Consume/start positions from Assigned", consumeStarts},
		{"Consume/Assigned fails", consumeAssignedFails},
		{"Consume/regular expression", consumeRegexp},
		{"Consume/a second Subscribe", consumeResubscribe},
		{"Consume/missing topic", consumeMissingTopic},
		{"Consume/isolation", consumeIsolation},
		{"Consume/pause and resume", consumePause},
		{"Consume/from many goroutines", consumeConcurrently},
	}
}

// consumeOrder: a Poll brings no more than asked for, in offset order within
// each partition, and all together bring everything once.
func consumeOrder(e *env) {
	topic := e.topic(3)
	p := e.producer()
	for i := range int32(3) {
		e.fill(p, topic, i, 100)
	}
	c := e.subscribed([]string{topic})
	next := map[int32]int64{}
	for total := 0; total < 300; {
		d := &drain{}
		e.pollMax(c, d, 7)
		require.LessOrEqual(e, len(d.recs), 7)
		require.Empty(e, d.errs)
		require.Empty(e, d.ends, "enable.partition.eof is off")
		for _, r := range d.recs {
			require.Equal(e, next[r.Partition], r.Offset)
			next[r.Partition]++
		}
		total += len(d.recs)
	}
	require.Equal(e, map[int32]int64{0: 100, 1: 100, 2: 100}, next)
}

// consumeContext: Poll returns the context's error when that ends, empties the
// batch, and the next Poll goes on.
func consumeContext(e *env) {
	topic := e.topic(1)
	p := e.producer()
	c := e.subscribed([]string{topic})
	e.send(p, text(topic, 0, "0"))
	var b kafka.Batch
	for len(b.Records) == 0 {
		require.NoError(e, c.Poll(e.ctx(), &b, 10))
	}

	short, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	require.ErrorIs(e, c.Poll(short, &b, 10), context.DeadlineExceeded)
	require.Empty(e, b.Records)

	cancelled, cancel := context.WithCancel(context.Background())
	waiting := make(chan struct{})
	go func() { <-waiting; cancel() }()
	close(waiting)
	require.ErrorIs(e, c.Poll(cancelled, &b, 10), context.Canceled)

	e.send(p, text(topic, 0, "1"))
	require.Equal(e, []string{"1"}, values(e.read(c, 1)))
}

func consumeBeforeSubscribe(e *env) {
	c := e.consumer(e.name("group"))
	var b kafka.Batch
	require.Equal(e, int16(-172), e.code(c.Poll(e.ctx(), &b, 1)), "librdkafka's STATE")
	require.Error(e, c.Subscribe(nil, nil))

	lone := e.consumer("", kafka.Config{"group.id": ""})
	require.Error(e, lone.Subscribe([]string{"topic"}, nil), "a group is needed")
}

// consumeCommit: only Commit moves the group's offsets, and a new member goes
// on from there.
func consumeCommit(e *env) {
	topic, group := e.topic(2), e.name("group")
	p := e.producer()
	e.fill(p, topic, 0, 10)
	e.fill(p, topic, 1, 10)

	first := e.consumer(group)
	require.NoError(e, first.Subscribe([]string{topic}, nil))
	e.read(first, 20)
	require.NoError(e, first.Commit(e.ctx(), nil), "nothing to commit")
	require.NoError(e, first.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 4), offset(topic, 1, 10)}))
	require.NoError(e, first.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 3)}), "back is allowed")
	require.Error(e, first.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, kafka.OffsetEnd)}), "not a number")
	require.NoError(e, first.Close(e.ctx()))

	second := e.consumer(group)
	rebalances := &rebalanceLog{assigned: func(_ context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
		require.Equal(e, []kafka.Offset{offset(topic, 0, 3), offset(topic, 1, 10)}, positions(committed))
		return nil, nil
	}}
	require.NoError(e, second.Subscribe([]string{topic}, rebalances))
	require.Equal(e, numbers(3, 10), values(e.read(second, 7)))
	e.send(p, text(topic, 1, "new"))
	require.Equal(e, []string{"new"}, values(e.read(second, 1)))
}

func consumeReset(e *env) {
	topic := e.topic(1)
	p := e.producer()
	e.fill(p, topic, 0, 5)
	require.Equal(e, numbers(0, 5), values(e.read(e.subscribed([]string{topic}, kafka.Config{"auto.offset.reset": "smallest"}), 5)))

	// latest is the default, as in librdkafka.
	c, err := e.driver.NewConsumer(e.consumerConf(e.name("group"), kafka.Config{"auto.offset.reset": nil}), kafka.Hooks{})
	require.NoError(e, err)
	defer func() { require.NoError(e, c.Close(e.ctx())) }()
	rebalances := &rebalanceLog{}
	require.NoError(e, c.Subscribe([]string{topic}, rebalances))
	require.Empty(e, e.pollBriefly(c, func() bool { return rebalances.owned() > 0 }).recs)
	e.expectNothing(c) // until it stands at the end
	e.send(p, text(topic, 0, "new"))
	require.Equal(e, []string{"new"}, values(e.read(c, 1)))
}

// consumeResetError: a partition without a place to start reports -140, the
// others go on, and a Seek starts it.
func consumeResetError(e *env) {
	topic, group := e.topic(2), e.name("group")
	p := e.producer()
	e.fill(p, topic, 0, 5)
	e.fill(p, topic, 1, 5)
	first := e.consumer(group)
	require.NoError(e, first.Subscribe([]string{topic}, nil))
	e.read(first, 10)
	require.NoError(e, first.Commit(e.ctx(), []kafka.Offset{offset(topic, 1, 2)}))
	require.NoError(e, first.Close(e.ctx()))

	c := e.consumer(group, kafka.Config{"auto.offset.reset": "error"})
	require.NoError(e, c.Subscribe([]string{topic}, nil))
	d := &drain{}
	e.until(c, d, func(d *drain) bool { return len(d.recs) >= 3 && len(d.errs) > 0 })
	require.Equal(e, numbers(2, 5), values(d.recs))
	require.Equal(e, part(topic, 0), d.errs[0].TopicPartition)
	require.Equal(e, int16(-140), e.code(d.errs[0].Err), "librdkafka's AUTO_OFFSET_RESET")

	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, 1)))
	require.Equal(e, numbers(1, 5), values(e.read(c, 4)))
}

// consumeOutOfRange: an offset that the log does not have is treated as none.
func consumeOutOfRange(e *env) {
	topic, group := e.topic(1), e.name("group")
	e.fill(e.producer(), topic, 0, 5)
	first := e.consumer(group)
	require.NoError(e, first.Subscribe([]string{topic}, nil))
	e.read(first, 5)
	require.NoError(e, first.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 1000)}))
	require.NoError(e, first.Close(e.ctx()))

	c := e.consumer(group)
	require.NoError(e, c.Subscribe([]string{topic}, nil))
	require.Equal(e, numbers(0, 5), values(e.read(c, 5)))
}

// consumeStarts: reading starts where Assigned says, number or position, and
// where it says nothing, as without it.
func consumeStarts(e *env) {
	topic := e.topic(4)
	p := e.producer()
	for i := range int32(4) {
		e.fill(p, topic, i, 10)
	}
	c := e.consumer(e.name("group"))
	assigned := false
	rebalances := &rebalanceLog{assigned: func(_ context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
		assigned = true
		require.Len(e, committed, 4)
		for _, o := range committed {
			require.Equal(e, kafka.OffsetNone, o.Offset)
		}
		return []kafka.Offset{offset(topic, 0, 7), offset(topic, 1, kafka.OffsetStart), offset(topic, 2, kafka.OffsetEnd)}, nil
	}}
	require.NoError(e, c.Subscribe([]string{topic}, rebalances))

	first := map[int32]string{}
	count := map[int32]int{}
	d := &drain{}
	e.until(c, d, func(d *drain) bool { return len(d.recs) >= 3+10+10 })
	e.send(p, text(topic, 2, "new"))
	e.until(c, d, func(d *drain) bool { return len(d.recs) >= 3+10+10+1 })
	require.True(e, assigned, "before any record")
	for _, r := range d.recs {
		if count[r.Partition]++; count[r.Partition] == 1 {
			first[r.Partition] = string(r.Value)
		}
	}
	require.Equal(e, map[int32]string{0: "7", 1: "0", 2: "new", 3: "0"}, first)
	require.Equal(e, map[int32]int{0: 3, 1: 10, 2: 1, 3: 10}, count)
	rebalances.check(e)
}

// consumeAssignedFails: what Assigned returns ends the Poll, nothing is read,
// and a later Poll asks again.
func consumeAssignedFails(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, 5)
	c := e.consumer(e.name("group"))
	errAssigned := errors.New("not yet")
	calls := 0
	rebalances := &rebalanceLog{assigned: func(context.Context, []kafka.Offset) ([]kafka.Offset, error) {
		if calls++; calls == 1 {
			return nil, errAssigned
		}
		return nil, nil
	}}
	require.NoError(e, c.Subscribe([]string{topic}, rebalances))
	var b kafka.Batch
	require.ErrorIs(e, c.Poll(e.ctx(), &b, 10), errAssigned)
	require.Empty(e, b.Records)
	require.Equal(e, numbers(0, 5), values(e.read(c, 5)))
	require.Equal(e, 2, calls)
}

// consumeRegexp: a topic beginning with ^ is a regular expression, beside which
// plain names are still names.
func consumeRegexp(e *env) {
	prefix := e.name("re")
	named := e.topic(1)
	p := e.producer()
	for _, topic := range []string{prefix + ".a", prefix + ".b", prefix + "xc", "not" + prefix + ".d"} {
		e.createTopic(topic, 1)
		e.fill(p, topic, 0, 1)
	}
	e.fill(p, named, 0, 1)
	c := e.subscribed([]string{"^" + prefix + `\..*`, named})
	var topics []string
	for _, r := range e.read(c, 3) {
		topics = append(topics, r.Topic)
	}
	slices.Sort(topics)
	want := []string{prefix + ".a", prefix + ".b", named}
	slices.Sort(want)
	require.Equal(e, want, topics)
}

// consumeResubscribe: a second Subscribe replaces the first.
func consumeResubscribe(e *env) {
	one, two := e.topic(1), e.topic(1)
	p := e.producer()
	e.fill(p, one, 0, 3)
	e.fill(p, two, 0, 3)
	c := e.consumer(e.name("group"))
	first, second := &rebalanceLog{}, &rebalanceLog{}
	require.NoError(e, c.Subscribe([]string{one}, first))
	e.read(c, 3)
	require.NoError(e, c.Subscribe([]string{two}, second))
	recs := e.read(c, 3)
	for _, r := range recs {
		require.Equal(e, two, r.Topic)
	}
	require.Equal(e, []string{"assigned [0]", "revoked [0]"}, first.all())
	require.Equal(e, []string{"assigned [0]"}, second.all())
}

// consumeMissingTopic: a topic that does not exist is an error of its own, and
// the others are read.
func consumeMissingTopic(e *env) {
	topic, missing := e.topic(1), e.name("missing")
	e.fill(e.producer(), topic, 0, 3)
	c := e.subscribed([]string{topic, missing})
	d := &drain{}
	e.until(c, d, func(d *drain) bool { return len(d.recs) >= 3 && len(d.errs) > 0 })
	require.Equal(e, missing, d.errs[0].Topic)
	require.Equal(e, int16(3), e.code(d.errs[0].Err), "UNKNOWN_TOPIC_OR_PARTITION")
}

// consumeIsolation: aborted records are hidden by default and seen with
// read_uncommitted; committed ones are seen by both.
func consumeIsolation(e *env) {
	topic := e.topic(1)
	t := e.txnProducer(e.name("txn"))
	for i, commit := range []bool{true, false, true} {
		require.NoError(e, t.Begin(e.ctx()))
		e.send(t, text(topic, 0, numbers(0, 3)[i]))
		require.NoError(e, t.End(e.ctx(), commit))
	}
	require.Equal(e, []string{"0", "2"}, values(e.read(e.subscribed([]string{topic}), 2)))
	all := e.subscribed([]string{topic}, kafka.Config{"isolation.level": "read_uncommitted"})
	require.Equal(e, numbers(0, 3), values(e.read(all, 3)))
}

// consumePause: nothing comes of paused partitions, whatever was fetched
// before; the others go on; Resume loses nothing.
func consumePause(e *env) {
	topic := e.topic(2)
	p := e.producer()
	c := e.subscribed([]string{topic})
	e.fill(p, topic, 0, 1)
	e.fill(p, topic, 1, 1)
	e.read(c, 2)

	require.NoError(e, c.Pause(part(topic, 0), part("elsewhere", 0)))
	e.send(p, text(topic, 0, "held"), text(topic, 1, "free"))
	require.Equal(e, []string{"free"}, values(e.read(c, 1)))
	e.expectNothing(c)

	require.NoError(e, c.Resume(part(topic, 0), part("elsewhere", 0)))
	require.Equal(e, []string{"held"}, values(e.read(c, 1)))
	require.NoError(e, c.Pause())
	require.NoError(e, c.Resume())
	e.send(p, text(topic, 0, "more"))
	require.Equal(e, []string{"more"}, values(e.read(c, 1)))
}

// consumeConcurrently: Commit, Pause, Resume and Seek are called from other
// goroutines while one polls; in the end everything was read.
func consumeConcurrently(e *env) {
	const n = 200
	topic := e.topic(2)
	p := e.producer()
	e.fill(p, topic, 0, n)
	e.fill(p, topic, 1, n)
	c := e.subscribed([]string{topic})
	d := &drain{}
	e.until(c, d, func(d *drain) bool { return len(d.recs) > 0 })

	ctx, cancel := context.WithCancel(e.ctx())
	defer cancel()
	var wg sync.WaitGroup
	try := func(f func(i int) error) {
		wg.Go(func() {
			for i := 0; i < 20 && ctx.Err() == nil; i++ {
				if err := f(i); err != nil && ctx.Err() == nil {
					e.Error(err)
				}
			}
		})
	}
	try(func(i int) error { return c.Commit(ctx, []kafka.Offset{offset(topic, 0, int64(i))}) })
	try(func(int) error { return errors.Join(c.Pause(part(topic, 0)), c.Resume(part(topic, 0))) })
	try(func(i int) error { return c.Seek(ctx, offset(topic, 1, int64(i))) })
	busy := make(chan struct{})
	go func() { wg.Wait(); close(busy) }()
	last := map[int32]bool{}
	note := func() bool {
		for _, r := range d.recs {
			last[r.Partition] = last[r.Partition] || r.Offset == n-1
		}
		select {
		case <-busy:
			return last[0] && last[1]
		default:
			return false
		}
	}
	for !note() {
		polling, done := context.WithTimeout(ctx, shortWait)
		var b kafka.Batch
		if err := c.Poll(polling, &b, 50); err != nil {
			require.ErrorIs(e, err, context.DeadlineExceeded)
			require.NoError(e, ctx.Err())
		}
		done()
		d.recs = append(d.recs, b.Records...)
	}

	seen := map[int64]bool{}
	for _, r := range d.recs {
		if r.Partition == 0 {
			require.False(e, seen[r.Offset], "offset %d twice, without a Seek", r.Offset)
			seen[r.Offset] = true
		}
	}
	require.Len(e, seen, n)
}
