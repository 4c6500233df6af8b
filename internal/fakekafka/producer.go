package fakekafka

import (
	"context"
	"sync"
	"time"

	"github.com/kavro/kavro/kafka"
)

// ProducerConfig says how a producer behaves. The zero value delivers
// everything at once and has room for 100,000 records.
type ProducerConfig struct {
	Limit int                         // records that fit in the queue; a record takes up room until done has returned
	Delay time.Duration               // from Produce to the report
	Fail  func(r *kafka.Record) error // asked before each delivery: an error becomes the record's report
}

// Producer is a [kafka.Producer] that writes to a cluster.
type Producer struct {
	cluster *Cluster
	config  ProducerConfig

	mu         sync.Mutex
	queue      []queued
	produced   int  // records taken, ever
	reported   int  // records reported, ever: in the order of production
	delivering bool // a goroutine delivers
	held       bool
	closed     bool
	changed    chan struct{} // closed and replaced when a waiting Produce or Flush should look again

	txn *txn // the open transaction of a TxnProducer

	reporting sync.Mutex // held while done runs: one at a time, also beside Close
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

// Hold stops deliveries until Release: what is produced stays in the queue.
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

// Queued returns how many records wait for their report.
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

// Flush waits until all that was produced so far is reported.
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

// Close flushes within ctx and reports the rest as ErrClosed.
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
	rest := p.queue
	p.queue = nil
	p.mu.Unlock()
	for _, q := range rest {
		p.report(q, kafka.ErrClosed)
	}
	// A delivery that was under way when the rest was taken reports by itself.
	if flushErr := p.Flush(context.Background()); err == nil {
		err = flushErr
	}
	return err
}

// Partitions returns the partitions of a topic.
func (p *Producer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	return p.cluster.partitions(topic)
}

// start makes sure that somebody delivers the queue. p.mu is held.
func (p *Producer) start() {
	if !p.delivering && !p.held && len(p.queue) > 0 {
		p.delivering = true
		go p.deliver()
	}
}

// deliver reports what is queued, and ends when there is nothing left.
func (p *Producer) deliver() {
	for p.more() {
		if p.config.Delay > 0 {
			time.Sleep(p.config.Delay)
		}
		// What came in during one delay goes out together, as a batch would.
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

// more says whether there is anything to deliver; if not, delivering is over.
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
