package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// asked is a context that calls a function each time that it is asked whether it has
// ended.
type asked struct {
	context.Context
	err func() error
}

func (a *asked) Err() error { return a.err() }

// shape is a way to refer to many schemas: those to be registered first, subject by
// subject, and those that a request names.
type shape struct {
	name  string
	build func(n int) (held []registry.Definition, refs []registry.Reference)
}

// wideRecord is a record that defines many types and has these fields besides.
func wideRecord(name string, types int, fields ...string) string {
	for k := range types {
		fields = append(fields, fmt.Sprintf(`{"name":"f%d","type":{"type":"fixed","name":"%s_%d","size":1}}`, k, name, k))
	}
	return fmt.Sprintf(`{"type":"record","name":%q,"fields":[%s]}`, name, strings.Join(fields, ","))
}

func refTo(i int) registry.Reference {
	return registry.Reference{Name: fmt.Sprintf("T%d", i), Subject: fmt.Sprintf("T%d", i), Version: 1}
}

var shapes = []shape{
	{"many schemas side by side", func(n int) (held []registry.Definition, refs []registry.Reference) {
		for i := range n {
			held = append(held, registry.Definition{Text: wideRecord(fmt.Sprintf("T%d", i), 20)})
			refs = append(refs, refTo(i))
		}
		return held, refs
	}},
	{"a chain", func(n int) (held []registry.Definition, refs []registry.Reference) {
		for i := range n {
			d := registry.Definition{Text: wideRecord(fmt.Sprintf("T%d", i), 20)}
			if i > 0 {
				d.References = []registry.Reference{refTo(i - 1)}
			}
			held = append(held, d)
		}
		return held, []registry.Reference{refTo(n - 1)}
	}},
	{"diamonds", func(n int) (held []registry.Definition, refs []registry.Reference) {
		for i := range n {
			d := registry.Definition{Text: wideRecord(fmt.Sprintf("T%d", i), 20)}
			for j := range min(i, 3) {
				d.References = append(d.References, refTo(i-1-j))
			}
			held = append(held, d)
		}
		return held, []registry.Reference{refTo(n - 1), refTo(n - 2)}
	}},
	{"one schema under many names", func(n int) (held []registry.Definition, refs []registry.Reference) {
		held = []registry.Definition{{Text: wideRecord("T0", 20*n)}}
		for i := range n {
			refs = append(refs, registry.Reference{Name: fmt.Sprintf("N%d", i), Subject: "T0", Version: 1})
		}
		return held, refs
	}},
	{"one reference again and again", func(n int) (held []registry.Definition, refs []registry.Reference) {
		held = []registry.Definition{{Text: wideRecord("T0", 20*n)}}
		for range n {
			refs = append(refs, refTo(0))
		}
		return held, refs
	}},
}

// holding is a registry that holds the schemas of a shape, and a definition that
// refers to them.
func holding(t *testing.T, s shape, n int) (m *Registry, use registry.Definition, size int) {
	m = New()
	held, refs := s.build(n)
	for i, d := range held {
		_, err := m.Register(t.Context(), fmt.Sprintf("T%d", i), d)
		require.NoError(t, err)
		size += len(d.Text)
	}
	for _, v := range m.state.contexts[subjectname.DefaultContext].ids {
		v.parsed.Store(nil) // as after a start
	}
	return m, registry.Definition{Type: typeAvro, Text: `{"type":"record","name":"U","fields":[{"name":"a","type":"int"}]}`, References: refs}, size
}

// begin is a call's work, which ends with the test.
func begin(t *testing.T, m *Registry, ctx context.Context) *work {
	w := m.work(ctx)
	t.Cleanup(w.end)
	return w
}

// Each text that a request refers to is read once, whatever the shape and whoever
// asks.
func TestReferencesAreReadOnce(t *testing.T) {
	q := subjectname.Name{Context: subjectname.DefaultContext, Name: "u"}
	calls := map[string]func(m *Registry, w *work, d registry.Definition) error{
		"register": func(m *Registry, w *work, d registry.Definition) error {
			r := registration{Definition: d, id: -1}
			if _, err := m.alreadyRegistered(w, q, r); err != nil {
				return err
			}
			_, err := m.planRegistration(w, q, r)
			return err
		},
		"import": func(m *Registry, w *work, d registry.Definition) error {
			if err := m.SetMode(w.ctx, "u", registry.Import); err != nil {
				return err
			}
			_, err := m.planRegistration(w, q, registration{Definition: d, id: 7000, normalize: true})
			return err
		},
		"look up": func(m *Registry, w *work, d registry.Definition) error {
			_, err := m.findOrMerge(w, q, d, true, false)
			return err
		},
	}
	for _, shape := range shapes {
		for name, call := range calls {
			t.Run(shape.name+"/"+name, func(t *testing.T) {
				m, use, size := holding(t, shape, 100)
				w := begin(t, m, t.Context())
				require.NoError(t, call(m, w, use))
				spent := maxParsedText - w.text
				require.Greater(t, spent, size)
				require.Less(t, spent, size+100*textCost+4096, "each text once, and that of the request a few times")
				require.Less(t, maxEdges-w.edges, 1000)
			})
		}
	}
}

// What a request costs grows with what it refers to, not with its square; and a
// registry answers with an error, soon, where that is too much.
func TestReferencesAreBounded(t *testing.T) {
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			cost := func(n int) uint64 {
				m, use, _ := holding(t, shape, n)
				h := Handler(m)
				return allocated(func() {
					post(t, h, "/subjects/u/versions", use)
					post(t, h, "/subjects/u", use)
					post(t, h, "/compatibility/subjects/u/versions", use)
					post(t, h, "/compatibility/subjects/u/versions/latest", use)
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequest("GET", "/subjects/u/versions/1?format=resolved", nil))
					require.Equal(t, 200, w.Code)
				})
			}
			small, large := cost(15), cost(150)
			require.Less(t, large, 15*small)
		})
	}
	m, use, _ := holding(t, shapes[0], maxRefs)
	h := Handler(m)
	require.Contains(t, post(t, h, "/subjects/u/versions", use), `"version":1`)
	use.References = append(use.References, registry.Reference{Name: "one more", Subject: "T0", Version: 1})
	require.Contains(t, post(t, h, "/subjects/v/versions", use), "More than 1000 references")

	// References that lead to one name again and again are walked for a while.
	m = New()
	var refs []registry.Reference
	for i := 0; ; i++ {
		_, err := m.Register(t.Context(), fmt.Sprintf("T%d", i), registry.Definition{Text: wideRecord(fmt.Sprintf("T%d", i), 1), References: refs})
		if err != nil {
			require.ErrorContains(t, err, "references to be followed")
			require.Greater(t, i, 40)
			break
		}
		refs = nil
		for range 1000 {
			refs = append(refs, refTo(i))
		}
	}
	// A ring, which only a foreign log could hold, ends as well.
	m.state.subjects["T0"].versions[0].entry.definition.References = refs
	_, err := m.Lookup(t.Context(), "u", registry.Definition{Text: `"int"`, References: refs})
	var missing *registry.NotFoundError
	require.ErrorAs(t, err, &missing)
}

// allocated is how many bytes f allocates in all, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func post(t *testing.T, h http.Handler, path string, d registry.Definition) string {
	body := encode(registerRequest{Type: d.Type, Schema: d.Text, References: d.References, Metadata: d.Metadata, RuleSet: d.RuleSet})
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", path, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(w, r)
	answer, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return string(answer)
}

// A subject of many contexts is looked for in each of them, within what one call
// may take.
func TestLookupInManyContexts(t *testing.T) {
	m := New()
	big := fmt.Sprintf(`{"type":"fixed","name":"T0","size":1,"doc":%q}`, strings.Repeat("x", 700_000))
	_, err := m.Register(t.Context(), "T0", registry.Definition{Text: big})
	require.NoError(t, err)
	for i := range maxParsedText / 700_000 {
		context := fmt.Sprintf(":.c%d:", i)
		for _, d := range []struct {
			subject string
			registry.Definition
		}{{"T0", registry.Definition{Text: big}}, {"u", registry.Definition{Text: `"int"`}}} {
			_, err := m.Register(t.Context(), context+d.subject, d.Definition)
			require.NoError(t, err)
		}
	}
	_, err = m.Lookup(t.Context(), "u", registry.Definition{Text: `["null","T0"]`, References: []registry.Reference{refTo(0)}})
	require.ErrorContains(t, err, "takes too much")
	_, err = m.Lookup(t.Context(), "u", registry.Definition{Text: `["null","string"]`})
	var missing *registry.NotFoundError
	require.ErrorAs(t, err, &missing)
	found, err := m.Lookup(t.Context(), "u", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	require.Equal(t, ":.c0:u", found.Subject)
}

// A call ends with its context, wherever it is.
func TestWorkEndsWithItsContext(t *testing.T) {
	union := func(n int) string {
		var branches []string
		for i := range n {
			branches = append(branches, fmt.Sprintf(`{"type":"record","name":"W%d","fields":[]}`, i))
		}
		return "[" + strings.Join(branches, ",") + "]"
	}
	m, use, size := holding(t, shapes[0], 200)
	require.NoError(t, m.SetCompatibility(t.Context(), "tr", schemas.FullTransitive))
	for i := range 20 {
		text := fmt.Sprintf(`{"type":"record","name":"R","fields":[{"name":"u","type":%s},{"name":"v%d","type":"int","default":1}]}`, union(500), i)
		_, err := m.Register(t.Context(), "tr", registry.Definition{Text: text})
		require.NoError(t, err)
	}
	next := registry.Definition{Text: fmt.Sprintf(`{"type":"record","name":"R","fields":[{"name":"u","type":%s}]}`, union(500))}
	calls := map[string]func(ctx context.Context) error{
		"register with references": func(ctx context.Context) error { _, err := m.Register(ctx, "u", use); return err },
		"look up with references":  func(ctx context.Context) error { _, err := m.Lookup(ctx, "u", use); return err },
		"check with references":    func(ctx context.Context) error { return m.CheckCompatibility(ctx, "none", use) },
		"register in a history":    func(ctx context.Context) error { _, err := m.Register(ctx, "tr", next); return err },
		"check against a history":  func(ctx context.Context) error { return m.CheckCompatibility(ctx, "tr", next) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			count := 0
			require.NoError(t, errOtherThanNotFound(call(&asked{t.Context(), func() error { count++; return nil }})))
			require.Greater(t, count, 15, "it is asked again and again")
			for _, after := range []int{0, 1, count / 2} {
				left := after
				err := call(&asked{t.Context(), func() error {
					if left--; left < 0 {
						return context.Canceled
					}
					return nil
				}})
				if name == "register in a history" || name == "register with references" {
					if err == nil {
						continue // it is there already
					}
				}
				require.ErrorIs(t, err, context.Canceled)
				require.Greater(t, left, -10, "and once it has ended, no more")
			}
		})
	}
	require.Positive(t, size)
}

func errOtherThanNotFound(err error) error {
	if _, missing := errors.AsType[*registry.NotFoundError](err); missing {
		return nil
	}
	return err
}

// What takes long is done without the lock that other changes need: they are made
// while it goes on.
func TestWorkIsNotUnderTheLock(t *testing.T) {
	m, use, _ := holding(t, shapes[0], 200)
	free, locked := 0, 0
	ctx := &asked{t.Context(), func() error {
		if m.changes.TryLock() {
			m.changes.Unlock()
			free++
		} else {
			locked++
		}
		return nil
	}}
	_, err := m.Register(ctx, "u", use)
	require.NoError(t, err)
	require.Greater(t, free, 200)
	require.Less(t, locked, 10)

	free, locked = 0, 0
	_, err = m.associate(ctx, "", associationRequest{
		Name: "topic", Namespace: "cluster", Resource: "r",
		Associations: []associationAsk{{Part: "value", Lifecycle: strong, Schema: &registerRequest{
			Schema: `"int"`, References: []registry.Reference{{Name: "T0", Subject: ":.:T0", Version: 1}},
		}}},
	}, true, false)
	if err != nil {
		require.ErrorContains(t, err, "No schema reference found") // the topic's subject is in a context of its own
	}
	require.Less(t, locked, 10)
	require.Greater(t, free, 0)
}

// wideUnion is a record with a union whose comparison takes more than may be done
// under the lock.
func wideUnion(field string) registry.Definition {
	var branches []string
	for i := range 2000 {
		branches = append(branches, fmt.Sprintf(`{"type":"record","name":"W%d","fields":[]}`, i))
	}
	return registry.Definition{Text: fmt.Sprintf(`{"type":"record","name":"R","fields":[{"name":"u","type":[%s]}%s]}`, strings.Join(branches, ","), field)}
}

// A change that was checked is checked again if what it depends on has changed
// meanwhile.
func TestChangeIsPlannedAgain(t *testing.T) {
	for _, heavy := range []bool{false, true} {
		text := func(field string) registry.Definition {
			if heavy {
				return wideUnion(field)
			}
			return registry.Definition{Text: fmt.Sprintf(`{"type":"record","name":"R","fields":[{"name":"a","type":"int"}%s]}`, field)}
		}
		m := New()
		_, err := m.Register(t.Context(), "s", text(""))
		require.NoError(t, err)
		// Whenever the lock is about to be taken for the change, another version comes.
		others := 0
		other := func(make func(n int) registry.Definition, times int) context.Context {
			busy := false
			return &asked{t.Context(), func() error {
				if busy || others == times {
					return nil
				}
				busy = true
				defer func() { busy = false }()
				if !m.changes.TryLock() {
					return nil
				}
				m.changes.Unlock()
				others++
				_, err := m.Register(t.Context(), "s", make(others))
				require.NoError(t, err)
				return nil
			}}
		}
		added := func(n int) registry.Definition {
			return text(fmt.Sprintf(`,{"name":"n%d","type":"int","default":0}`, n))
		}
		got, err := m.Register(other(added, 8), "s", text(`,{"name":"b","type":"int","default":0}`))
		require.NoError(t, err)
		require.Positive(t, others)
		require.Equal(t, 2+others, got.Version, "after all that came meanwhile")

		// One that comes meanwhile counts: b was an int, and is a string now.
		others = 0
		conflicting := func(int) registry.Definition { return text(`,{"name":"c","type":"string","default":""}`) }
		_, err = m.Register(other(conflicting, 1), "s", text(`,{"name":"c","type":"int","default":0}`))
		var conflict *registry.ConflictError
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, 1, others)
	}
}

// A change whose ground never stops moving fails after some time, without having
// held others up.
func TestChangeGivesUp(t *testing.T) {
	m := New()
	n := 0
	err := m.change(begin(t, m, t.Context()), func(*work) error { return nil }, func(w *work) error {
		n++
		return w.tooMuch("")
	})
	require.Equal(t, maxPlans, n)
	var busy *registry.UnavailableError
	require.ErrorAs(t, err, &busy)
	require.Equal(t, http.StatusServiceUnavailable, busy.Status)
}

// All comparisons of a call have one budget, and under the lock a small one.
func TestCompareBudgetIsForAll(t *testing.T) {
	m := New()
	require.NoError(t, m.SetCompatibility(t.Context(), "", schemas.BackwardTransitive))
	for n := range 3 {
		_, err := m.Register(t.Context(), "s", wideUnion(fmt.Sprintf(`,{"name":"n%d","type":"int","default":0}`, n)))
		require.NoError(t, err)
	}
	q := subjectname.Name{Context: subjectname.DefaultContext, Name: "s"}
	r := registration{Definition: withDefaults(wideUnion("")), id: -1}
	w := begin(t, m, t.Context())
	_, err := m.planRegistration(w, q, r)
	require.NoError(t, err)
	spent := maxCompare - w.compare.Left()
	require.Greater(t, spent, 3*heldCompare)

	few := begin(t, m, t.Context())
	few.compare = schemas.NewBudget(spent - 1)
	_, err = m.planRegistration(few, q, r)
	require.ErrorContains(t, err, "too large to compare")

	m.changes.Lock()
	defer m.changes.Unlock()
	again := w.underLock(m)
	_, err = m.planRegistration(again, q, r)
	require.NoError(t, err, "all is known already")
	require.Equal(t, heldText, again.text)
	require.Equal(t, heldCompare, again.compare.Left())
	_, err = m.planRegistration(begin(t, m, t.Context()).underLock(m), q, r)
	require.ErrorIs(t, err, errPlanAgain)
}

// What metadata reserves is looked for without looking at all pairs, and what an
// answer says of it is bounded.
func TestManyReservedNames(t *testing.T) {
	m := New()
	yes := true
	require.NoError(t, m.SetConfig(t.Context(), "s", registry.Config{ValidateFields: &yes}))
	var names []string
	for i := range 100_000 {
		names = append(names, fmt.Sprintf("f%d", i))
	}
	reserve := func(list string) *registry.Metadata {
		return &registry.Metadata{Properties: map[string]string{"confluent:reserved": list}}
	}
	_, err := m.Register(t.Context(), "s", registry.Definition{Text: `"int"`, Metadata: reserve(strings.Join(names, ","))})
	require.NoError(t, err)
	_, err = m.Register(t.Context(), "s", registry.Definition{Text: `"int"`, Metadata: reserve("")})
	require.ErrorContains(t, err, "reserved field f0 removed")
	require.ErrorContains(t, err, "And 99000 more of these.")
	require.Less(t, len(err.Error()), 1<<18)
}

// What is kept parsed is bounded by its size, with what it refers to.
func TestParsedBytesAreBounded(t *testing.T) {
	m := New(WithLevel(schemas.None))
	text := func(n int) string {
		return fmt.Sprintf(`{"type":"fixed","name":"F%d","size":1,"doc":%q}`, n, strings.Repeat("x", 700_000))
	}
	for n := range 20 {
		_, err := m.Register(t.Context(), "s", registry.Definition{Text: text(n)})
		require.NoError(t, err)
	}
	kept := 0
	for _, e := range m.state.contexts[subjectname.DefaultContext].ids {
		if e.parsed.Load() != nil {
			kept++
		}
	}
	require.Equal(t, maxParsedBytes/700_000, kept)
	require.LessOrEqual(t, m.parsed.bytes, maxParsedBytes)
	require.Len(t, m.parsed.entries, kept)
}

// Few calls that take much are at work at a time. Those that take little, and those
// that change something that was checked already, do not wait for them.
func TestHeavyCallsTakeTurns(t *testing.T) {
	m := New()
	m.heavy = make(chan struct{}, 2)
	_, err := m.Register(t.Context(), "s", wideUnion(""))
	require.NoError(t, err)
	require.Empty(t, m.heavy, "all is given back")
	m.heavy <- struct{}{}
	m.heavy <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	go func() {
		_, err := m.Register(ctx, "s", wideUnion(`,{"name":"n","type":"int","default":0}`))
		ended <- err
	}()
	go func() { ended <- m.CheckCompatibility(ctx, "s", wideUnion(`,{"name":"o","type":"int","default":0}`)) }()
	go func() {
		_, err := m.Lookup(ctx, "s", wideUnion(`,{"name":"p","type":"int","default":0}`))
		ended <- err
	}()
	_, err = m.Register(t.Context(), "small", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	_, err = m.Register(t.Context(), "small", registry.Definition{Text: `"long"`})
	require.NoError(t, err)
	require.Empty(t, ended)
	cancel()
	for range 3 {
		require.ErrorIs(t, <-ended, context.Canceled)
	}
	<-m.heavy
	_, err = m.Register(t.Context(), "s", wideUnion(`,{"name":"n","type":"int","default":0}`))
	require.NoError(t, err)
	require.Len(t, m.heavy, 1)
}
