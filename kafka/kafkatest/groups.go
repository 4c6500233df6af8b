package kafkatest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

func groupCases() []testCase {
	var all []testCase
	for _, kind := range groupKinds {
		all = append(all,
			testCase{"Group/join and leave/" + kind.name, func(e *env) { joinAndLeave(e, e, kind.conf) }},
			testCase{"Group/handing over/" + kind.name, func(e *env) { handOver(e, e, kind.conf) }},
			testCase{"Group/told of every rebalance/" + kind.name, func(e *env) { groupTold(e, kind.conf) }},
		)
	}
	return append(all,
		testCase{"Group/revoked only what moves", groupDeltas},
		testCase{"Group/not polled for too long", groupPollInterval},
		testCase{"Group/refused", groupRefused},
	)
}

// groupKinds are the ways to share partitions.
var groupKinds = []struct {
	name string
	conf kafka.Config
}{
	{"range", kafka.Config{}},
	{"roundrobin", kafka.Config{"partition.assignment.strategy": "roundrobin"}},
	{"cooperative-sticky", kafka.Config{"partition.assignment.strategy": "cooperative-sticky"}},
	{"consumer protocol", kafka.Config{"group.protocol": "consumer", "session.timeout.ms": nil, "heartbeat.interval.ms": nil}},
}

// member is a consumer that a goroutine polls until it is stopped. It commits inside Revoked.
type member struct {
	c          kafka.Consumer
	rebalances *rebalanceLog

	mu   sync.Mutex
	recs []*kafka.Record
	next map[kafka.TopicPartition]int64

	stopPolling context.CancelFunc
	stopped     chan struct{}
	err         error
}

// member starts a member of group. Its records are committed when they are
// revoked, and only then.
func (e *env) member(group, topic string, conf kafka.Config) *member {
	e.Helper()
	m := &member{c: e.consumer(group, conf), next: map[kafka.TopicPartition]int64{}, stopped: make(chan struct{})}
	m.rebalances = &rebalanceLog{revoked: m.commit, lost: m.drop}
	require.NoError(e, m.c.Subscribe([]string{topic}, m.rebalances))
	ctx, cancel := context.WithCancel(context.Background())
	m.stopPolling = cancel
	go m.run(ctx)
	e.Cleanup(func() { m.stop(e) }) // before the consumer is closed
	return m
}

func (m *member) run(ctx context.Context) {
	defer close(m.stopped)
	var b kafka.Batch
	for {
		if err := m.c.Poll(ctx, &b, 10); err != nil {
			if ctx.Err() == nil {
				m.err = err
			}
			return
		}
		m.mu.Lock()
		for _, r := range b.Records {
			m.recs = append(m.recs, r)
			m.next[part(r.Topic, r.Partition)] = r.Offset + 1
		}
		for _, err := range b.Errors {
			m.err = err.Err
		}
		m.mu.Unlock()
	}
}

func (m *member) commit(ctx context.Context, parts []kafka.TopicPartition) {
	var next []kafka.Offset
	m.mu.Lock()
	for _, tp := range parts {
		if at, ok := m.next[tp]; ok {
			next = append(next, offset(tp.Topic, tp.Partition, at))
			delete(m.next, tp)
		}
	}
	m.mu.Unlock()
	if err := m.c.Commit(ctx, next); err != nil {
		m.mu.Lock()
		m.err = fmt.Errorf("commit in Revoked: %w", err)
		m.mu.Unlock()
	}
}

func (m *member) drop(parts []kafka.TopicPartition) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, tp := range parts {
		delete(m.next, tp)
	}
}

// stop ends the polling. The consumer is still a member.
func (m *member) stop(e *env) {
	m.stopPolling()
	<-m.stopped
	require.NoError(e, m.err)
	m.rebalances.check(e)
}

func (m *member) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.recs)
}

// joinAndLeave: partitions are spread over the members that there are, always
// each to one.
func joinAndLeave(a, b *env, conf kafka.Config) {
	const parts = 6
	topic, group := a.topic(parts), a.name("group")
	first := a.member(group, topic, conf)
	a.eventually(func() bool { return first.rebalances.owned() == parts })

	second := b.member(group, topic, conf)
	a.eventually(func() bool { return first.rebalances.owned() == 3 && second.rebalances.owned() == 3 })

	first.stop(a)
	require.NoError(a, first.c.Close(a.ctx()))
	require.Zero(a, first.rebalances.owned())
	a.eventually(func() bool { return second.rebalances.owned() == parts })
	require.False(a, first.rebalances.saw("lost"))
	require.False(a, second.rebalances.saw("lost"))
}

// handOver: a member starts at the offset that the other one has committed inside Revoked, so that
// together they read each record once.
func handOver(a, b *env, conf kafka.Config) {
	const parts, n = 4, 60
	topic, group := a.topic(parts), a.name("group")
	p := a.producer()
	total := 0
	more := func() {
		for i := range int32(parts) {
			a.fill(p, topic, i, n)
		}
		total += parts * n
	}

	more()
	first := a.member(group, topic, conf)
	a.eventually(func() bool { return first.count() > 0 })
	second := b.member(group, topic, conf)
	more()
	a.eventually(func() bool { return second.rebalances.owned() == parts/2 })
	more()
	a.eventually(func() bool { return first.count()+second.count() >= total })
	first.stop(a)
	require.NoError(a, first.c.Close(a.ctx()))
	more()
	a.eventually(func() bool { return first.count()+second.count() >= total })
	second.stop(b)

	seen := map[string]int{}
	for _, r := range slices.Concat(first.recs, second.recs) {
		seen[fmt.Sprint(r.Partition, "@", r.Offset)]++
	}
	for at, times := range seen {
		require.Equal(a, 1, times, at)
	}
	require.Len(a, seen, total)
}

// groupDeltas: a cooperative rebalance takes only what goes elsewhere.
func groupDeltas(e *env) {
	conf := kafka.Config{"partition.assignment.strategy": "cooperative-sticky"}
	topic, group := e.topic(4), e.name("group")
	first := e.member(group, topic, conf)
	e.eventually(func() bool { return first.rebalances.owned() == 4 })
	second := e.member(group, topic, conf)
	e.eventually(func() bool { return first.rebalances.owned() == 2 && second.rebalances.owned() == 2 })

	lines := first.rebalances.all()
	require.Len(e, lines, 2, "%v", lines)
	require.Equal(e, "assigned [0 1 2 3]", lines[0])
	require.Contains(e, lines[1], "revoked [")
	require.Len(e, second.rebalances.all(), 1)
}

// groupPollInterval: a member that is not polled for max.poll.interval.ms leaves the group. The
// next Poll calls Lost and joins again.
func groupPollInterval(e *env) {
	topic, group := e.topic(2), e.name("group")
	p := e.producer()
	e.fill(p, topic, 0, 1)
	e.fill(p, topic, 1, 1)
	c := e.consumer(group, kafka.Config{"session.timeout.ms": 1000, "max.poll.interval.ms": 1000})
	rebalances := &rebalanceLog{}
	require.NoError(e, c.Subscribe([]string{topic}, rebalances))
	e.read(c, 2)
	e.eventually(func() bool { return e.members(group) == 0 })

	e.pollBriefly(c, func() bool { return len(rebalances.all()) >= 3 })
	require.Equal(e, []string{"assigned [0 1]", "lost [0 1]", "assigned [0 1]"}, rebalances.all())
	rebalances.check(e)
}

// members is how many members a group has.
func (e *env) members(group string) (n int) {
	e.Helper()
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{group}
	e.plainClient(func(cl *kgo.Client) {
		resp, err := req.RequestWith(e.ctx(), cl)
		require.NoError(e, err)
		n = len(resp.Groups[0].Members)
	})
	return n
}

// groupRefused: a group that cannot be joined is an error of no topic, and the client retries.
func groupRefused(e *env) {
	topic := e.topic(1)
	c := e.subscribed([]string{topic}, kafka.Config{"session.timeout.ms": 3_600_000, "max.poll.interval.ms": 3_600_000})
	d := &drain{}
	e.until(c, d, func(d *drain) bool { return len(d.errs) > 0 })
	require.Equal(e, part("", -1), d.errs[0].TopicPartition)
	require.Equal(e, int16(26), e.code(d.errs[0].Err), "INVALID_SESSION_TIMEOUT")
}
