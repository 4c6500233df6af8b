package kafkatest

import (
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func endCases() []testCase {
	return []testCase{
		{"Ends/once for each time", endsOnce},
		{"Ends/empty partitions", endsEmpty},
		{"Ends/committed at the end", endsCommitted},
		{"Ends/behind transaction markers", endsMarkers},
		{"Ends/behind aborted records", endsAborted},
		{"Ends/before an open transaction", endsOpen},
		{"Ends/after seek", endsSeek},
	}
}

// eof turns Batch.Ends on.
var eof = kafka.Config{"enable.partition.eof": true}

// untilEnd polls until n ends were reported, and returns what came.
func (e *env) untilEnd(c kafka.Consumer, n int) *drain {
	e.Helper()
	d := &drain{}
	e.until(c, d, func(d *drain) bool { return len(d.ends) >= n || len(d.errs) > 0 })
	require.Empty(e, d.errs)
	require.Len(e, d.ends, n)
	d.ends = positions(d.ends)
	return d
}

// endsOnce: the end is reported with the last records or after them, with the
// offset of the next, and again after more have come.
func endsOnce(e *env) {
	topic := e.topic(1)
	p := e.producer()
	e.fill(p, topic, 0, 5)
	c := e.subscribed([]string{topic}, eof)
	d := e.untilEnd(c, 1)
	require.Equal(e, numbers(0, 5), values(d.recs), "all records before the end")
	require.Equal(e, []kafka.Offset{offset(topic, 0, 5)}, d.ends)
	e.expectNothing(c)

	e.send(p, text(topic, 0, "5"))
	d = e.untilEnd(c, 1)
	require.Equal(e, []string{"5"}, values(d.recs))
	require.Equal(e, []kafka.Offset{offset(topic, 0, 6)}, d.ends)
}

func endsEmpty(e *env) {
	topic := e.topic(3)
	c := e.subscribed([]string{topic}, eof)
	d := e.untilEnd(c, 3)
	require.Empty(e, d.recs)
	require.Equal(e, []kafka.Offset{offset(topic, 0, 0), offset(topic, 1, 0), offset(topic, 2, 0)}, d.ends)
}

// endsCommitted: a consumer that starts at the end gets the end.
func endsCommitted(e *env) {
	topic, group := e.topic(1), e.name("group")
	e.fill(e.producer(), topic, 0, 5)
	first := e.consumer(group)
	require.NoError(e, first.Subscribe([]string{topic}, nil))
	e.read(first, 5)
	require.NoError(e, first.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 5)}))
	require.NoError(e, first.Close(e.ctx()))

	c := e.consumer(group, eof)
	require.NoError(e, c.Subscribe([]string{topic}, nil))
	d := e.untilEnd(c, 1)
	require.Empty(e, d.recs)
	require.Equal(e, []kafka.Offset{offset(topic, 0, 5)}, d.ends)
}

// endsMarkers: a transaction leaves a marker in the log, which takes an offset.
func endsMarkers(e *env) {
	topic := e.topic(1)
	t := e.txnProducer(e.name("txn"))
	for _, isolation := range []string{"read_committed", "read_uncommitted"} {
		require.NoError(e, t.Begin(e.ctx()))
		e.fill(t, topic, 0, 3)
		require.NoError(e, t.End(e.ctx(), true))

		c := e.subscribed([]string{topic}, eof, kafka.Config{"isolation.level": isolation})
		d := e.untilEnd(c, 1)
		last := d.recs[len(d.recs)-1]
		require.Equal(e, []kafka.Offset{offset(topic, 0, last.Offset+2)}, d.ends, isolation)
		require.Equal(e, values(d.recs)[:3], numbers(0, 3))
	}
}

// endsAborted: records that are not returned move the end too.
func endsAborted(e *env) {
	topic := e.topic(1)
	t := e.txnProducer(e.name("txn"))
	require.NoError(e, t.Begin(e.ctx()))
	e.fill(t, topic, 0, 3)
	require.NoError(e, t.End(e.ctx(), false))
	c := e.subscribed([]string{topic}, eof)
	d := e.untilEnd(c, 1)
	require.Empty(e, d.recs)
	require.Equal(e, []kafka.Offset{offset(topic, 0, 4)}, d.ends, "three records and a marker")

	require.NoError(e, t.Begin(e.ctx()))
	e.fill(t, topic, 0, 1)
	require.NoError(e, t.End(e.ctx(), true))
	d = e.untilEnd(c, 1)
	require.Equal(e, numbers(0, 1), values(d.recs))
	require.Equal(e, []kafka.Offset{offset(topic, 0, 6)}, d.ends)
}

// endsOpen: with read_committed the end is where an open transaction begins;
// when it is committed, its records come.
func endsOpen(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, 2)
	t := e.txnProducer(e.name("txn"))
	require.NoError(e, t.Begin(e.ctx()))
	e.fill(t, topic, 0, 3)

	committed := e.subscribed([]string{topic}, eof)
	d := e.untilEnd(committed, 1)
	require.Equal(e, numbers(0, 2), values(d.recs))
	require.Equal(e, []kafka.Offset{offset(topic, 0, 2)}, d.ends)
	all := e.subscribed([]string{topic}, eof, kafka.Config{"isolation.level": "read_uncommitted"})
	d = e.untilEnd(all, 1)
	require.Len(e, d.recs, 5)
	require.Equal(e, []kafka.Offset{offset(topic, 0, 5)}, d.ends)

	require.NoError(e, t.End(e.ctx(), true))
	d = e.untilEnd(committed, 1)
	require.Equal(e, numbers(0, 3), values(d.recs))
	require.Equal(e, []kafka.Offset{offset(topic, 0, 6)}, d.ends)
}

// endsSeek: after a Seek the end is reported again.
func endsSeek(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, 5)
	c := e.subscribed([]string{topic}, eof)
	e.untilEnd(c, 1)
	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, 3)))
	d := e.untilEnd(c, 1)
	require.Equal(e, numbers(3, 5), values(d.recs))
	require.NoError(e, c.Seek(e.ctx(), offset(topic, 0, kafka.OffsetEnd)))
	d = e.untilEnd(c, 1)
	require.Empty(e, d.recs)
	require.Equal(e, []kafka.Offset{offset(topic, 0, 5)}, d.ends)
}
