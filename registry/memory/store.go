package memory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/kavro/kavro/internal/schemaguid"
	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// What a registry holds, and the ways to find it. A store does no checks and has
// no lock: memory.go decides what may happen and guards it, and every change
// comes as an event, live or from a log.
//
//	contexts   ".": ids ---------> entry: one schema, under one id
//	                identities --> entry
//	                meanings ----> entries
//	subjects   "orders-value": versions --> version --> entry
//
// Versions are never changed, only replaced, so whoever has got hold of one
// keeps a consistent view of it.
type store struct {
	contexts     map[string]*contextState
	subjects     map[string]*subjectState // by full name
	configs      map[string]*settings     // by full name; "" is the global one
	modes        map[string]registry.Mode
	referencedBy map[registry.SubjectVersion]map[registry.ContextID]bool
	associations map[string]*association   // by GUID
	associated   map[string][]*association // by subject, sorted; the lists are never changed
	change       int64                     // counts what was applied
	seq          int64                     // of the last version
	sorted       atomic.Pointer[[]subjectname.Name]
	listed       atomic.Pointer[[]string]
}

// contextState is what is known in one context.
type contextState struct {
	listed     bool // has ever had a schema, and was not deleted since
	ids        map[int]*entry
	identities index[[16]byte]
	semantics  index[semanticHash]
	maxID      int // given so far
}

// index finds entries by something they may share, in the order of their ids. Only
// an import gives two ids to one identity.
type index[K comparable] map[K][]*entry

func (x index[K]) add(key K, e *entry) {
	i, _ := slices.BinarySearchFunc(x[key], e, func(a, b *entry) int { return cmp.Compare(a.ID, b.ID) })
	x[key] = slices.Insert(x[key], i, e)
}

func (x index[K]) remove(key K, e *entry) {
	rest := slices.DeleteFunc(x[key], func(o *entry) bool { return o == e })
	if len(rest) == 0 {
		delete(x, key)
		return
	}
	x[key] = rest
}

// first returns the entry with the lowest id, or nil.
func (x index[K]) first(key K) *entry {
	if found := x[key]; len(found) > 0 {
		return found[0]
	}
	return nil
}

// entry is one schema under one id. uses and shown change; the rest does not.
type entry struct {
	registry.ContextID
	definition registry.Definition
	identity   [16]byte
	guid       string
	semantics  semanticHash
	uses       map[string]*version // the newest version with this id, by subject
	shown      *version            // the use that stands for all: the oldest, living ones first
	parsed     atomic.Pointer[schemas.Schema]
}

// subjectState is one subject: at least one version, softly deleted ones among them.
type subjectState struct {
	name     subjectname.Name
	versions []*version // ascending
	live     int        // not deleted
}

// version is one version of one subject.
type version struct {
	subject            string
	number             int
	entry              *entry
	deleted            bool
	time               int64                  // milliseconds since 1970: registered or, if deleted, deleted
	seq                int64                  // order of registration
	answer, answerByID atomic.Pointer[[]byte] // encoded, once they were asked for
}

func newStore() *store {
	s := &store{
		contexts:     map[string]*contextState{},
		subjects:     map[string]*subjectState{},
		configs:      map[string]*settings{},
		modes:        map[string]registry.Mode{},
		referencedBy: map[registry.SubjectVersion]map[registry.ContextID]bool{},
		associations: map[string]*association{},
		associated:   map[string][]*association{},
	}
	s.list(subjectname.DefaultContext, true)
	return s
}

// context returns a context, empty if it is new. Only apply makes new ones.
func (s *store) context(name string) *contextState {
	c := s.contexts[name]
	if c == nil {
		c = &contextState{
			ids:        map[int]*entry{},
			identities: index[[16]byte]{},
			semantics:  index[semanticHash]{},
		}
		s.contexts[name] = c
	}
	return c
}

func (s *store) put(e event) error {
	q := subjectname.Split(e.Subject)
	if e.Version < 1 || e.ID < 0 || q.String() != e.Subject {
		return fmt.Errorf("event %q: subject %q version %d id %d", e.Op, e.Subject, e.Version, e.ID)
	}
	s.list(q.Context, true)
	c := s.context(q.Context)
	c.maxID = max(c.maxID, e.ID)
	s.dropVersion(e.Subject, e.Version) // an import may replace a version

	known := c.ids[e.ID]
	if known == nil {
		if e.Schema == nil {
			return fmt.Errorf("event %q: id %d is not known in context %q", e.Op, e.ID, q.Context)
		}
		known = s.addEntry(c, registry.ContextID{Context: q.Context, ID: e.ID}, e.Schema)
	}
	s.seq++
	v := &version{subject: e.Subject, number: e.Version, entry: known, time: e.Time, seq: s.seq}

	sub := s.subjects[e.Subject]
	if sub == nil {
		sub = &subjectState{name: q}
		s.subjects[e.Subject] = sub
		s.sorted.Store(nil)
	}
	i, _ := sub.find(e.Version)
	sub.versions = slices.Insert(sub.versions, i, v)
	sub.live++
	known.use(v)
	for _, r := range known.definition.References {
		key := registry.SubjectVersion{Subject: q.Within(r.Subject), Version: r.Version}
		if s.referencedBy[key] == nil {
			s.referencedBy[key] = map[registry.ContextID]bool{}
		}
		s.referencedBy[key][known.ContextID] = true
	}
	return nil
}

func (s *store) addEntry(c *contextState, id registry.ContextID, st *stored) *entry {
	e := &entry{ContextID: id, definition: st.definition(), semantics: st.Semantics, uses: map[string]*version{}}
	e.identity = identityOf(e.definition)
	e.guid = schemaguid.Format(e.identity)
	c.ids[id.ID] = e
	c.identities.add(e.identity, e)
	if e.semantics != (semanticHash{}) {
		c.semantics.add(e.semantics, e)
	}
	return e
}

func (s *store) removeEntry(e *entry) {
	c := s.contexts[e.Context]
	delete(c.ids, e.ID)
	c.identities.remove(e.identity, e)
	c.semantics.remove(e.semantics, e)
	from := subjectname.Name{Context: e.Context}
	for _, r := range e.definition.References {
		key := registry.SubjectVersion{Subject: from.Within(r.Subject), Version: r.Version}
		delete(s.referencedBy[key], e.ContextID)
		if len(s.referencedBy[key]) == 0 {
			delete(s.referencedBy, key)
		}
	}
}

// use notes that v has e's id now.
func (e *entry) use(v *version) {
	if old := e.uses[v.subject]; old == nil || old.number <= v.number {
		e.uses[v.subject] = v
	}
	if e.shown == nil || e.shown.before(v) || e.shown.subject == v.subject && e.shown.number == v.number {
		e.show()
	}
}

// before reports whether v2 should stand for an entry rather than v.
func (v *version) before(v2 *version) bool {
	if v.deleted != v2.deleted {
		return v.deleted
	}
	return v2.seq < v.seq
}

// show chooses the use that stands for all.
func (e *entry) show() {
	e.shown = nil
	for _, v := range e.uses {
		if e.shown == nil || e.shown.before(v) {
			e.shown = v
		}
	}
}

// find returns where version number is, or where it would be.
func (s *subjectState) find(number int) (int, bool) {
	return slices.BinarySearchFunc(s.versions, number, func(v *version, n int) int { return cmp.Compare(v.number, n) })
}

// deleteVersion replaces a version by a softly deleted one.
func (s *store) deleteVersion(subject string, number int, time int64) {
	sub := s.subjects[subject]
	if sub == nil {
		return
	}
	i, ok := sub.find(number)
	if !ok || sub.versions[i].deleted {
		return
	}
	old := sub.versions[i]
	v := &version{subject: subject, number: number, entry: old.entry, deleted: true, time: time, seq: old.seq}
	sub.versions[i] = v
	sub.live--
	if v.entry.uses[subject] == old {
		v.entry.uses[subject] = v
	}
	if v.entry.shown == old {
		v.entry.show()
	}
}

// dropVersion forgets a version and, if nothing else has its id, the id.
func (s *store) dropVersion(subject string, number int) {
	sub := s.subjects[subject]
	if sub == nil {
		return
	}
	i, ok := sub.find(number)
	if !ok {
		return
	}
	old := sub.versions[i]
	sub.versions = slices.Delete(sub.versions, i, i+1)
	if !old.deleted {
		sub.live--
	}
	if len(sub.versions) == 0 {
		delete(s.subjects, subject)
		s.sorted.Store(nil)
	}
	e := old.entry
	if e.uses[subject] != old {
		return
	}
	delete(e.uses, subject)
	for _, v := range sub.versions { // an import may give a subject one id twice
		if v.entry == e {
			e.uses[subject] = v
		}
	}
	if len(e.uses) == 0 {
		s.removeEntry(e)
	} else if e.shown == old {
		e.show()
	}
}

// latestOf returns the newest version that is not deleted, or nil.
func latestOf(versions []*version) *version {
	for _, v := range slices.Backward(versions) {
		if !v.deleted {
			return v
		}
	}
	return nil
}

// at returns a version, -1 for the latest, or nil. The latest is never one that
// was deleted.
func (s *store) at(subject string, number int, deleted bool) *version {
	sub := s.subjects[subject]
	if sub == nil {
		return nil
	}
	if number == latestNumber {
		return latestOf(sub.versions)
	}
	i, ok := sub.find(number)
	if !ok || sub.versions[i].deleted && !deleted {
		return nil
	}
	return sub.versions[i]
}

// names returns the full names of all subjects, sorted.
func (s *store) names() []subjectname.Name {
	if names := s.sorted.Load(); names != nil {
		return *names
	}
	names := make([]subjectname.Name, 0, len(s.subjects))
	for _, name := range slices.Sorted(maps.Keys(s.subjects)) {
		names = append(names, s.subjects[name].name)
	}
	s.sorted.Store(&names)
	return names
}

// list says whether a context is among those that are listed.
func (s *store) list(context string, listed bool) {
	if c := s.context(context); c.listed != listed {
		c.listed = listed
		s.listed.Store(nil)
	}
}

// listedContexts returns the names of the contexts, the default one first.
func (s *store) listedContexts() []string {
	if names := s.listed.Load(); names != nil {
		return *names
	}
	names := []string{subjectname.DefaultContext}
	for _, name := range slices.Sorted(maps.Keys(s.contexts)) {
		if name != subjectname.DefaultContext && s.contexts[name].listed {
			names = append(names, name)
		}
	}
	s.listed.Store(&names)
	return names
}
