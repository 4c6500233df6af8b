package avro

import (
	"bytes"
	"math"
	"slices"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// WithSortedMaps makes codecs write the entries of each map in the order of their
// keys' bytes, so that equal values have equal bytes: what a Kafka key needs, by
// whose bytes records find their partitions and compaction its duplicates. By
// default entries come in Go's order, which changes from one time to the next.
//
// It holds for generated types too, and costs one more pass over each datum of a
// schema that has maps.
func WithSortedMaps() Option {
	return func(c *config) { c.sortedMaps = true }
}

// hasMaps reports whether values of a schema may contain maps. seen holds what was
// looked at.
func hasMaps(s *compiledSchema, seen map[*compiledSchema]bool) bool {
	if s == nil || seen[s] {
		return false
	}
	seen[s] = true
	if s.typ == schemas.Map || hasMaps(s.items, seen) {
		return true
	}
	for i := range s.fields {
		if hasMaps(s.fields[i].schema, seen) {
			return true
		}
	}
	for _, b := range s.branches {
		if hasMaps(b, seen) {
			return true
		}
	}
	return false
}

// mapSorter reads a datum and puts the entries of its maps in order, in place.
type mapSorter struct {
	r       *avrort.Reader
	datum   []byte
	entries []mapEntry // of all maps around the position
	spare   []byte
}

// mapEntry is where an entry begins, and where its key's text is.
type mapEntry struct{ start, end, key, keyEnd int }

// sortMaps sorts the maps of a datum that was just encoded: its limits were those
// of the values it comes from.
func sortMaps(s *compiledSchema, datum []byte, c *config) error {
	roomy := avrort.Settings{MaxBytes: math.MaxInt, MaxItems: math.MaxInt, MaxEmptyItems: math.MaxInt, MaxDepth: c.MaxDepth}
	m := mapSorter{r: avrort.NewReader(datum, &roomy), datum: datum}
	m.value(s)
	return m.r.Err()
}

func (m *mapSorter) value(s *compiledSchema) {
	switch s.typ {
	case schemas.Record:
		if s.recursive {
			if !m.r.Enter() {
				return
			}
			defer m.r.Leave()
		}
		for i := range s.fields {
			m.value(s.fields[i].schema)
		}
	case schemas.Union:
		if i := m.r.UnionIndex(len(s.branches)); m.r.Err() == nil {
			m.value(s.branches[i])
		}
	case schemas.Array:
		have := 0
		for n := m.r.Block(0, s.items.min); n > 0; n = m.r.Block(have, s.items.min) {
			for i := 0; i < n && m.r.Err() == nil; i++ {
				m.value(s.items)
			}
			have += n
		}
	case schemas.Map:
		have := 0
		for n := m.r.Block(0, s.items.min+1); n > 0; n = m.r.Block(have, s.items.min+1) {
			m.block(s, n)
			have += n
		}
	default:
		pass(m.r, s)
	}
}

// block sorts one block of a map: all of it, as codecs write maps.
func (m *mapSorter) block(s *compiledSchema, n int) {
	first := len(m.entries)
	for i := 0; i < n && m.r.Err() == nil; i++ {
		e := mapEntry{start: m.r.Offset()}
		key := m.r.View()
		e.key, e.keyEnd = m.r.Offset()-len(key), m.r.Offset()
		m.value(s.items)
		e.end = m.r.Offset()
		m.entries = append(m.entries, e)
	}
	entries, src := m.entries[first:], m.datum
	m.entries = m.entries[:first]
	if m.r.Err() != nil || len(entries) == 0 {
		return
	}
	order := func(a, b mapEntry) int { return bytes.Compare(src[a.key:a.keyEnd], src[b.key:b.keyEnd]) }
	if slices.IsSortedFunc(entries, order) {
		return
	}
	at := entries[0].start
	slices.SortFunc(entries, order)
	m.spare = m.spare[:0]
	for _, e := range entries {
		m.spare = append(m.spare, src[e.start:e.end]...)
	}
	copy(src[at:], m.spare)
}
