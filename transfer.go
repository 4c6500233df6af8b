package kavro

import (
	"context"
	"errors"

	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/serde"
)

// Replay sends the dead letters of topics back to the topics they came from, byte for byte
// and without the headers that describe the failure, and returns when it has read the topics
// to their current end. Every group that reads such a topic gets the record again, not only
// the one that failed: [WithReplayTopic] names another target.
//
// It reads as a member of group, from the beginning of the topics, and commits in batches:
// after an interruption it continues from there. With the key transactional.id each dead
// letter is sent exactly once, else at least once. An empty group is as [NewConsumer]'s.
//
// A topic that does not exist is [ErrUnknownTopic], also "orders-dlt" before the first dead letter.
// A record that is no dead letter ends Replay, unless [WithPolicy] for [DecodeErrors] says
// otherwise. The other errors are those of [pipeline.Pipeline.Run] and of [NewPipeline]. The
// count is right also where there is an error.
func (c *Client) Replay(ctx context.Context, group string, topics []string, opts ...ReplayOption) (n Replayed, err error) {
	w, err := wire(c, replaying, opts, ReplayOption.applyReplay, group)
	if err != nil {
		return n, err
	}
	w.noticeEnds("Replay")
	w.checkTransfer("Replay", topics)
	err = w.transfer(ctx, c, func(ctx context.Context, s kafka.Session, opts []pipeline.Option) (err error) {
		if err := begun(ctx, "Replay"); err != nil {
			return err
		}
		n, err = pipeline.Replay(ctx, s, topics, w.replay, opts...)
		return err
	})
	return n, err
}

// WithReplayTopic names the topic that a dead letter is sent to; the partitioner chooses the
// partition. The default is the topic and partition that the record came from.
func WithReplayTopic(topic func(DeadLetterRecord) string) ReplayOption {
	return option(func(s *settings) {
		s.once("WithReplayTopic")
		s.need("WithReplayTopic", "function", topic)
		s.replay.Topic = topic
	})
}

// WithReplayFilter selects the dead letters to send. Those that it excludes are committed
// too: use another group to read them again. The default is all.
func WithReplayFilter(filter func(DeadLetterRecord) bool) ReplayOption {
	return option(func(s *settings) {
		s.once("WithReplayFilter")
		s.need("WithReplayFilter", "function", filter)
		s.replay.Filter = filter
	})
}

// WithDryRun neither sends nor commits: Replay counts what it would send.
func WithDryRun() ReplayOption { return option(func(s *settings) { s.replay.DryRun = true }) }

// WithReplayProgress has f called after each dead letter. It must not block.
func WithReplayProgress(f func(Replayed)) ReplayOption {
	return option(func(s *settings) {
		s.once("WithReplayProgress")
		s.need("WithReplayProgress", "function", f)
		s.replay.Progress = f
	})
}

// copySettings is what the options of Copy say.
type copySettings struct {
	pipeline.CopyConfig
	to        *Client // nil: the client itself
	translate bool
	subject   serde.Subject
}

// Copy copies the records of topics until ctx ends, or to their current end under
// [WithToEnd]: keys, values, headers and timestamps byte for byte, to topics of the same name
// in the cluster of another Client ([WithCopyTo]), or to other topics ([WithCopyTopic]).
//
// It reads as a member of group, from the beginning of the topics, and commits in batches.
// Within one cluster and with the key transactional.id each record is copied exactly once,
// else at least once. An empty group is as [NewConsumer]'s.
//
// Schema ids stay as they are unless [WithTranslatedSchemas] is given: then [WithPolicy] for
// [UnknownSchemas] applies to ids that the registry does not know, that for [DecodeErrors] to
// malformed frames. The other errors are those of [pipeline.Pipeline.Run] and of
// [NewPipeline].
func (c *Client) Copy(ctx context.Context, group string, topics []string, opts ...CopyOption) error {
	w, err := wire(c, copying, opts, CopyOption.applyCopy, group)
	if err != nil {
		return err
	}
	w.checkTransfer("Copy", topics)
	to := c
	if w.copy.to != nil {
		to = w.copy.to
	}
	if to == c && w.copy.Topic == nil {
		w.refuse("Copy", "WithCopyTo or WithCopyTopic is needed: topics cannot be copied to themselves")
	}
	if w.copy.translate {
		w.copy.Schemas = w.translator(to)
	}
	return w.transfer(ctx, to, func(ctx context.Context, s kafka.Session, opts []pipeline.Option) error {
		if err := begun(ctx, "Copy"); err != nil {
			return err
		}
		return pipeline.Copy(ctx, s, topics, w.copy.CopyConfig, opts...)
	})
}

// checkTransfer is checkTopics for a transfer, which has to have some.
func (w *wiring) checkTransfer(call string, topics []string) {
	if len(topics) == 0 {
		w.refuse(call, "no topics are given")
	}
	w.checkTopics(call, topics)
}

// WithCopyTo writes to the cluster of another Client, with its configuration. Copies to
// another cluster are made at least once. Closing that Client ends Copy.
func WithCopyTo(to *Client) CopyOption {
	return option(func(s *settings) {
		s.once("WithCopyTo")
		switch {
		case !s.need("WithCopyTo", "client", to):
		case to.made() != nil:
			s.refuse("WithCopyTo", "the client is empty: make one with Open")
		default:
			s.copy.to = to
		}
	})
}

// WithCopyTopic names the topic that records of a topic are written to. The default is the
// same name.
func WithCopyTopic(name func(topic string) string) CopyOption {
	return option(func(s *settings) {
		s.once("WithCopyTopic")
		s.need("WithCopyTopic", "function", name)
		s.copy.Topic = name
	})
}

// WithSamePartition writes each record to the partition with the same number. By default the
// partitioner chooses.
func WithSamePartition() CopyOption {
	return option(func(s *settings) { s.copy.SamePartition = true })
}

// WithTranslatedSchemas replaces the schema ids of values by those of the registry of the
// Client that is written to (see [WithCopyTo]): schemas that it lacks are registered there,
// with their references, under the subject that subject returns; nil is serde.TopicName.
// Values without a frame stay as they are.
func WithTranslatedSchemas(subject serde.Subject) CopyOption {
	return option(func(s *settings) {
		s.once("WithTranslatedSchemas")
		if subject == nil {
			subject = serde.TopicName
		}
		s.copy.translate, s.copy.subject = true, subject
	})
}

// WithTranslatedKeys has [WithTranslatedSchemas] replace the schema ids of keys too: they
// are Avro. By default keys stay as they are, because a plain key may look like a frame.
func WithTranslatedKeys() CopyOption { return option(func(s *settings) { s.copy.AvroKeys = true }) }

// WithCopyProgress has f called after each record with the number of records so far, those
// of aborted batches included. It must not block.
func WithCopyProgress(f func(records int64)) CopyOption {
	return option(func(s *settings) {
		s.once("WithCopyProgress")
		s.need("WithCopyProgress", "function", f)
		s.copy.Progress = f
	})
}

// translator returns what translates schema ids to those of another client's registry.
func (w *wiring) translator(to *Client) *pipeline.Translator {
	from, err := w.client.schemas()
	w.keep(err)
	there, err := to.schemas()
	w.keep(err)
	return pipeline.NewTranslator(from, there, w.copy.subject)
}

// configure sets a key of the Kafka client that neither the Client nor WithConfig sets.
func (w *wiring) configure(key string, value any) {
	if _, set := w.conf.kafka[key]; !set {
		w.conf.kafka[key] = value
	}
}

// transfer runs f over a session that reads from the client and writes to another, or to the
// same, and closes the session. Closing one of the two clients ends f.
func (w *wiring) transfer(ctx context.Context, to *Client, f func(context.Context, kafka.Session, []pipeline.Option) error) error {
	if _, set := w.settings.conf["auto.offset.reset"]; !set { // the Client's is about its consumers
		w.conf.kafka["auto.offset.reset"] = "earliest"
	}
	opts := w.pipelineOptions()
	w.keep(pipeline.CheckOptions(opts...))
	w.needGroup(map[role]string{replaying: "Replay", copying: "Copy"}[w.role])
	session := w.session(to)
	if err := w.fail(); err != nil {
		return w.abandon(err, session)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan struct{})
	defer close(ended)
	closing := func(ctx context.Context) error {
		stop(kafka.ErrClosed)
		ctx, cancel := ending.Context(ctx, ending.Abort)
		defer cancel()
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := w.complete(closing)
	if to != w.client && err == nil {
		var written *part
		if written, err = to.reserve(copying, nil); err == nil {
			err = to.complete(written, closing)
			defer func() { _ = to.release(ctx, written) }() // of what to shares: its Close reports it
		}
	}
	if err == nil {
		if err = f(ctx, session, opts); err != nil && errors.Is(context.Cause(ctx), kafka.ErrClosed) {
			err = kafka.ErrClosed
		}
	}
	return w.abandon(err, session)
}

// session returns a session with transactions, if the configuration has a transactional.id;
// else one without.
func (w *wiring) session(to *Client) kafka.Session {
	conf := w.conf.kafka
	if id, _ := conf.String("transactional.id", ""); id != "" {
		return construct(w, w.client.driver.NewSession)
	}
	delete(conf, "transactional.id")
	consumer := construct(w, w.client.driver.NewConsumer)
	hooks := w.hooks
	if to != w.client {
		conf, hooks = overlay(to.conf.kafka, nil), to.settings.hooks
		delete(conf, "transactional.id")
	}
	producer, err := to.driver.NewProducer(conf, hooks)
	w.keep(err)
	if isNil(consumer) || isNil(producer) {
		for _, made := range []closer{consumer, producer} {
			if !isNil(made) {
				w.keep(made.Close(context.Background()))
			}
		}
		return nil
	}
	return pipeline.AtLeastOnce(consumer, producer)
}
