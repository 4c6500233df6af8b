package kavro

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

// DeadLetter is the policy that writes the record to another topic, as it came, with
// headers that say what happened, and then counts it as processed: see [WithDeadLetters],
// which it does not need. A consumer makes the producer for it when the first dead letter
// is written; a pipeline writes dead letters within its transactions.
//
// A dead letter that cannot be written ends Run, and the record is read again.
func DeadLetter() Policy { return avroconsumer.DeadLetter(nil) }

// WithDeadLetters writes records that fail to dead-letter topics, by default the record's
// own with "-dlt" behind it: those that cannot be decoded, those whose schema the registry
// does not know, and those whose handler returns an error, unless [WithPolicy] says
// otherwise for that class. A [SchemaMismatch] stops all the same: give it [DeadLetter] by
// WithPolicy to have records of a whole schema set aside.
//
// [Client.Replay] sends dead letters back, by default to the topic they came from: every group
// that reads it gets them again.
func WithDeadLetters(opts ...DeadLetterOption) ReaderOption {
	return option(func(s *settings) {
		s.once("WithDeadLetters")
		s.deadLetters = &deadLetters{}
		for _, o := range more(s, "WithDeadLetters", nil, opts) {
			o(s)
		}
	})
}

// DeadLetterOption changes how [WithDeadLetters] works.
type DeadLetterOption func(*settings)

// WithDeadLetterTopic names the topic for a record. The default is its own topic's name
// with "-dlt" behind it.
func WithDeadLetterTopic(topic func(*RecordError) string) DeadLetterOption {
	return func(s *settings) {
		s.once("WithDeadLetterTopic")
		if s.need("WithDeadLetterTopic", "function", topic) {
			s.deadLetters.opts = append(s.deadLetters.opts, avroconsumer.WithDeadLetterTopic(topic))
		}
	}
}

// WithDeadLetterHeaders replaces the headers that say what happened. They are put behind
// the record's own.
func WithDeadLetterHeaders(headers func(*RecordError) []Header) DeadLetterOption {
	return func(s *settings) {
		s.once("WithDeadLetterHeaders")
		if s.need("WithDeadLetterHeaders", "function", headers) {
			s.deadLetters.opts = append(s.deadLetters.opts, avroconsumer.WithDeadLetterHeaders(headers))
		}
	}
}

// WithDeadLetterGroup gives the group for the header __dlq.errors.group. The default is the
// consumer's own.
func WithDeadLetterGroup(group string) DeadLetterOption {
	return func(s *settings) {
		s.once("WithDeadLetterGroup")
		if group == "" {
			s.refuse("WithDeadLetterGroup", "the group is empty: leave the option out for the reader's own")
		}
		s.deadLetters.group = group
	}
}

// WithDeadLetterCreation makes each dead-letter topic before the first record is written to
// it, with the partitions, replication factor and settings of t; t.Name is not looked at. A
// topic that exists stays as it is. By default the topics must exist, or the brokers make
// them.
func WithDeadLetterCreation(t NewTopic) DeadLetterOption {
	return func(s *settings) {
		s.once("WithDeadLetterCreation")
		if t.Partitions < 0 || t.ReplicationFactor < 0 {
			s.refuse("WithDeadLetterCreation", fmt.Sprintf("%d partitions with %d replicas: 0 is the brokers' default, and less is no number of them", t.Partitions, t.ReplicationFactor))
		}
		s.deadLetters.creation = &t
	}
}

// deadLetters writes the dead letters of one consumer, or names those of a pipeline.
type deadLetters struct {
	*avroconsumer.DeadLetters
	opts     []avroconsumer.DeadLetterOption
	group    string
	creation *NewTopic
	client   *Client
	produce  func() (kafka.Producer, error)

	mu       sync.Mutex // of what is made when it is first needed
	made     map[string]bool
	producer kafka.Producer
	closed   bool
}

// deadLetterWriter returns the writer of a consumer or pipeline, and gives the classes of
// WithDeadLetters their policy.
func (w *wiring) deadLetterWriter() *deadLetters {
	d := w.deadLetters
	if d == nil {
		d = &deadLetters{}
	} else {
		for _, class := range []Class{DecodeErrors, UnknownSchemas, HandlerErrors} {
			w.defaultPolicy(class, DeadLetter())
		}
	}
	if d.group == "" {
		d.group, _ = w.conf.kafka.String("group.id", "")
	}
	d.client, d.made = w.client, map[string]bool{}
	d.DeadLetters = avroconsumer.NewDeadLetters(nil, append(d.opts, avroconsumer.WithDeadLetterGroup(d.group))...)
	conf, hooks := overlay(w.conf.kafka, nil), w.hooks
	delete(conf, "transactional.id") // each dead letter is written by itself
	w.closers = slices.Insert(w.closers, 0, d.close)
	d.produce = func() (kafka.Producer, error) { return w.client.driver.NewProducer(conf, hooks) }
	return d
}

// defaultPolicy gives a class a policy that has none.
func (w *wiring) defaultPolicy(class Class, p Policy) {
	for _, given := range w.policies {
		if given.class == class {
			return
		}
	}
	w.policies = append(w.policies, classPolicy{class, p})
}

// WriteDeadLetter implements [avroconsumer.DeadLetterWriter], for a consumer.
func (d *deadLetters) WriteDeadLetter(ctx context.Context, e *RecordError) error {
	letter := d.Record(e)
	if err := d.Prepare(ctx, letter.Topic); err != nil {
		return err
	}
	producer, err := d.open()
	if err != nil {
		return err
	}
	reported := make(chan error, 1)
	if err := producer.Produce(ctx, letter, func(_ *kafka.Record, err error) { reported <- err }); err != nil {
		return err
	}
	select {
	case err := <-reported:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Prepare makes a topic before the first dead letter is written to it, if it is asked for.
func (d *deadLetters) Prepare(ctx context.Context, topic string) error {
	d.mu.Lock()
	done := d.creation == nil || d.made[topic]
	d.mu.Unlock()
	if done {
		return nil
	}
	t := *d.creation
	t.Name = topic
	const exists = 36 // TOPIC_ALREADY_EXISTS
	err := d.client.CreateTopics(ctx, t)
	if e, ok := errors.AsType[*kafka.Error](err); err != nil && (!ok || e.Code != exists) {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made[topic] = true
	return nil
}

// open returns the producer, which is made now if it was not needed before. That touches
// no network.
func (d *deadLetters) open() (kafka.Producer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, kafka.ErrClosed
	}
	if d.producer == nil {
		p, err := d.produce()
		if err != nil {
			return nil, err
		}
		d.producer = p
	}
	return d.producer, nil
}

// close closes the producer, if it was made.
func (d *deadLetters) close(ctx context.Context) error {
	d.mu.Lock()
	d.closed = true
	p := d.producer
	d.mu.Unlock()
	if p == nil {
		return nil
	}
	return p.Close(ctx)
}
