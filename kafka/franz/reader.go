package franz

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// reader is one kgo.Client that fetches, and what is known of each partition it
// fetches: a member of a group, or a client with an assignment of its own.
type reader struct {
	c         *consumer
	cl        *kgo.Client
	transact  *kgo.GroupTransactSession // over cl, for a session
	stop      context.CancelFunc        // ends what cl has under way
	done      chan struct{}             // closed when cl is closed
	once      sync.Once
	group     bool
	topics    []string // what was subscribed to
	rebalance kafka.Rebalance
	watch     *watchdog

	mu         sync.Mutex
	parts      map[kafka.TopicPartition]*part
	events     []*event               // rebalances that wait for Poll, oldest first
	ends       []kafka.Offset         // for the next Batch
	errs       []kafka.PartitionError // for the next Batch
	interrupt  func()                 // interrupts Poll or close while it waits, or nil
	closing    bool                   // nothing is assigned any more
	detached   bool                   // nobody will take events any more
	fatal      error                  // ends the reader
	seeks      uint64                 // how many Seeks there were
	unverified bool                   // a session: kgo may have kept a revocation to itself
}

// part is one partition that Rebalance was told of, or that was assigned.
type part struct {
	from      kafka.Offset // where it was to start
	pos       int64        // the next offset to read; kafka.OffsetNone while unknown
	installed bool         // kgo was told where to start
	seen      bool         // kgo was seen to have started (sessions)
	ended     bool         // its end was reported, and nothing was read since
	paused    bool         // by Pause
	held      bool         // by us: it has no offset to start at
	seek      int64        // where a Seek before installed wants it; kafka.OffsetNone: none
	soughtAt  uint64       // the number of the last Seek
	begin     int64        // pos when the transaction began
}

func newPart(from kafka.Offset) *part {
	return &part{from: from, pos: kafka.OffsetNone, seek: kafka.OffsetNone, begin: kafka.OffsetNone}
}

func newReader(c *consumer, r kafka.Rebalance) *reader {
	if r == nil {
		r = ignoreRebalances{}
	}
	c.errs.Connecting()
	return &reader{c: c, rebalance: r, done: make(chan struct{}), parts: map[kafka.TopicPartition]*part{}, watch: &watchdog{}}
}

// indifferent is the Rebalance of who gave none.
type ignoreRebalances struct{}

func (ignoreRebalances) Assigned(context.Context, []kafka.Offset) ([]kafka.Offset, error) {
	return nil, nil
}
func (ignoreRebalances) Revoked(context.Context, []kafka.TopicPartition) {}
func (ignoreRebalances) Lost([]kafka.TopicPartition)                     {}

// poll is Poll on this reader.
func (r *reader) poll(ctx context.Context, b *kafka.Batch, max int) error {
	for {
		if err := r.dispatch(); err != nil {
			return err
		}
		r.reconcile()
		// An end that was reached before belongs before the records after it.
		if err := r.pending(b); err != nil || !empty(b) {
			return err
		}
		// First what is there already: this costs neither a goroutine nor a
		// context, and comes even if ctx is over.
		var dontWait context.Context
		if r.fetch(dontWait, b, max); !empty(b) {
			return nil
		}
		if err := r.c.errs.ContextError(ctx); err != nil {
			return err
		}
		if r.wait(ctx, b, max); !empty(b) {
			return nil
		}
	}
}

// wait waits for records, a rebalance, or the end of ctx. While a partition may
// stand before a gap, or may be gone, it does so in turns.
func (r *reader) wait(ctx context.Context, b *kafka.Batch, max int) {
	waiting, wake := context.WithCancel(ctx)
	defer wake()
	probe := len(r.gaps()) > 0
	if probe || r.isUnverified() {
		defer time.AfterFunc(probeAfter, wake).Stop()
	}
	started := time.Now()
	if !r.startWaiting(wake) {
		return
	}
	r.fetch(waiting, b, max)
	r.stopWaiting()
	if probe && empty(b) && ctx.Err() == nil && time.Since(started) >= probeAfter {
		r.probe(ctx)
	}
}

func empty(b *kafka.Batch) bool {
	return len(b.Records) == 0 && len(b.Ends) == 0 && len(b.Errors) == 0
}

// pending moves ends and errors that came between two polls to b.
func (r *reader) pending(b *kafka.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	b.Ends, r.ends = append(b.Ends, r.ends...), r.ends[:0]
	b.Errors, r.errs = append(b.Errors, r.errs...), nil
	if empty(b) {
		return r.fatal
	}
	return nil
}

// suspects says whether reconcile has to look again.
func (r *reader) isUnverified() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unverified
}

// sleep registers wake to be called when there is something for Poll to do. It
// returns false if there is already.
func (r *reader) startWaiting(wake func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) > 0 || len(r.ends) > 0 || len(r.errs) > 0 || r.fatal != nil {
		return false
	}
	r.interrupt = wake
	return true
}

func (r *reader) stopWaiting() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.interrupt = nil
}

// rouse interrupts whoever sleeps. The caller holds mu.
func (r *reader) wakePoll() {
	if r.interrupt != nil {
		r.interrupt()
	}
}

// fetch takes up to max records from the client. As in kgo, a nil ctx means not
// to wait.
func (r *reader) fetch(ctx context.Context, b *kafka.Batch, max int) {
	r.mu.Lock()
	seeks := r.seeks
	r.mu.Unlock()

	fetches := r.cl.PollRecords(ctx, max)

	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range fetches {
		for j := range fetches[i].Topics {
			topic := &fetches[i].Topics[j]
			for k := range topic.Partitions {
				r.addFetch(b, topic.Topic, &topic.Partitions[k], seeks)
			}
		}
	}
	if len(b.Records) > 0 {
		r.c.errs.OK()
	}
}

// close closes the client, and meanwhile runs the rebalances that come of it.
// When ctx ends it stops to wait for the broker; what Rebalance still has then
// is lost.
func (r *reader) close(ctx context.Context) {
	defer func() { r.remove(ctx, lost, r.assignment()) }()
	r.watch.stop()
	signal := make(chan struct{}, 1)
	r.mu.Lock()
	r.closing = true
	r.interrupt = func() {
		select {
		case signal <- struct{}{}:
		default:
		}
	}
	r.wakePoll() // for events that wait already
	r.mu.Unlock()

	r.startClosing()
	grace := time.NewTimer(leaveGrace)
	defer grace.Stop()
	for {
		select {
		case <-signal:
			_ = r.dispatch() // Assigned is not called any more
			grace.Reset(leaveGrace)
			continue
		case <-grace.C:
			if r.nothingAssigned() {
				go r.leaveJoining(ctx)
			}
			continue
		case <-r.done:
		case <-ctx.Done():
			r.detach()
			r.stop()
			awaitClosed(ctx, r.done) // soon: nothing that it waits for goes on
		}
		r.stop()
		return
	}
}

// leaveGrace is how long the client has to leave the group by itself once there is
// nothing more to be revoked.
const leaveGrace = time.Second

// idle reports whether nothing is left for Rebalance.
func (r *reader) nothingAssigned() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.group && len(r.parts) == 0 && len(r.events) == 0
}

// leaveJoining leaves the group for a client that kgo keeps in it: kgo waits for the
// answer to its JoinGroup, which comes when every other member has joined too, and one
// of those may not poll for minutes. A static member stays one, as always.
func (r *reader) leaveJoining(ctx context.Context) {
	defer r.stop() // ends the JoinGroup
	if r.c.s.groupProtocol == "consumer" || r.c.s.instanceID != "" {
		return
	}
	id, _ := r.cl.GroupMetadata()
	if id == "" {
		return
	}
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.MemberID = r.c.s.group, id // up to version 2
	member := kmsg.NewLeaveGroupRequestMember()
	member.MemberID = id
	req.Members = append(req.Members, member)
	_, _ = req.RequestWith(ctx, r.cl) // else the broker notices by session.timeout.ms
}

// shut begins to close the client.
func (r *reader) startClosing() {
	r.once.Do(func() {
		go func() {
			r.cl.Close()
			close(r.done)
		}()
	})
}

// disown lets all rebalances go on without Rebalance.
func (r *reader) detach() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.detached = true
	for _, ev := range r.events {
		ev.finish(errWithdrawn)
	}
	r.events = nil
}
