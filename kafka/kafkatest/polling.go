package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// drain is the result of several polls.
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

// until polls until done returns true.
func (e *env) until(c kafka.Consumer, d *drain, done func(*drain) bool) {
	e.Helper()
	for ctx := e.ctx(); !done(d); {
		require.NoError(e, ctx.Err(), "%d records, %d ends, %d errors arrived", len(d.recs), len(d.ends), len(d.errs))
		e.poll(c, d)
	}
}

// read polls until n more records have arrived, and returns them. Errors of partitions fail the
// test.
func (e *env) read(c kafka.Consumer, n int) []*kafka.Record {
	e.Helper()
	d := &drain{}
	e.until(c, d, func(d *drain) bool { return len(d.recs) >= n || len(d.errs) > 0 })
	require.Empty(e, d.errs)
	require.Len(e, d.recs, n)
	return d.recs
}

// expectNothing polls for shortWait, and expects rebalances at most.
func (e *env) expectNothing(c kafka.Consumer) {
	e.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	var b kafka.Batch
	err := c.Poll(ctx, &b, 100)
	require.Empty(e, b.Records)
	require.ErrorIs(e, err, context.DeadlineExceeded)
}

// pollBriefly polls for shortWait at a time until so returns true, and returns the result.
func (e *env) pollBriefly(c kafka.Consumer, so func() bool) *drain {
	e.Helper()
	d := &drain{}
	for all := e.ctx(); !so(); {
		require.NoError(e, all.Err())
		ctx, cancel := context.WithTimeout(context.Background(), shortWait)
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

// numbers are the numbers from from to to-1, as texts.
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
