package fakekafka

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/kavro/kavro/kafka"
)

// Group is one consumer group. A test reaches it through [Cluster.Group].
type Group struct {
	cluster    *Cluster
	members    []*Consumer // in the order they joined
	generation int
	target     map[kafka.TopicPartition]*Consumer // who shall have what
	owner      map[kafka.TopicPartition]*Consumer // who has it
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

// Owned returns what a member has now.
func (g *Group) Owned(m *Consumer) []kafka.TopicPartition {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	return g.owned(m)
}

// Rebalance makes the group rebalance although nothing changed.
func (g *Group) Rebalance() {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	g.rebalance()
}

// Assign gives m exactly these partitions, and takes them from others, until
// members come or go.
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

// Expel throws m out, as a broker does with a member that it has not heard of
// for too long: others get its partitions at once. m learns of it at its next
// Poll, and joins again.
func (g *Group) Expel(m *Consumer) {
	g.cluster.mu.Lock()
	defer g.cluster.mu.Unlock()
	m.lost = append(m.lost, g.owned(m)...)
	for _, tp := range m.lost {
		delete(g.owner, tp)
		if m.onTaken != nil {
			m.onTaken(tp)
		}
	}
	clear(m.cursors)
	g.remove(m)
}

// join and remove change who is a member. The cluster is locked.
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

// rebalance deals the partitions out anew: ranges, in the order of joining, and
// begins a generation. The cluster is locked.
func (g *Group) rebalance() {
	g.generation++
	clear(g.target)
	for topic, logs := range g.cluster.topics {
		var takers []*Consumer
		for _, m := range g.members {
			if m.wants(topic) {
				takers = append(takers, m)
			}
		}
		for i := range logs {
			if len(takers) > 0 {
				g.target[kafka.TopicPartition{Topic: topic, Partition: int32(i)}] = takers[i*len(takers)/len(logs)]
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

// step is what a member has to do next to follow its group.
type step struct {
	lost, revoked, assigned []kafka.TopicPartition
	settled                 bool // the group has said what the member has
}

// step computes m's next step, nil if there is none now. The cluster is locked.
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

// stepEager: everybody gives up everything, then everybody takes what is theirs.
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
	s.settled = true
	return s
}

// stepCooperative: only what moves is given up, and taken when it is free.
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
		s = &step{settled: true}
	}
	return s
}

// assign makes m the owner at once: nobody may take p before m hears of it.
func (g *Group) assign(m *Consumer, p []kafka.TopicPartition) *step {
	if len(p) == 0 {
		return nil
	}
	for _, tp := range p {
		g.owner[tp] = m
	}
	return &step{assigned: p}
}

// wanted is what m shall have.
func (g *Group) wanted(m *Consumer) []kafka.TopicPartition {
	var out []kafka.TopicPartition
	for tp, who := range g.target {
		if who == m {
			out = append(out, tp)
		}
	}
	return sorted(out)
}

// wants says whether m is subscribed to a topic.
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
