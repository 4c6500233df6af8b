package sched

import (
	"slices"

	"github.com/kavro/kavro/kafka"
)

// Due returns the offset of g that may be committed and is not: the end of the contiguous prefix of
// processed records.
func (m *Machine) Due(g *Generation) (kafka.Offset, bool) {
	if g.phase == stale {
		return kafka.Offset{}, false
	}
	m.Progress(g)
	next, epoch, ok := g.tracker.prefix()
	if !ok || next == g.committed {
		return kafka.Offset{}, false
	}
	return kafka.Offset{TopicPartition: g.TopicPartition, Offset: next, LeaderEpoch: epoch}, true
}

// AllDue returns Due of all assigned partitions, sorted.
func (m *Machine) AllDue() []kafka.Offset {
	var out []kafka.Offset
	for _, g := range m.assigned {
		if o, ok := m.Due(g); ok {
			out = append(out, o)
		}
	}
	return sortOffsets(out)
}

// Process marks records as processed, and returns what may be committed of their partitions: nothing
// after the last of the records. ok is false if the partition of one is no longer assigned.
func (m *Machine) Process(handles []Handle) (due []kafka.Offset, ok bool) {
	ok = true
	last := map[*Generation]int64{} // the offset after the last record
	for _, h := range handles {
		if h.Stale() {
			ok = false
			continue
		}
		h.gen.tracker.done(h.seq)
		last[h.gen] = max(last[h.gen], h.offset+1)
	}
	for g, next := range last {
		o, found := m.Due(g)
		if found && next < o.Offset {
			o.Offset, o.LeaderEpoch = next, -1
		}
		if found && o.Offset > g.committed {
			due = append(due, o)
		}
	}
	return sortOffsets(due), ok
}

// Committed records that offsets were committed for generations.
func (m *Machine) Committed(g *Generation, offset int64) { g.committed = offset }

func sortOffsets(o []kafka.Offset) []kafka.Offset {
	slices.SortFunc(o, func(a, b kafka.Offset) int { return Compare(a.TopicPartition, b.TopicPartition) })
	return o
}
