package franz

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// join makes a reader that is a member of the group.
func (c *consumer) join(topics []string, rebalance kafka.Rebalance) (*reader, error) {
	r := newReader(c, rebalance)
	r.group, r.topics = true, topics
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	opts, err := c.memberOpts(ctx, r)
	if err == nil {
		err = r.start(opts)
	}
	if err != nil {
		stop()
		return nil, err
	}
	if c.s.groupProtocol == "consumer" {
		r.rebalanced()
	}
	r.watch.start(c.s.maxPollInterval, r.leave)
	go r.reportMissing(ctx)
	return r, nil
}

// leave leaves the group because Poll was not called. The client of a session stays open until
// [consumer.rejoin] closes it: the transaction has to be ended with it first.
func (r *reader) leave() {
	r.c.errs.Report(r.pollIntervalError())
	r.detach()
	if r.c.session == nil {
		r.startClosing() // which leaves the group
		return
	}
	var dontWait context.Context
	_ = r.cl.LeaveGroupContext(dontWait)
}

// pollIntervalError is the error of a member that leave has removed.
func (r *reader) pollIntervalError() *kafka.Error {
	return local(codeMaxPollExceeded, "Poll was not called for %v (max.poll.interval.ms): left the group, to join it again when it is", r.c.s.maxPollInterval)
}

// start makes the client, which begins to join the group at once.
func (r *reader) start(opts []kgo.Opt) (err error) {
	if r.c.session == nil {
		r.cl, err = newClient(opts)
		return err
	}
	if r.transact, err = kgo.NewGroupTransactSession(opts...); err != nil {
		return clientConfigError(err)
	}
	r.cl = r.transact.Client()
	return nil
}

// memberOpts are all options of a member. The callbacks are methods of r, which has no client
// yet. None of them runs before the client has joined.
func (c *consumer) memberOpts(ctx context.Context, r *reader) ([]kgo.Opt, error) {
	opts, err := c.opts(ctx)
	if err != nil {
		return nil, err
	}
	group, err := c.s.groupOpts()
	if err != nil {
		return nil, err
	}
	opts = append(opts, group...)
	if c.session != nil {
		more, err := c.s.producerOpts()
		if err != nil {
			return nil, err
		}
		opts = append(opts, more...)
	}
	topics, err := c.topicOpts(r.topics)
	if err != nil {
		return nil, err
	}
	opts = append(opts, topics...)
	return append(opts,
		kgo.AdjustFetchOffsetsFn(r.adjust),
		kgo.OnPartitionsAssigned(r.onAssigned),
		kgo.OnPartitionsRevoked(r.onRevoked),
		kgo.OnPartitionsLost(r.onLost),
	), nil
}

// topicOpts are the options for the topics of a subscription. kgo takes either names or regular
// expressions, so names beside expressions become expressions.
func (c *consumer) topicOpts(topics []string) ([]kgo.Opt, error) {
	if !hasPattern(topics) {
		return []kgo.Opt{kgo.ConsumeTopics(topics...)}, nil
	}
	patterns := make([]string, len(topics))
	for i, t := range topics {
		if !strings.HasPrefix(t, "^") {
			t = "^" + regexp.QuoteMeta(t) + "$"
		}
		if _, err := regexp.Compile(t); err != nil {
			return nil, local(codeInvalidArg, "topic %q: %w", t, err)
		}
		patterns[i] = t
	}
	opts := []kgo.Opt{kgo.ConsumeRegex(), kgo.ConsumeTopics(patterns...)}
	if excluded := splitList(c.s.topicBlacklist); len(excluded) > 0 {
		opts = append(opts, kgo.ConsumeExcludeTopics(excluded...))
	}
	return opts, nil
}

func hasPattern(topics []string) bool {
	for _, t := range topics {
		if strings.HasPrefix(t, "^") {
			return true
		}
	}
	return false
}

// adjust is kgo's callback between fetching the group's offsets and reading. It calls
// Rebalance.Assigned for the offsets to start at. ctx ends when the group rebalances again.
func (r *reader) adjust(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	ev := &event{kind: assigned, ctx: ctx, committed: fromKgo(offsets)}
	if err := r.runInPoll(ev); err != nil {
		return nil, err
	}
	return r.starts(ctx, ev.committed), nil
}

// onAssigned is called for every rebalance, also one that assigns nothing.
func (r *reader) onAssigned(context.Context, *kgo.Client, map[string][]int32) {
	r.rebalanced()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.c.session != nil {
		r.unverified = true
		r.wakePoll() // else Poll may wait for ever: if everything was revoked, no record arrives
	}
}

// reconcile finds partitions of a session that were revoked without a callback: kgo reports
// only the first revocation in a transaction. kgo has a committed offset for each partition
// that it still reads.
func (r *reader) reconcile() {
	r.mu.Lock()
	suspect := r.unverified
	r.mu.Unlock()
	if !suspect {
		return
	}
	running := r.cl.CommittedOffsets()
	var ended []kafka.TopicPartition
	r.mu.Lock()
	r.unverified = false
	for tp, p := range r.parts {
		_, runs := running[tp.Topic][tp.Partition]
		switch {
		case runs:
			p.seen = true
		case p.seen:
			ended = append(ended, tp)
		default:
			r.unverified = true // kgo has not started it yet: check again
		}
	}
	r.mu.Unlock()
	r.remove(context.Background(), revoked, ended)
}

// missingRetry is the pause after a failed request of reportMissing.
const missingRetry = time.Second

// reportMissing asks for the subscribed topics once, and reports those that do not exist: kgo
// waits for them without an error.
func (r *reader) reportMissing(ctx context.Context) {
	if hasPattern(r.topics) {
		return
	}
	found, err := describe(ctx, r.cl, r.topics...)
	for err != nil { // the error is reported as one of the connection
		select {
		case <-time.After(missingRetry):
		case <-ctx.Done():
			return // the client is being closed
		}
		found, err = describe(ctx, r.cl, r.topics...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, topic := range r.topics {
		if e := found[topic].err; e != nil && !r.c.s.autoCreate {
			r.errs = append(r.errs, kafka.PartitionError{TopicPartition: kafka.TopicPartition{Topic: topic, Partition: -1}, Err: e})
			r.c.errs.Note(e) // kgo keeps asking for it
		}
	}
	if len(r.errs) > 0 {
		r.wakePoll()
	}
}

// noneCommitted is what kgo returns where the group has committed no offset: a number below 0,
// so that fromKgo can tell it from an offset.
var noneCommitted = kgo.NewOffset().AtStart()

// fromKgo makes a sorted list of the group's offsets.
func fromKgo(offsets map[string]map[int32]kgo.Offset) []kafka.Offset {
	var list []kafka.Offset
	for topic, parts := range offsets {
		for id, o := range parts {
			at := o.EpochOffset()
			if at.Offset < 0 {
				at.Offset, at.Epoch = kafka.OffsetNone, -1
			}
			list = append(list, kafka.Offset{
				TopicPartition: kafka.TopicPartition{Topic: topic, Partition: id},
				Offset:         at.Offset, LeaderEpoch: at.Epoch,
			})
		}
	}
	sortOffsets(list)
	return list
}
