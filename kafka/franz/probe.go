package franz

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// A partition is at its end when its position is the end of the log. Positions move with
// records, but the last offsets of a log may have no records: where compaction has removed a
// tombstone or a marker, the batch ends after its last record. kgo moves past such offsets
// without a callback. So when nothing was fetched for probeAfter, the partitions that are not
// at their end are fetched once without kgo.

// probeAfter is the wait before partitions are fetched directly.
const probeAfter = time.Second

// gap is a partition whose position is not known to be its end.
type gap struct {
	tp  kafka.TopicPartition
	pos int64
}

// gaps are the partitions to probe.
func (r *reader) gaps() []gap {
	if !r.c.s.partitionEOF {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []gap
	for tp, p := range r.parts {
		if p.installed && p.pos >= 0 && !p.ended && !p.paused && !p.held {
			list = append(list, gap{tp, p.pos})
		}
	}
	return list
}

// probe moves positions past offsets without records, and reports ends that are reached so.
func (r *reader) probe(ctx context.Context) {
	for _, g := range r.gaps() {
		f, next, ok := r.fetchDirectly(ctx, g)
		if !ok || len(f.Records) > 0 { // kgo fetches these records
			continue
		}
		r.mu.Lock()
		p := r.parts[g.tp]
		if p != nil && p.pos == g.pos {
			p.pos = max(next, g.pos)
			r.endAt(g.tp, p, bounds{known: true, end: r.c.s.end(&f)})
		}
		r.mu.Unlock()
	}
}

// fetchDirectly fetches a partition at its position, apart from kgo's own fetches. next is the
// offset after the last batch.
func (r *reader) fetchDirectly(ctx context.Context, g gap) (f kgo.FetchPartition, next int64, ok bool) {
	topics, err := describe(ctx, r.cl, g.tp.Topic)
	leader, _, leaderErr := r.cl.PartitionLeader(g.tp.Topic, g.tp.Partition)
	if err != nil || leaderErr != nil || leader < 0 {
		return f, 0, false
	}
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = g.tp.Partition, g.pos, int32(r.c.s.fetchPartitionMax)
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.TopicID, t.Partitions = g.tp.Topic, topics[g.tp.Topic].id, append(t.Partitions, p)
	req := kmsg.NewPtrFetchRequest()
	req.MaxBytes, req.IsolationLevel, req.SessionEpoch = int32(r.c.s.fetchMax), r.c.s.readable(), -1
	req.Topics = append(req.Topics, t)

	resp, err := await(ctx, func(ctx context.Context) (kmsg.Response, error) {
		return r.cl.Broker(int(leader)).RetriableRequest(ctx, req)
	})
	if err != nil {
		return f, 0, false
	}
	answer := resp.(*kmsg.FetchResponse)
	if answer.ErrorCode != 0 || len(answer.Topics) != 1 || len(answer.Topics[0].Partitions) != 1 {
		return f, 0, false
	}
	isolation := kgo.ReadUncommitted()
	if req.IsolationLevel == 1 {
		isolation = kgo.ReadCommitted()
	}
	f, next = kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		KeepControlRecords: true, Offset: g.pos, IsolationLevel: isolation, Topic: g.tp.Topic, Partition: g.tp.Partition,
	}, &answer.Topics[0].Partitions[0], kgo.DefaultDecompressor(), nil)
	return f, next, f.Err == nil
}
