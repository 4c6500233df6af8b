package fakekafka

import (
	"context"
	"slices"

	"github.com/kavro/kavro/kafka"
)

// txn is one transaction. Its records refer to it, so ending it shows them, or
// hides them for good.
type txn struct {
	state txnState
	logs  []*log // that it wrote to
}

type txnState uint8

const (
	txnOpen txnState = iota
	txnCommitted
	txnAborted
)

// touch remembers a partition that gets a marker at the end.
func (t *txn) touch(l *log) {
	if !slices.Contains(t.logs, l) {
		t.logs = append(t.logs, l)
	}
}

// end settles t, and leaves a marker in each partition: an offset without a
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

// TxnProducer is a [kafka.TxnProducer]. A newer one of the same transactional id
// fences it at its first Begin.
type TxnProducer struct {
	*Producer
	id    string
	epoch int // 0 before the first Begin
	// Hook, if set, is asked before "begin", "commit" and "abort". An error is
	// the call's, and nothing else happens.
	Hook func(op string) error
}

// TxnProducer makes a transactional producer.
func (c *Cluster) TxnProducer(id string, config ProducerConfig) *TxnProducer {
	return &TxnProducer{Producer: c.Producer(config), id: id}
}

// Begin starts a transaction.
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

// Produce queues r within the open transaction.
func (p *TxnProducer) Produce(ctx context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	p.mu.Lock()
	open := p.txn != nil
	p.mu.Unlock()
	if !open {
		return &kafka.Error{Code: codeState, Topic: r.Topic, Partition: -1, Err: errNoTransaction}
	}
	return p.Producer.Produce(ctx, r, done)
}

// End commits or aborts.
func (p *TxnProducer) End(ctx context.Context, commit bool) error {
	_, err := p.end(ctx, commit, func() bool { return true })
	return err
}

// end commits only if with, which sees the cluster locked and acts together
// with the commit, agrees.
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

// Close aborts what is open, then closes.
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

// fenced says whether a newer producer took over. The cluster is locked. What a
// fenced producer had open is aborted, as the coordinator does for it.
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
