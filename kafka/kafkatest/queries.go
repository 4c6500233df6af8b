package kafkatest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func queryCases() []testCase {
	return []testCase{
		{"Offsets/watermarks", offsetsWatermarks},
		{"Offsets/by time", offsetsByTime},
		{"Offsets/committed", offsetsCommitted},
		{"Assigner/positions", assignPositions},
		{"Assigner/committed offsets", assignCommitted},
		{"Assigner/ends, pause and seek", assignEnds},
		{"Assigner/without a group", assignWithoutGroup},
		{"Metadata/partitions", metadataPartitions},
	}
}

func (e *env) offsets(c kafka.Consumer) kafka.Offsets {
	e.Helper()
	require.Implements(e, (*kafka.Offsets)(nil), c)
	return c.(kafka.Offsets)
}

func offsetsWatermarks(e *env) {
	topic := e.topic(2)
	e.fill(e.producer(), topic, 1, 5)
	c := e.consumer(e.name("group")) // before Subscribe
	for range 2 {
		low, high, err := e.offsets(c).Watermarks(e.ctx(), part(topic, 1))
		require.NoError(e, err)
		require.Equal(e, []int64{0, 5}, []int64{low, high})
		low, high, err = e.offsets(c).Watermarks(e.ctx(), part(topic, 0))
		require.NoError(e, err)
		require.Equal(e, []int64{0, 0}, []int64{low, high})
		require.NoError(e, c.Subscribe([]string{topic}, nil)) // and after it
	}
	_, _, err := e.offsets(c).Watermarks(e.ctx(), part(e.name("missing"), 0))
	require.Error(e, err)
}

func offsetsByTime(e *env) {
	topic := e.topic(2)
	p := e.producer()
	start := time.UnixMilli(1_700_000_000_000)
	for i := range 5 {
		r := text(topic, 0, numbers(0, 5)[i])
		r.Timestamp = start.Add(time.Duration(i) * time.Second)
		e.send(p, r)
	}
	e.fill(p, topic, 1, 3)
	c := e.offsets(e.consumer(e.name("group")))
	tests := []struct {
		at   time.Time
		want int64
	}{
		{start.Add(-time.Hour), 0},
		{start.Add(2 * time.Second), 2},
		{start.Add(2*time.Second + time.Millisecond), 3},
		{start.Add(time.Hour), 5}, // none: the end
	}
	for _, tt := range tests {
		got, err := c.OffsetsAt(e.ctx(), tt.at, part(topic, 0))
		require.NoError(e, err)
		require.Equal(e, []kafka.Offset{offset(topic, 0, tt.want)}, positions(got), "%v", tt.at)
	}
	got, err := c.OffsetsAt(e.ctx(), start.Add(3*time.Second), part(topic, 1), part(topic, 0))
	require.NoError(e, err)
	require.Len(e, got, 2)
	require.Equal(e, part(topic, 1), got[0].TopicPartition, "in the order asked for")
	require.Equal(e, int64(3), got[1].Offset)
}

func offsetsCommitted(e *env) {
	topic, group := e.topic(2), e.name("group")
	e.fill(e.producer(), topic, 0, 5)
	c := e.consumer(group)
	got, err := e.offsets(c).Committed(e.ctx(), part(topic, 0), part(topic, 1))
	require.NoError(e, err)
	require.Equal(e, []kafka.Offset{offset(topic, 0, kafka.OffsetNone), offset(topic, 1, kafka.OffsetNone)}, positions(got))

	require.NoError(e, c.Subscribe([]string{topic}, nil))
	e.read(c, 5)
	require.NoError(e, c.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 3)}))
	got, err = e.offsets(c).Committed(e.ctx(), part(topic, 1), part(topic, 0))
	require.NoError(e, err)
	require.Equal(e, []kafka.Offset{offset(topic, 0, 3), offset(topic, 1, kafka.OffsetNone)}, positions(got))
}

func (e *env) assign(c kafka.Consumer, at ...kafka.Offset) {
	e.Helper()
	require.Implements(e, (*kafka.Assigner)(nil), c)
	require.NoError(e, c.(kafka.Assigner).Assign(e.ctx(), at...))
}

// assignPositions: reading starts where Assign says, and a second Assign
// replaces the first.
func assignPositions(e *env) {
	topic := e.topic(3)
	p := e.producer()
	for i := range int32(3) {
		e.fill(p, topic, i, 5)
	}
	c := e.consumer(e.name("group"))
	e.assign(c, offset(topic, 0, 3), offset(topic, 1, kafka.OffsetEnd))
	require.Equal(e, numbers(3, 5), values(e.read(c, 2)))
	e.send(p, text(topic, 1, "new"))
	require.Equal(e, []string{"new"}, values(e.read(c, 1)))

	e.assign(c, offset(topic, 2, kafka.OffsetStart))
	e.send(p, text(topic, 0, "not assigned any more"))
	require.Equal(e, numbers(0, 5), values(e.read(c, 5)))
	e.expectNothing(c)
	e.assign(c)
	e.expectNothing(c)
}

// assignCommitted: OffsetNone is the group's offset, or where auto.offset.reset
// says; Commit works without membership.
func assignCommitted(e *env) {
	topic, group := e.topic(2), e.name("group")
	p := e.producer()
	e.fill(p, topic, 0, 5)
	e.fill(p, topic, 1, 5)
	c := e.consumer(group)
	e.assign(c, offset(topic, 0, kafka.OffsetNone))
	require.Equal(e, numbers(0, 5), values(e.read(c, 5)))
	require.NoError(e, c.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 3)}))

	second := e.consumer(group)
	e.assign(second, offset(topic, 0, kafka.OffsetNone), offset(topic, 1, kafka.OffsetNone))
	require.ElementsMatch(e, append(numbers(3, 5), numbers(0, 5)...), values(e.read(second, 7)))
}

func assignEnds(e *env) {
	topic := e.topic(2)
	e.fill(e.producer(), topic, 0, 5)
	c := e.consumer(e.name("group"), eof)
	e.assign(c, offset(topic, 0, kafka.OffsetStart), offset(topic, 1, kafka.OffsetStart))
	d := e.untilEnd(c, 2)
	require.Equal(e, numbers(0, 5), values(d.recs))
	require.Equal(e, []kafka.Offset{offset(topic, 0, 5), offset(topic, 1, 0)}, d.ends)

	require.NoError(e, c.Pause(part(topic, 0)))
	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, 2)))
	e.expectNothing(c)
	require.NoError(e, c.Resume(part(topic, 0)))
	d = e.untilEnd(c, 1)
	require.Equal(e, numbers(2, 5), values(d.recs))
}

func assignWithoutGroup(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, 5)
	c := e.consumer("", kafka.Config{"group.id": ""})
	e.assign(c, offset(topic, 0, 2))
	require.Equal(e, numbers(2, 5), values(e.read(c, 3)))
	require.Error(e, c.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 1)}), "a group is needed")
}

// metadataPartitions: producers and consumers return a topic's partitions, and do not create the
// topic.
func metadataPartitions(e *env) {
	topic, missing := e.topic(5), e.name("missing")
	for _, client := range []any{e.producer(), e.consumer(e.name("group")), e.subscribed([]string{topic})} {
		require.Implements(e, (*kafka.Metadata)(nil), client)
		m := client.(kafka.Metadata)
		parts, err := m.Partitions(e.ctx(), topic)
		require.NoError(e, err)
		require.Equal(e, []int32{0, 1, 2, 3, 4}, parts)
		_, err = m.Partitions(e.ctx(), missing)
		require.Equal(e, int16(3), e.code(err), "UNKNOWN_TOPIC_OR_PARTITION")

		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = m.Partitions(ctx, topic)
		require.ErrorIs(e, err, context.Canceled)
	}
}
