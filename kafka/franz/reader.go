package franz

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// reader is one kgo.Client that fetches, with the state of each partition that it fetches: a
// member of a group, or a client with an assignment made by Assign.
type reader struct {
	c         *consumer
	cl        *kgo.Client
	transact  *kgo.GroupTransactSession // over cl, for a session
	stop      context.CancelFunc        // ends requests of cl in progress
	done      chan struct{}             // closed when cl is closed
	once      sync.Once
	group     bool
	topics    []string // of Subscribe
	rebalance kafka.Rebalance
	watch     *watchdog

	mu         sync.Mutex
	parts      map[kafka.TopicPartition]*part
	events     []*event               // rebalances that wait for Poll, oldest first
	ends       []kafka.Offset         // for the next Batch
	errs       []kafka.PartitionError // for the next Batch
	interrupt  func()                 // interrupts Poll or close while it waits; nil: neither does
	closing    bool                   // no partition is assigned any more
	detached   bool                   // events are finished with errWithdrawn, without Rebalance
	fatal      error                  // ends the reader
	seeks      uint64                 // number of Seeks
	unverified bool                   // a session: kgo may have revoked partitions without a callback
}

// part is one partition that Rebalance was told of, or that Assign has set.
type part struct {
	from      kafka.Offset // where to start, by Assigned or Assign
	pos       int64        // the next offset to read; kafka.OffsetNone while unknown
	installed bool         // kgo was given the offset to start at
	seen      bool         // kgo was seen reading it (sessions)
	ended     bool         // its end was reported, and nothing was read afterwards
	paused    bool         // by Pause
	held      bool         // paused in kgo: it has no offset to start at
	seek      int64        // the target of a Seek before installed; kafka.OffsetNone: none
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
	return &reader{c: c, rebalance: r, done: make(chan struct{}), parts: map[kafka.TopicPartition]*part{}, watch: &watchdog{}}
}

// ignoreRebalances is the Rebalance of a caller that gave none.
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
		// Ends that were reached before the next records come before those.
		if err := r.pending(b); err != nil || !empty(b) {
			return err
		}
		// First what kgo has fetched already: that needs neither a goroutine nor a
		// context, and is returned even if ctx has ended.
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

// wait waits for records, a rebalance, or the end of ctx. It returns after probeAfter where a
// partition may stand before a gap of offsets (see probe), or may be revoked (see reconcile).
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

// pending moves ends and errors that arrived between two calls of Poll to b.
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

// isUnverified reports whether reconcile has to check again.
func (r *reader) isUnverified() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unverified
}

// startWaiting registers wake, which is called when there is work for Poll. It returns false
// if there is some already.
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

// wakePoll interrupts Poll or close where one waits. The caller holds mu.
func (r *reader) wakePoll() {
	if r.interrupt != nil {
		r.interrupt()
	}
}

// fetch moves up to max records from kgo to b. As in kgo, a nil ctx means not to wait.
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

// close closes the client, and runs the rebalances that this causes. When ctx ends it no
// longer waits for the broker: partitions that are still assigned are lost then.
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
	r.wakePoll() // for events that are queued already
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
			awaitClosed(ctx, r.done) // a moment: what it waits for has ended
		}
		r.stop()
		return
	}
}

// leaveGrace is how long kgo may take to leave the group when no partition is left to be
// revoked.
const leaveGrace = time.Second

// nothingAssigned reports whether a member has no partition and no event left.
func (r *reader) nothingAssigned() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.group && len(r.parts) == 0 && len(r.events) == 0
}

// leaveJoining leaves the group in place of kgo, which first waits for the answer to its
// JoinGroup. That arrives when every other member has joined too, and one of them may not
// poll for minutes. A static member stays a member, as always.
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

// startClosing closes the client in the background; done is closed then.
func (r *reader) startClosing() {
	r.once.Do(func() {
		go func() {
			r.cl.Close()
			close(r.done)
		}()
	})
}

// detach finishes all rebalances, also later ones, without Rebalance.
func (r *reader) detach() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.detached = true
	for _, ev := range r.events {
		ev.finish(errWithdrawn)
	}
	r.events = nil
}
