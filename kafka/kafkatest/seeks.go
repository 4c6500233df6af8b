package kafkatest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func seekCases() []testCase {
	return []testCase{
		{"Seek/back and forth", seekBackAndForth},
		{"Seek/no stale record", seekNoStale},
		{"Seek/within Assigned", seekWithinAssigned},
		{"Seek/right after Assigned", seekAfterAssigned},
		{"Seek/paused", seekPaused},
		{"Seek/not assigned", seekNotAssigned},
	}
}

func seekBackAndForth(e *env) {
	topic := e.topic(2)
	p := e.producer()
	e.fill(p, topic, 0, 10)
	e.fill(p, topic, 1, 10)
	c := e.subscribed([]string{topic})
	e.read(c, 20)

	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, 8), offset(topic, 1, 9)))
	require.Len(e, e.read(c, 3), 3)
	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, kafka.OffsetStart)))
	require.Equal(e, numbers(0, 10), values(e.read(c, 10)), "and nothing of the other partition")
	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, 5)))
	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, kafka.OffsetEnd)))
	e.send(p, text(topic, 0, "new"))
	require.Equal(e, []string{"new"}, values(e.read(c, 1)))
	require.NoError(e, c.Seek(e.ctx()), "of nothing")
}

// seekNoStale: what was fetched before a Seek does not come after it, although
// clients fetch ahead.
func seekNoStale(e *env) {
	const n = 500
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, n)
	c := e.subscribed([]string{topic})
	for _, to := range []int64{400, 0, 499, 100, 101} {
		d := &drain{}
		e.pollMax(c, d, 1) // the rest of the fetch waits in the client
		require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, to)))
		require.Equal(e, to, e.readOne(c).Offset)
		require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, 0)))
	}
	require.Equal(e, numbers(0, n), values(e.read(c, n)))
}

func (e *env) readOne(c kafka.Consumer) *kafka.Record {
	e.Helper()
	d := &drain{}
	for len(d.recs) == 0 {
		e.pollMax(c, d, 1)
	}
	require.Len(e, d.recs, 1)
	return d.recs[0]
}

// seekWithinAssigned: partitions are assigned, to Seek as well, when Assigned is
// called.
func seekWithinAssigned(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, 10)
	c := e.consumer(e.name("group"))
	rebalances := &rebalanceLog{assigned: func(ctx context.Context, _ []kafka.Offset) ([]kafka.Offset, error) {
		return nil, c.Seek(ctx, offset(topic, 0, 6))
	}}
	require.NoError(e, c.Subscribe([]string{topic}, rebalances))
	require.Equal(e, numbers(6, 10), values(e.read(c, 4)))
}

// seekAfterAssigned: a Seek is not lost among what the client does to start.
func seekAfterAssigned(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, 10)
	for _, pause := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		c := e.consumer(e.name("group"))
		ctx, cancel := context.WithCancel(context.Background())
		rebalances := &rebalanceLog{assigned: func(context.Context, []kafka.Offset) ([]kafka.Offset, error) {
			time.AfterFunc(pause, cancel)
			return nil, nil
		}}
		require.NoError(e, c.Subscribe([]string{topic}, rebalances))
		var b kafka.Batch
		for ctx.Err() == nil {
			_ = c.Poll(ctx, &b, 1) // brings a record, or the context's error
		}
		e.pollBriefly(c, func() bool { return rebalances.owned() > 0 }) // if the client did not get as far
		require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, 7)))
		require.Equal(e, numbers(7, 10), values(e.read(c, 3)))
	}
}

// seekPaused: a Seek does not end a pause, and is heeded when that ends.
func seekPaused(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, 10)
	c := e.subscribed([]string{topic})
	e.read(c, 10)
	require.NoError(e, c.Pause(part(topic, 0)))
	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, 4)))
	e.expectNothing(c)
	require.NoError(e, c.Resume(part(topic, 0)))
	require.Equal(e, numbers(4, 10), values(e.read(c, 6)))
}

func seekNotAssigned(e *env) {
	topic := e.topic(1)
	c := e.subscribed([]string{topic})
	require.Equal(e, int16(-172), e.code(c.Seek(e.ctx(), offset("elsewhere", 0, 0))), "librdkafka's STATE")
}
