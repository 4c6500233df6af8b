package franz

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// addFetch adds what was fetched of one partition to b. seeks is the number of Seeks before
// the fetch. The caller holds mu.
func (r *reader) addFetch(b *kafka.Batch, topic string, f *kgo.FetchPartition, seeks uint64) {
	tp := kafka.TopicPartition{Topic: topic, Partition: f.Partition}
	p := r.parts[tp]
	if f.Err != nil {
		r.addError(b, tp, p, f.Err)
		return
	}
	if p == nil {
		return // it was revoked after the fetch
	}
	if p.soughtAt > seeks {
		// A Seek ran during the fetch, so these records may be from before it. kgo is
		// sent to the position again: its own position may be from before the Seek too.
		r.set(tp, p.pos)
		return
	}
	r.addRecords(b, tp, p, f.Records)
	r.addEnd(b, tp, p, f)
}

// blockSize is how many records share one allocation. A record that the caller keeps keeps the
// memory of its block alive: so not more.
const blockSize = 128

// recordBlocks allocates records, several at a time, where there are no spare ones.
type recordBlocks struct {
	block []kafka.Record // the unused rest of the last allocation
	spare []*kafka.Record
	left  int // number of records that will be needed
}

// next returns a record without headers; the caller sets all other fields.
func (b *recordBlocks) next() *kafka.Record {
	if n := len(b.spare); n > 0 {
		r := b.spare[n-1]
		b.spare[n-1], b.spare = nil, b.spare[:n-1]
		clear(r.Headers)
		r.Headers, r.Attach = r.Headers[:0], nil
		return r
	}
	if len(b.block) == 0 {
		b.block = make([]kafka.Record, min(blockSize, b.left))
	}
	r := &b.block[0]
	b.block = b.block[1:]
	return r
}

// addRecords adds recs to b. Control records only move the position.
func (r *reader) addRecords(b *kafka.Batch, tp kafka.TopicPartition, p *part, recs []*kgo.Record) {
	if len(recs) == 0 {
		return
	}
	blocks := recordBlocks{left: len(recs), spare: b.Spare}
	defer func() { b.Spare = blocks.spare }()
	var headers []kafka.Header
	for i, rec := range recs {
		if rec.Attrs.IsControl() {
			continue
		}
		blocks.left = len(recs) - i
		out := blocks.next()
		out.Topic, out.Partition, out.Offset, out.LeaderEpoch = tp.Topic, tp.Partition, rec.Offset, rec.LeaderEpoch
		out.Key, out.Value = rec.Key, rec.Value
		out.Timestamp, out.TimestampType = timestamp(rec)
		if n := len(rec.Headers); n > 0 {
			if len(headers) < n && cap(out.Headers) < n {
				headers = make([]kafka.Header, max(n, min(blockSize, n*(len(recs)-i))))
			}
			if cap(out.Headers) < n {
				out.Headers, headers = headers[:0:n], headers[n:]
			}
			for j := range rec.Headers {
				out.Headers = append(out.Headers, kafka.Header(rec.Headers[j]))
			}
		}
		b.Records = append(b.Records, out)
	}
	p.pos = recs[len(recs)-1].Offset + 1
	p.ended = false
	for _, rec := range recs {
		rec.Recycle() // to recordPool; keys, values and headers stay valid
	}
}

// timestamp returns the zero time for records that have none: those of Kafka
// before 0.10, and those produced with -1.
func timestamp(rec *kgo.Record) (time.Time, kafka.TimestampType) {
	switch t := rec.Attrs.TimestampType(); {
	case t < 0 || rec.Timestamp.UnixMilli() == -1:
		return time.Time{}, kafka.TimestampNone
	case t == 1:
		return rec.Timestamp, kafka.TimestampAppend
	default:
		return rec.Timestamp, kafka.TimestampCreate
	}
}

// addEnd reports that the partition was read to its end, once.
func (r *reader) addEnd(b *kafka.Batch, tp kafka.TopicPartition, p *part, f *kgo.FetchPartition) {
	if !r.c.s.partitionEOF || p.ended || p.pos < 0 {
		return
	}
	if p.pos >= r.c.s.end(f) {
		p.ended = true
		b.Ends = append(b.Ends, kafka.Offset{TopicPartition: tp, Offset: p.pos, LeaderEpoch: -1})
	}
}

// end is the first offset of a partition that may not be read yet.
func (s *settings) end(f *kgo.FetchPartition) int64 {
	if s.isolation == "read_committed" && f.LastStableOffset >= 0 { // -1: brokers before 0.11
		return f.LastStableOffset
	}
	return f.HighWatermark
}

// addError classifies an error that kgo returns as a fetch: of a partition, of the group, or
// of the call itself.
func (r *reader) addError(b *kafka.Batch, tp kafka.TopicPartition, p *part, err error) {
	if group, ok := errors.AsType[*kgo.ErrGroupSession](err); ok {
		r.groupError(b, group.Err)
		return
	}
	if tp.Topic == "" {
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) { // poll checks its context itself
			r.fatal = convert(err)
		}
		return
	}
	if loss, ok := errors.AsType[*kgo.ErrDataLoss](err); ok && p != nil {
		p.pos, p.ended = loss.ResetTo, false
	}
	if errors.Is(err, kerr.OffsetOutOfRange) { // kgo resets the offset itself unless auto.offset.reset is error
		err = noOffset(err)
	}
	err = at(convert(err), tp)
	b.Errors = append(b.Errors, kafka.PartitionError{TopicPartition: tp, Err: err})
	if e, ok := errors.AsType[*kafka.Error](err); ok && e.Retriable {
		r.c.errs.Note(err) // reading goes on, so a program may overlook it
	}
}

// noOffset is the error of a partition without a position, with auto.offset.reset=error.
func noOffset(err error) error {
	return &kafka.Error{Code: codeAutoOffsetReset, Partition: -1, Err: err}
}

// groupError reports that the group could not be joined. kgo retries.
func (r *reader) groupError(b *kafka.Batch, err error) {
	converted := convert(err)
	e, ok := errors.AsType[*kafka.Error](converted)
	switch {
	case !ok:
		return // the client is being closed
	case e.Fatal:
		r.c.setFatal(e)
		r.fatal = e
		return
	case e.Retriable || e.Code < 0 || isRejoin(err):
		r.c.errs.Report(e)
		return
	}
	b.Errors = append(b.Errors, kafka.PartitionError{TopicPartition: kafka.TopicPartition{Partition: -1}, Err: e})
}

// isRejoin reports whether err means that this member has to join the group again.
func isRejoin(err error) bool {
	return errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.IllegalGeneration) || errors.Is(err, kerr.RebalanceInProgress)
}
