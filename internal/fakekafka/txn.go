package fakekafka

import (
	"context"
	"slices"

	"github.com/kavro/kavro/kafka"
)

// txn is one transaction. Its records refer to it, so that its end makes them visible or hides
// them.
type txn struct {
	state txnState
	logs  []*log // partitions that it wrote to
}

type txnState uint8

const (
	txnOpen txnState = iota
	txnCommitted
	txnAborted
)

// touch adds a partition that gets a marker at the end.
func (t *txn) touch(l *log) {
	if !slices.Contains(t.logs, l) {
		t.logs = append(t.logs, l)
	}
}

// end commits or aborts t, and appends a marker to each of its partitions: an offset without a
// record.
func (t *txn) end(commit bool) {
	t.state = txnAborted
	if commit {
		t.state = txnCommitted
	}
	for _, l := range t.logs {
		l.next++
	}
}

// TxnProducer is a [kafka.TxnProducer]. A newer one with the same transactional id fences it
// at the newer one's first Begin.
type TxnProducer struct {
	*Producer
	id    string
	epoch int // 0 before the first Begin
	// Hook, if set, is called before "begin", "commit" and "abort". Its error is returned by the
	// call, which then does nothing else.
	Hook func(op string) error
}

// TxnProducer returns a transactional producer.
func (c *Cluster) TxnProducer(id string, config ProducerConfig) *TxnProducer {
	return &TxnProducer{Producer: c.Producer(config), id: id}
}

// Begin begins a transaction.
func (p *TxnProducer) Begin(ctx context.Context) error {
	if err := p.ask(ctx, "begin"); err != nil {
		return err
	}
	c := p.cluster
	c.mu.Lock()
	if p.epoch == 0 {
		c.txns[p.id]++
		p.epoch = c.txns[p.id]
	}
	err := p.fenced()
	c.mu.Unlock()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return kafka.ErrClosed
	}
	if p.txn != nil {
		return &kafka.Error{Code: codeState, Partition: -1, Err: errTransactionOpen}
	}
	p.txn = &txn{}
	return nil
}

// Produce queues r in the open transaction.
func (p *TxnProducer) Produce(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	p.mu.Lock()
	open := p.txn != nil
	p.mu.Unlock()
	if !open {
		return &kafka.Error{Code: codeState, Topic: r.Topic, Partition: -1, Err: errNoTransaction}
	}
	return p.Producer.Produce(ctx, r, done)
}

// End commits or aborts the transaction.
func (p *TxnProducer) End(ctx context.Context, commit bool) error {
	_, err := p.end(ctx, commit, func() bool { return true })
	return err
}

// end commits if with, which is called with the cluster locked and acts atomically with the
// commit, returns true. Otherwise it aborts.
func (p *TxnProducer) end(ctx context.Context, commit bool, with func() bool) (committed bool, err error) {
	op := "abort"
	if commit {
		op = "commit"
	}
	if err := p.ask(ctx, op); err != nil {
		return false, err
	}
	if err := p.Flush(ctx); err != nil {
		return false, &kafka.Error{Code: -185, Partition: -1, Retriable: true, Err: err}
	}
	c := p.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := p.fenced(); err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.txn == nil {
		return false, &kafka.Error{Code: codeState, Partition: -1, Err: errNoTransaction}
	}
	commit = commit && with()
	p.txn.end(commit)
	p.txn = nil
	c.wake()
	return commit, nil
}

// Close aborts an open transaction and closes the producer.
func (p *TxnProducer) Close(ctx context.Context) error {
	err := p.Producer.Close(ctx)
	c := p.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.txn != nil {
		p.txn.end(false)
		p.txn = nil
		c.wake()
	}
	return err
}

func (p *TxnProducer) ask(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.Hook != nil {
		return p.Hook(op)
	}
	return nil
}

// fenced returns an error if a newer producer has the same transactional id, and aborts the
// open transaction, as the coordinator does. The cluster is locked.
func (p *TxnProducer) fenced() error {
	if p.cluster.txns[p.id] == p.epoch {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.txn != nil {
		p.txn.end(false)
		p.txn = nil
	}
	return &kafka.Error{Code: codeFenced, Partition: -1, Fatal: true, Err: errFenced}
}
