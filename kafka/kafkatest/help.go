package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// send produces records and waits until all were delivered.
func (e *env) send(p kafka.Producer, recs ...*kafka.Record) {
	e.Helper()
	errs := make([]error, len(recs))
	for i, r := range recs {
		require.NoError(e, p.Produce(e.ctx(), r, func(_ *kafka.Record, err error) { errs[i] = err }))
	}
	require.NoError(e, p.Flush(e.ctx()))
	require.NoError(e, errors.Join(errs...))
}

// text makes a record with a value and no key, for one partition.
func text(topic string, partition int32, value string) *kafka.Record {
	return &kafka.Record{Topic: topic, Partition: partition, Value: []byte(value)}
}

// fill sends n records, with the values 0 to n-1, to one partition.
func (e *env) fill(p kafka.Producer, topic string, partition int32, n int) {
	e.Helper()
	recs := make([]*kafka.Record, n)
	for i := range recs {
		recs[i] = text(topic, partition, fmt.Sprint(i))
	}
	e.send(p, recs...)
}

// drain is what polling has brought so far.
type drain struct {
	recs []*kafka.Record
	ends []kafka.Offset
	errs []kafka.PartitionError
}

// poll polls once and adds to d.
func (e *env) poll(c kafka.Consumer, d *drain) {
	e.Helper()
	e.pollMax(c, d, 100)
}

func (e *env) pollMax(c kafka.Consumer, d *drain, max int) {
	e.Helper()
	var b kafka.Batch
	require.NoError(e, c.Poll(e.ctx(), &b, max))
	d.recs = append(d.recs, b.Records...)
	d.ends = append(d.ends, b.Ends...)
	d.errs = append(d.errs, b.Errors...)
}

// until polls until done says so.
func (e *env) until(c kafka.Consumer, d *drain, done func(*drain) bool) {
	e.Helper()
	for ctx := e.ctx(); !done(d); {
		require.NoError(e, ctx.Err(), "%d records, %d ends, %d errors came", len(d.recs), len(d.ends), len(d.errs))
		e.poll(c, d)
	}
}

// read polls until n more records came, and returns them. Errors of partitions
// fail the test.
func (e *env) read(c kafka.Consumer, n int) []*kafka.Record {
	e.Helper()
	d := &drain{}
	e.until(c, d, func(d *drain) bool { return len(d.recs) >= n || len(d.errs) > 0 })
	require.Empty(e, d.errs)
	require.Len(e, d.recs, n)
	return d.recs
}

// nap polls for a moment, in which nothing is expected but rebalances.
func (e *env) nap(c kafka.Consumer) {
	e.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	var b kafka.Batch
	err := c.Poll(ctx, &b, 100)
	require.Empty(e, b.Records)
	require.ErrorIs(e, err, context.DeadlineExceeded)
}

// glance polls, a moment each time, until so, and takes what comes.
func (e *env) glance(c kafka.Consumer, so func() bool) *drain {
	e.Helper()
	d := &drain{}
	for all := e.ctx(); !so(); {
		require.NoError(e, all.Err())
		ctx, cancel := context.WithTimeout(context.Background(), moment)
		var b kafka.Batch
		if err := c.Poll(ctx, &b, 100); err != nil {
			require.ErrorIs(e, err, context.DeadlineExceeded)
		}
		cancel()
		d.recs = append(d.recs, b.Records...)
		d.errs = append(d.errs, b.Errors...)
	}
	return d
}

// values are the values of records as texts.
func values(recs []*kafka.Record) []string {
	out := make([]string, len(recs))
	for i, r := range recs {
		out[i] = string(r.Value)
	}
	return out
}

// numbers is "0" to n-1, from.
func numbers(from, to int) []string {
	out := []string{}
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

// offset is an offset without an epoch.
func offset(topic string, partition int32, at int64) kafka.Offset {
	return kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: topic, Partition: partition}, Offset: at, LeaderEpoch: -1}
}

func part(topic string, partition int32) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: topic, Partition: partition}
}

// positions drops the epochs, which not every broker gives.
func positions(offsets []kafka.Offset) []kafka.Offset {
	out := slices.Clone(offsets)
	for i := range out {
		out[i].LeaderEpoch = -1
	}
	slices.SortFunc(out, func(a, b kafka.Offset) int { return compare(a.TopicPartition, b.TopicPartition) })
	return out
}

func compare(a, b kafka.TopicPartition) int {
	if c := strings.Compare(a.Topic, b.Topic); c != 0 {
		return c
	}
	return int(a.Partition) - int(b.Partition)
}

// code returns the code of a *kafka.Error.
func (e *env) code(err error) int16 {
	e.Helper()
	var be *kafka.Error
	require.ErrorAs(e, err, &be)
	return be.Code
}

// log is a Rebalance that notes what it is told. Its functions are optional.
type log struct {
	assigned func(context.Context, []kafka.Offset) ([]kafka.Offset, error)
	revoked  func(context.Context, []kafka.TopicPartition)
	lost     func([]kafka.TopicPartition)

	mu    sync.Mutex
	has   map[kafka.TopicPartition]bool
	lines []string // "assigned [0 1]", with the partitions' numbers
	calls int      // under way: they must not overlap
	bad   []string // what must not happen
}

func (l *log) Assigned(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	var parts []kafka.TopicPartition
	for _, o := range committed {
		parts = append(parts, o.TopicPartition)
	}
	defer l.enter("assigned", parts)()
	if l.assigned == nil {
		return nil, nil
	}
	start, err := l.assigned(ctx, committed)
	if err != nil {
		l.set(parts, false) // not theirs: the client asks again
	}
	return start, err
}

func (l *log) Revoked(ctx context.Context, parts []kafka.TopicPartition) {
	defer l.enter("revoked", parts)()
	if l.revoked != nil {
		l.revoked(ctx, parts)
	}
}

func (l *log) Lost(parts []kafka.TopicPartition) {
	defer l.enter("lost", parts)()
	if l.lost != nil {
		l.lost(parts)
	}
}

// enter notes a call, and checks that it is a delta of what was told before.
func (l *log) enter(what string, parts []kafka.TopicPartition) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls++; l.calls > 1 {
		l.bad = append(l.bad, what+" beside another call")
	}
	if l.has == nil {
		l.has = map[kafka.TopicPartition]bool{}
	}
	var ids []int32
	for _, tp := range parts {
		ids = append(ids, tp.Partition)
		if l.has[tp] == (what == "assigned") {
			l.bad = append(l.bad, fmt.Sprintf("%s %v is no delta", what, tp))
		}
		l.has[tp] = what == "assigned"
	}
	slices.Sort(ids)
	l.lines = append(l.lines, fmt.Sprint(what, " ", ids))
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls--
	}
}

func (l *log) set(parts []kafka.TopicPartition, has bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, tp := range parts {
		l.has[tp] = has
	}
}

// owned is how many partitions were assigned and not taken since.
func (l *log) owned() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, has := range l.has {
		if has {
			n++
		}
	}
	return n
}

// saw reports whether there was a call of a kind.
func (l *log) saw(what string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.lines, func(line string) bool { return strings.HasPrefix(line, what) })
}

func (l *log) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// check fails the test if a call was not a delta, or overlapped another.
func (l *log) check(e *env) {
	e.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Empty(e, l.bad, "%v", l.lines)
}
