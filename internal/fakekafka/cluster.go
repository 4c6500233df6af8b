package fakekafka

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Cluster holds topics, groups and transactions. It is safe for concurrent use.
type Cluster struct {
	mu     sync.Mutex // guards everything in the cluster and in its consumers
	topics map[string][]*log
	groups map[string]*Group
	txns   map[string]int // the newest epoch of each transactional id

	changed chan struct{} // closed and replaced when a waiting Poll should look at the state again
}

// New makes a cluster with topics, given by their numbers of partitions.
func New(topics map[string]int) *Cluster {
	c := &Cluster{
		topics:  map[string][]*log{},
		groups:  map[string]*Group{},
		txns:    map[string]int{},
		changed: make(chan struct{}),
	}
	for name, partitions := range topics {
		c.AddTopic(name, partitions)
	}
	return c
}

// AddTopic creates a topic. Groups that are subscribed to it rebalance.
func (c *Cluster) AddTopic(name string, partitions int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	logs := make([]*log, partitions)
	for i := range logs {
		logs[i] = &log{}
	}
	c.topics[name] = logs
	for _, g := range c.groups {
		if len(g.members) > 0 {
			g.rebalance()
		}
	}
	c.wake()
}

// Append writes copies of records to a partition as if they had been produced, and returns the
// offset of the first. It uses Key, Value, Headers and Timestamp only.
func (c *Cluster) Append(topic string, partition int32, records ...kafka.Record) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.log(kafka.TopicPartition{Topic: topic, Partition: partition})
	first := l.next
	for i := range records {
		l.append(&records[i], nil)
	}
	c.wake()
	return first
}

// Skip leaves the next n offsets of a partition without records, as compaction and transaction
// markers do.
func (c *Cluster) Skip(topic string, partition int32, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log(kafka.TopicPartition{Topic: topic, Partition: partition}).next += n
	c.wake()
}

// Records returns what a read_committed reader sees of a topic, partition by
// partition. The records are the caller's.
func (c *Cluster) Records(topic string) []*kafka.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*kafka.Record
	for i, l := range c.topics[topic] {
		tp := kafka.TopicPartition{Topic: topic, Partition: int32(i)}
		out, _ = l.read(out, tp, 0, len(l.entries), false)
	}
	return out
}

// End returns the offset after the last record of a partition.
func (c *Cluster) End(topic string, partition int32) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log(kafka.TopicPartition{Topic: topic, Partition: partition}).next
}

// wake makes every waiting Poll look at the state again.
func (c *Cluster) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// log returns a partition's log. It panics if there is no such partition, which is a mistake
// in the test.
func (c *Cluster) log(tp kafka.TopicPartition) *log {
	logs := c.topics[tp.Topic]
	if int(tp.Partition) >= len(logs) || tp.Partition < 0 {
		panic(fmt.Sprintf("fakekafka: no partition %s [%d]", tp.Topic, tp.Partition))
	}
	return logs[tp.Partition]
}

// log is the log of one partition: records in ascending offsets, with gaps.
type log struct {
	entries []entry
	next    int64 // the end
}

type entry struct {
	rec kafka.Record
	txn *txn // nil: not part of a transaction
}

// append stores a copy of r, and returns its offset.
func (l *log) append(r *kafka.Record, t *txn) int64 {
	kept := kafka.Record{
		Offset:        l.next,
		Key:           bytes.Clone(r.Key),
		Value:         bytes.Clone(r.Value),
		Timestamp:     r.Timestamp,
		TimestampType: kafka.TimestampCreate,
	}
	if kept.Timestamp.IsZero() {
		kept.Timestamp = time.Now().Truncate(time.Millisecond)
	}
	for _, h := range r.Headers {
		kept.Headers = append(kept.Headers, kafka.Header{Key: h.Key, Value: bytes.Clone(h.Value)})
	}
	l.entries = append(l.entries, entry{rec: kept, txn: t})
	l.next++
	return kept.Offset
}

// read appends up to limit records from position on to out, and returns the new position: the
// end if there are no more.
func (l *log) read(out []*kafka.Record, tp kafka.TopicPartition, position int64, limit int, uncommitted bool) ([]*kafka.Record, int64) {
	i, _ := slices.BinarySearchFunc(l.entries, position, func(e entry, at int64) int { return cmp.Compare(e.rec.Offset, at) })
	for ; i < len(l.entries); i++ {
		e := &l.entries[i]
		if e.txn != nil && !uncommitted {
			if e.txn.state == txnOpen {
				return out, max(position, e.rec.Offset)
			}
			if e.txn.state == txnAborted {
				position = e.rec.Offset + 1
				continue
			}
		}
		if limit == 0 {
			return out, position
		}
		limit--
		r := e.rec
		r.Topic, r.Partition, r.LeaderEpoch = tp.Topic, tp.Partition, 0
		r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
		r.Headers = slices.Clone(r.Headers)
		out = append(out, &r)
		position = r.Offset + 1
	}
	return out, max(position, l.next)
}

// stable returns the offset up to which a reader may read.
func (l *log) stable(uncommitted bool) int64 {
	if !uncommitted {
		for i := range l.entries {
			if t := l.entries[i].txn; t != nil && t.state == txnOpen {
				return l.entries[i].rec.Offset
			}
		}
	}
	return l.next
}

// at returns the first offset whose timestamp is at or after t.
func (l *log) at(t time.Time) int64 {
	for i := range l.entries {
		if !l.entries[i].rec.Timestamp.Before(t) {
			return l.entries[i].rec.Offset
		}
	}
	return l.next
}

// partitionFor returns the partition of a key, always the same one.
func partitionFor(key []byte, n int) int32 {
	h := uint32(2166136261) // FNV-1a
	for _, b := range key {
		h = (h ^ uint32(b)) * 16777619
	}
	return int32(h % uint32(n))
}
