package memory

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kavro/kavro/registry"
)

// isReferenced reports whether another schema refers to a version; deleted
// counts those that were softly deleted as well.
func (s *store) isReferenced(subject string, number int, deleted bool) bool {
	for id := range s.referencedBy[registry.SubjectVersion{Subject: subject, Version: number}] {
		if deleted || s.hasLiveUse(id) {
			return true
		}
	}
	return false
}

func (s *store) hasLiveUse(id registry.ContextID) bool {
	e := s.contexts[id.Context].ids[id.ID]
	return e != nil && e.shown != nil && !e.shown.deleted
}

// referrers returns what refers to a version, sorted.
func (s *store) referrers(subject string, number int, deleted bool) []registry.ContextID {
	ids := slices.Collect(maps.Keys(s.referencedBy[registry.SubjectVersion{Subject: subject, Version: number}]))
	if !deleted {
		ids = slices.DeleteFunc(ids, func(id registry.ContextID) bool { return !s.hasLiveUse(id) })
	}
	slices.SortFunc(ids, func(a, b registry.ContextID) int {
		return cmp.Or(cmp.Compare(a.Context, b.Context), cmp.Compare(a.ID, b.ID))
	})
	return ids
}
