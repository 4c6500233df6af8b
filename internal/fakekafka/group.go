package fakekafka

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/kavro/kavro/kafka"
)

// Group is one consumer group, returned by [Cluster.Group].
type Group struct {
	cluster    *Cluster
	members    []*Consumer // in the order they joined
	generation int
	target     map[kafka.TopicPartition]*Consumer // the assignment of this generation
	owner      map[kafka.TopicPartition]*Consumer // the current owners
	committed  map[kafka.TopicPartition]kafka.Offset
	history    []kafka.Offset
}

// Group returns a group, which need not have members yet.
func (c *Cluster) Group(name string) *Group {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.group(name)
}

func (c *Cluster) group(name string) *Group {
	g, ok := c.groups[name]
	if !ok {
		g = &Group{
			cluster:   c,
			target:    map[kafka.TopicPartition]*Consumer{},
			owner:     map[kafka.TopicPartition]*Consumer{},
			committed: map[kafka.TopicPartition]kafka.Offset{},
		}
		c.groups[name] = g
	}
	return g
}

// Committed returns the group's offset of a partition, kafka.OffsetNone if there
// is none.
func (g *Group) Committed(topic string, partition int32) int64 {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	if o, ok := g.committed[kafka.TopicPartition{Topic: topic, Partition: partition}]; ok {
		return o.Offset
	}
	return kafka.OffsetNone
}

// History returns every offset ever committed, in order.
func (g *Group) History() []kafka.Offset {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	return slices.Clone(g.history)
}

// SetCommitted makes at the group's offset of a partition.
func (g *Group) SetCommitted(topic string, partition int32, at int64) {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	tp := kafka.TopicPartition{Topic: topic, Partition: partition}
	g.committed[tp] = kafka.Offset{TopicPartition: tp, Offset: at, LeaderEpoch: -1}
}

// Owned returns the partitions that a member owns.
func (g *Group) Owned(m *Consumer) []kafka.TopicPartition {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	return g.owned(m)
}

// Rebalance starts a rebalance although nothing changed.
func (g *Group) Rebalance() {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	g.rebalance()
}

// Assign assigns exactly these partitions to m, and revokes them from others, until a member
// joins or leaves.
func (g *Group) Assign(m *Consumer, partitions ...kafka.TopicPartition) {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	for tp, who := range g.target {
		if who == m {
			delete(g.target, tp)
		}
	}
	for _, tp := range partitions {
		g.target[tp] = m
	}
	g.generation++
	g.cluster.wake()
}

// Expel removes m, as a broker does after session.timeout.ms: its partitions are assigned to
// others immediately. m gets Lost at its next Poll, and joins again.
func (g *Group) Expel(m *Consumer) {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	m.lost = append(m.lost, g.owned(m)...)
	for _, tp := range m.lost {
		delete(g.owner, tp)
		if m.onRevoked != nil {
			m.onRevoked(tp)
		}
	}
	clear(m.cursors)
	g.remove(m)
}

// join and remove change the members. The cluster is locked.
func (g *Group) join(m *Consumer) {
	if !slices.Contains(g.members, m) {
		g.members = append(g.members, m)
	}
	g.rebalance()
}

func (g *Group) remove(m *Consumer) {
	g.members = slices.DeleteFunc(g.members, func(other *Consumer) bool { return other == m })
	g.rebalance()
}

// rebalance assigns all partitions again, in ranges in the order of joining, and begins a
// generation. The cluster is locked.
func (g *Group) rebalance() {
	g.generation++
	clear(g.target)
	for topic, logs := range g.cluster.topics {
		var subscribers []*Consumer
		for _, m := range g.members {
			if m.wants(topic) {
				subscribers = append(subscribers, m)
			}
		}
		for i := range logs {
			if len(subscribers) > 0 {
				g.target[kafka.TopicPartition{Topic: topic, Partition: int32(i)}] = subscribers[i*len(subscribers)/len(logs)]
			}
		}
	}
	g.cluster.wake()
}

func (g *Group) owned(m *Consumer) []kafka.TopicPartition {
	var out []kafka.TopicPartition
	for tp, who := range g.owner {
		if who == m {
			out = append(out, tp)
		}
	}
	return sorted(out)
}

// step is the next action of a member during a rebalance.
type step struct {
	lost, revoked, assigned []kafka.TopicPartition
	complete                bool // the rebalance is over for this member
}

// step returns m's next step, nil if there is none now. The cluster is locked.
func (g *Group) step(m *Consumer) *step {
	if len(m.lost) > 0 {
		s := &step{lost: m.lost}
		m.lost = nil
		return s
	}
	if !slices.Contains(g.members, m) { // expelled: join again
		g.join(m)
	}
	owned := g.owned(m)
	if m.config.Cooperative {
		return g.stepCooperative(m, owned)
	}
	return g.stepEager(m, owned)
}

// stepEager is the eager protocol: all members give up all partitions, then each gets its
// assignment.
func (g *Group) stepEager(m *Consumer, owned []kafka.TopicPartition) *step {
	if m.released != g.generation {
		if len(owned) > 0 {
			return &step{revoked: owned}
		}
		m.released = g.generation
		g.cluster.wake()
	}
	if m.adopted == g.generation {
		return nil
	}
	for _, other := range g.members {
		if other.released != g.generation && len(g.owned(other)) > 0 {
			return nil
		}
	}
	m.adopted = g.generation
	s := g.assign(m, g.wanted(m))
	if s == nil {
		s = &step{}
	}
	s.complete = true
	return s
}

// stepCooperative is the cooperative protocol: only partitions that move are given up, and
// assigned when they are free.
func (g *Group) stepCooperative(m *Consumer, owned []kafka.TopicPartition) *step {
	var moving []kafka.TopicPartition
	for _, tp := range owned {
		if g.target[tp] != m {
			moving = append(moving, tp)
		}
	}
	if len(moving) > 0 {
		return &step{revoked: moving}
	}
	var free []kafka.TopicPartition
	for _, tp := range g.wanted(m) {
		if g.owner[tp] == nil {
			free = append(free, tp)
		}
	}
	s := g.assign(m, free)
	if s == nil && m.adopted != g.generation && len(owned) == len(g.wanted(m)) {
		m.adopted = g.generation
		s = &step{complete: true}
	}
	return s
}

// assign makes m the owner, before m is notified, so that no other member can become it.
func (g *Group) assign(m *Consumer, p []kafka.TopicPartition) *step {
	if len(p) == 0 {
		return nil
	}
	for _, tp := range p {
		g.owner[tp] = m
	}
	return &step{assigned: p}
}

// wanted returns the target assignment of m.
func (g *Group) wanted(m *Consumer) []kafka.TopicPartition {
	var out []kafka.TopicPartition
	for tp, who := range g.target {
		if who == m {
			out = append(out, tp)
		}
	}
	return sorted(out)
}

// wants reports whether m is subscribed to a topic.
func (m *Consumer) wants(topic string) bool {
	return slices.ContainsFunc(m.topics, func(t string) bool {
		if strings.HasPrefix(t, "^") {
			return regexp.MustCompile(t).MatchString(topic)
		}
		return t == topic
	})
}

func sorted(p []kafka.TopicPartition) []kafka.TopicPartition {
	slices.SortFunc(p, func(a, b kafka.TopicPartition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return p
}
