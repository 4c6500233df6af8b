package fakekafka

import (
	"context"
	"sync"
	"time"

	"github.com/kavro/kavro/kafka"
)

// ProducerConfig configures a producer. The zero value delivers immediately and has a queue of
// 100,000 records.
type ProducerConfig struct {
	Limit int                         // size of the queue in records; a record counts until done has returned
	Delay time.Duration               // from Produce to the report
	Fail  func(r *kafka.Record) error // called before each delivery; its error is the record's
}

// Producer is a [kafka.Producer] that writes to a cluster.
type Producer struct {
	cluster *Cluster
	config  ProducerConfig

	mu         sync.Mutex
	queue      []queued
	produced   int  // number of records ever accepted
	reported   int  // number of records ever reported, in the order of Produce
	delivering bool // a goroutine delivers
	held       bool
	closed     bool
	changed    chan struct{} // closed and replaced when a waiting Produce or Flush should look at the state again

	txn *txn // the open transaction of a TxnProducer

	reporting sync.Mutex // held while done runs, also by Close
}

type queued struct {
	rec  *kafka.Record
	done func(*kafka.Record, error)
	txn  *txn
}

// Producer makes a producer.
func (c *Cluster) Producer(config ProducerConfig) *Producer {
	if config.Limit == 0 {
		config.Limit = 100_000
	}
	return &Producer{cluster: c, config: config, changed: make(chan struct{})}
}

// Hold stops deliveries until Release: records stay in the queue.
func (p *Producer) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = true
}

// Release undoes Hold.
func (p *Producer) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = false
	p.start()
}

// Queued returns the number of records without a report.
func (p *Producer) Queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.produced - p.reported
}

// Produce queues r.
func (p *Producer) Produce(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	p.mu.Lock()
	for {
		if p.closed {
			p.mu.Unlock()
			return kafka.ErrClosed
		}
		if err := ctx.Err(); err != nil {
			p.mu.Unlock()
			return err
		}
		if p.produced-p.reported < p.config.Limit {
			break
		}
		if err := p.wait(ctx); err != nil {
			p.mu.Unlock()
			return err
		}
	}
	p.produced++
	p.queue = append(p.queue, queued{rec: r, done: done, txn: p.txn})
	p.start()
	p.mu.Unlock()
	return nil
}

// Flush waits until all records produced so far are reported.
func (p *Producer) Flush(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for goal := p.produced; p.reported < goal; {
		if err := p.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close flushes within ctx and reports all other records with ErrClosed.
func (p *Producer) Close(ctx context.Context) error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.wakeLocked()
	p.mu.Unlock()

	err := p.Flush(ctx)

	p.mu.Lock()
	remaining := p.queue
	p.queue = nil
	p.mu.Unlock()
	for _, q := range remaining {
		p.report(q, kafka.ErrClosed)
	}
	// A delivery in progress reports its own records.
	if flushErr := p.Flush(context.Background()); err == nil {
		err = flushErr
	}
	return err
}

// Partitions returns the partitions of a topic.
func (p *Producer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	return p.cluster.partitions(topic)
}

// start starts a goroutine to deliver the queue, if needed. p.mu is held.
func (p *Producer) start() {
	if !p.delivering && !p.held && len(p.queue) > 0 {
		p.delivering = true
		go p.deliver()
	}
}

// deliver writes and reports records until the queue is empty.
func (p *Producer) deliver() {
	for p.more() {
		if p.config.Delay > 0 {
			time.Sleep(p.config.Delay)
		}
		// Deliver all records of one delay together, as a batch.
		p.mu.Lock()
		var batch []queued
		if !p.held {
			batch, p.queue = p.queue, nil
		}
		p.mu.Unlock()
		for _, q := range batch {
			p.report(q, p.write(q))
		}
	}
}

// more reports whether there are records to deliver; if not, delivering ends.
func (p *Producer) more() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delivering = !p.held && len(p.queue) > 0
	return p.delivering
}

// write appends a record to its partition.
func (p *Producer) write(q queued) error {
	if p.config.Fail != nil {
		if err := p.config.Fail(q.rec); err != nil {
			return err
		}
	}
	c := p.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	logs := c.topics[q.rec.Topic]
	if len(logs) == 0 || int(q.rec.Partition) >= len(logs) {
		return unknownPartition(q.rec.Topic, q.rec.Partition)
	}
	if q.rec.Partition < 0 {
		q.rec.Partition = partitionFor(q.rec.Key, len(logs))
	}
	if q.txn != nil {
		if q.txn.state != txnOpen {
			return &kafka.Error{Code: codeState, Topic: q.rec.Topic, Partition: q.rec.Partition, Err: errNoTransaction}
		}
		q.txn.touch(logs[q.rec.Partition])
	}
	l := logs[q.rec.Partition]
	q.rec.Offset = l.append(q.rec, q.txn)
	q.rec.Timestamp = l.entries[len(l.entries)-1].rec.Timestamp
	c.wake()
	return nil
}

func (p *Producer) report(q queued, err error) {
	if err != nil {
		q.rec.Offset = -1
	}
	if q.done != nil {
		p.reporting.Lock()
		q.done(q.rec, err)
		p.reporting.Unlock()
	}
	p.mu.Lock()
	p.reported++
	p.wakeLocked()
	p.mu.Unlock()
}

// wait releases p.mu until something changed.
func (p *Producer) wait(ctx context.Context) error {
	changed := p.changed
	p.mu.Unlock()
	defer p.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Producer) wakeLocked() {
	close(p.changed)
	p.changed = make(chan struct{})
}
