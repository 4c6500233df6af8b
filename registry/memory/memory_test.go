package memory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

// TestMemoryUnderStress lets many goroutines do everything at once, under one
// registry, and then finds it consistent: run it with -race.
func TestMemoryUnderStress(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	m, err := memory.Open(t.TempDir(), memory.WithoutSync())
	require.NoError(t, err)
	ctx := t.Context()
	subject := func(n int) string {
		if n%3 == 0 {
			return fmt.Sprintf(":.ctx:s%d", n%5)
		}
		return fmt.Sprintf("s%d", n%5)
	}
	text := func(n int) registry.Definition {
		return registry.Definition{Text: fmt.Sprintf(`{"type":"record","name":"R","fields":[{"name":"f%d","type":"int","default":0}]}`, n%20)}
	}
	allowed := func(err error) bool {
		if err == nil {
			return true
		}
		_, missing := errors.AsType[*registry.NotFoundError](err)
		_, refused := errors.AsType[*registry.InvalidError](err)
		return missing || refused
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 150 {
				n := worker*31 + i
				var err error
				switch n % 12 {
				case 0, 1, 2:
					var got *registry.SubjectSchema
					if got, err = m.Register(ctx, subject(n), text(n)); err == nil {
						if got.ID < 1 || got.Version < 1 || got.Schema == nil || got.GUID != memory.GUID(got.Definition) {
							t.Errorf("%+v", got)
						}
					}
				case 3:
					_, err = m.Lookup(ctx, subject(n), text(n))
				case 4:
					_, err = m.SchemaByID(ctx, subject(n), n%20)
				case 5:
					_, err = m.Latest(ctx, subject(n))
				case 6:
					var versions []int
					versions, err = m.Versions(ctx, subject(n), registry.WithDeleted())
					if !slices.IsSorted(versions) {
						t.Error(versions)
					}
				case 7:
					_, err = m.Subjects(ctx, "")
				case 8:
					err = m.DeleteVersion(ctx, subject(n), -1)
				case 9:
					_, err = m.DeleteSubject(ctx, subject(n), registry.Permanent())
				case 10:
					err = m.SetCompatibility(ctx, subject(n), schemas.Level(n%7))
				case 11:
					err = m.CheckCompatibility(ctx, subject(n), text(n))
					if _, incompatible := errors.AsType[*schemas.IncompatibleError](err); incompatible {
						err = nil
					}
				}
				if _, conflict := errors.AsType[*registry.ConflictError](err); !conflict && !allowed(err) {
					t.Errorf("%d: %v", n%12, err)
				}
			}
		})
	}
	wg.Wait()

	// In each context, one schema has one id and one id stands for one schema.
	all, err := m.Schemas(ctx, ":*:", registry.WithDeleted())
	require.NoError(t, err)
	byID, byText := map[string]string{}, map[string]int{}
	for _, s := range all {
		context := "default"
		if strings.HasPrefix(s.Subject, ":.ctx:") {
			context = ".ctx"
		}
		key := fmt.Sprint(context, s.ID)
		if known, ok := byID[key]; ok {
			require.Equal(t, known, s.Text)
		}
		byID[key] = s.Text
		if known, ok := byText[context+s.Text]; ok {
			require.Equal(t, known, s.ID, "%s", s.Text)
		}
		byText[context+s.Text] = s.ID
	}
	require.NoError(t, m.Close())
}

// TestRegisterOnce lets many goroutines register one schema: it gets one id and
// one version.
func TestRegisterOnce(t *testing.T) {
	m := memory.New()
	var wg sync.WaitGroup
	got := make([]*registry.SubjectSchema, 50)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = m.Register(t.Context(), "s", order(0)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range got {
		require.Equal(t, 1, s.ID)
		require.Equal(t, 1, s.Version)
	}
}

func TestMemoryEndsWithItsContext(t *testing.T) {
	m := memory.New()
	ctx, cancel := contextWithCancel(t)
	cancel()
	_, err := m.Register(ctx, "s", order(0))
	require.ErrorIs(t, err, context.Canceled)
	_, err = m.Latest(ctx, "s")
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, m.SetMode(ctx, "", registry.ReadOnly), context.Canceled)
	_, err = m.Subjects(t.Context(), "")
	require.NoError(t, err)
}

func TestMemoryClosed(t *testing.T) {
	m, err := memory.Open(t.TempDir())
	require.NoError(t, err)
	_, err = m.Register(t.Context(), "s", order(0))
	require.NoError(t, err)
	require.NoError(t, m.Close())
	_, err = m.Register(t.Context(), "other", order(1))
	unavailable, ok := errors.AsType[*registry.UnavailableError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 50001, unavailable.Code)
	_, err = m.Latest(t.Context(), "s")
	require.NoError(t, err, "reading goes on")
	_, err = m.Register(t.Context(), "s", order(0))
	require.NoError(t, err, "what is there is found")
}

func TestMemoryOptions(t *testing.T) {
	require.Panics(t, func() { memory.New(memory.WithMaxText(0)) })
	require.Panics(t, func() { memory.New(memory.WithClock(nil)) })
	_, err := memory.Open(t.TempDir(), memory.WithMaxText(0))
	require.Error(t, err)
	m := memory.New(memory.WithLevel(schemas.FullTransitive), memory.WithClock(func() time.Time { return time.UnixMilli(1234) }))
	level, err := m.Compatibility(t.Context(), "any")
	require.NoError(t, err)
	require.Equal(t, schemas.FullTransitive, level)
	_, err = m.Register(t.Context(), "s", order(0))
	require.NoError(t, err)
	require.Contains(t, ask(memory.Handler(m), "GET", "/schemas/ids/1", "").Body.String(), `"ts":1234,`)
}

// TestMemoryGlobal changes what is global, which the conformance suite leaves alone.
func TestMemoryGlobal(t *testing.T) {
	ctx, m := t.Context(), memory.New()
	yes, group := true, "g"
	require.NoError(t, m.SetConfig(ctx, "", registry.Config{Normalize: &yes, CompatibilityGroup: group}))
	require.NoError(t, m.SetCompatibility(ctx, "", schemas.Full))

	// A subject inherits field by field, but not the level.
	require.NoError(t, m.SetConfig(ctx, "s", registry.Config{ValidateFields: &yes}))
	conf, err := m.Config(ctx, "s", registry.DefaultToGlobal())
	require.NoError(t, err)
	require.Equal(t, schemas.Backward, *conf.Level)
	require.Equal(t, &yes, conf.Normalize)
	require.Equal(t, group, conf.CompatibilityGroup)
	conf, err = m.Config(ctx, "other", registry.DefaultToGlobal())
	require.NoError(t, err)
	require.Equal(t, schemas.Full, *conf.Level)
	// A context does not.
	level, err := m.Compatibility(ctx, ":.c:s")
	require.NoError(t, err)
	require.Equal(t, schemas.Backward, level)
	// What is set for all contexts holds where nothing else does.
	require.NoError(t, m.SetCompatibility(ctx, ":.__GLOBAL:", schemas.Forward))
	level, err = m.Compatibility(ctx, ":.c:s")
	require.NoError(t, err)
	require.Equal(t, schemas.Forward, level)

	require.NoError(t, m.DeleteConfig(ctx, ""))
	level, err = m.Compatibility(ctx, "other")
	require.NoError(t, err)
	require.Equal(t, schemas.Forward, level)

	require.NoError(t, m.SetMode(ctx, "", registry.ReadOnly))
	_, err = m.Register(ctx, "s", order(0))
	require.Error(t, err)
	_, err = m.Register(ctx, ":.c:s", order(0))
	require.NoError(t, err, "a context has its own mode")
	require.NoError(t, m.SetMode(ctx, ":.__GLOBAL:", registry.Forward))
	require.NoError(t, m.DeleteMode(ctx, ""))
	mode, err := m.Mode(ctx, "s", registry.DefaultToGlobal())
	require.NoError(t, err)
	require.Equal(t, registry.Forward, mode)
	require.NoError(t, m.DeleteMode(ctx, ":.__GLOBAL:"))
	require.Error(t, m.SetMode(ctx, "", registry.Import), "a context has subjects")
	_, err = m.DeleteSubject(ctx, ":.c:s")
	require.NoError(t, err)
	require.NoError(t, m.SetMode(ctx, "", registry.Import))
	versions, err := m.Subjects(ctx, "", registry.WithDeleted())
	require.NoError(t, err)
	require.Empty(t, versions)
}

// TestReservedFields: names that metadata reserves, if the configuration says so.
func TestReservedFields(t *testing.T) {
	ctx, m := t.Context(), memory.New()
	yes := true
	require.NoError(t, m.SetConfig(ctx, "s", registry.Config{ValidateFields: &yes}))
	d := order(0)
	d.Metadata = &registry.Metadata{Properties: map[string]string{"confluent:reserved": "old, older"}}
	_, err := m.Register(ctx, "s", d)
	require.NoError(t, err)
	d = registry.Definition{Text: d.Text, Metadata: &registry.Metadata{Properties: map[string]string{"confluent:reserved": "old,id"}}}
	_, err = m.Register(ctx, "s", d)
	require.ErrorContains(t, err, "[The new schema has reserved field older removed from its metadata which is present in the old schema's metadata., "+
		"The new schema has field that conflicts with the reserved field id., {validateFields: 'true', compatibility: 'BACKWARD'}]")
}

// TestOtherTypes: schemas that are kept unread.
func TestOtherTypes(t *testing.T) {
	ctx, m := t.Context(), memory.New()
	d := registry.Definition{Type: "PROTOBUF", Text: `syntax = "proto3"; message A {}`}
	got, err := m.Register(ctx, "s", d)
	require.NoError(t, err)
	require.Equal(t, d.Text, got.Text)
	require.Nil(t, got.Schema)
	again, err := m.Register(ctx, "s", d)
	require.NoError(t, err)
	require.Equal(t, got.ID, again.ID)
	_, err = m.Register(ctx, "s", registry.Definition{Type: "PROTOBUF", Text: `syntax = "proto3"; message B {}`})
	require.NoError(t, err)
	_, err = m.Register(ctx, "s", order(0))
	require.ErrorContains(t, err, "Incompatible because of different schema type")
	_, err = m.Register(ctx, "s", registry.Definition{Type: "JSON", Text: "{}", References: []registry.Reference{{Name: "a", Subject: "b", Version: 1}}})
	require.ErrorContains(t, err, "No schema reference found")
}

// TestParsedSchemasAreBounded registers more schemas than are kept parsed, and
// reads the oldest again.
func TestParsedSchemasAreBounded(t *testing.T) {
	m := memory.New(memory.WithLevel(schemas.None))
	const many = 1100
	for n := range many {
		_, err := m.Register(t.Context(), "s", order(n))
		require.NoError(t, err)
	}
	for _, version := range []int{1, 2, many} {
		got, err := m.Version(t.Context(), "s", version)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("com.acme.shop.Order%d", version-1), got.Schema.FullName())
	}
}

// TestReferencesInARow builds a chain of references, and a schema that uses all.
func TestReferencesInARow(t *testing.T) {
	ctx, m := t.Context(), memory.New()
	name := func(n int) string { return fmt.Sprintf("R%d", n) }
	register := func(subject, text string, refs ...registry.Reference) (*registry.SubjectSchema, error) {
		return m.Register(ctx, subject, registry.Definition{Text: text, References: refs})
	}
	_, err := register(name(0), `{"type":"record","name":"R0","fields":[]}`)
	require.NoError(t, err)
	for n := 1; n < 50; n++ {
		refs := []registry.Reference{{Name: name(n - 1), Subject: name(n - 1), Version: -1}}
		_, err := register(name(n), fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"a","type":"R%d"}]}`, n, n-1), refs...)
		require.NoError(t, err, n)
	}
	// What a reference refers to can be used as well.
	got, err := register("top", `{"type":"record","name":"Top","fields":[{"name":"a","type":"R49"},{"name":"b","type":"R0"}]}`,
		registry.Reference{Name: "R49", Subject: "R49", Version: 1})
	require.NoError(t, err)
	require.Equal(t, "R0", got.Schema.Root().Fields()[1].Type().FullName())
	found, err := m.SchemaByID(ctx, "", got.ID)
	require.NoError(t, err)
	require.Equal(t, got.Schema.Print(), found.Schema.Print())
	_, err = register("none", `{"type":"record","name":"T","fields":[{"name":"b","type":"R0"}]}`, registry.Reference{Name: "", Subject: "R49", Version: 1})
	require.ErrorContains(t, err, "Invalid reference")
}

func TestMemoryAssociated(t *testing.T) {
	m := memory.New()
	_, err := m.Register(t.Context(), "shared", order(0))
	require.NoError(t, err)
	w := ask(memory.Handler(m), "POST", "/associations",
		`{"resourceName":"orders","resourceNamespace":"lkc-1","resourceId":"7","associations":[{"subject":"shared"}]}`)
	require.Equal(t, 200, w.Code, w.Body)
	want := []registry.Association{{Subject: "shared", ResourceName: "orders", ResourceNS: "lkc-1", ResourceID: "7", Part: "value", Lifecycle: "WEAK"}}
	for _, cluster := range []string{"", "-", "lkc-1"} {
		got, err := m.Associated(t.Context(), cluster, "orders", "value")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := m.Associated(t.Context(), "lkc-2", "orders", "value")
	require.NoError(t, err)
	require.Empty(t, got)
	got, err = m.Associated(t.Context(), "", "orders", "key")
	require.NoError(t, err)
	require.Empty(t, got)
}

// TestWhatCannotTravel: texts that JSON cannot carry, and definitions that are too
// large in other ways than by their text.
func TestWhatCannotTravel(t *testing.T) {
	ctx, m := t.Context(), memory.New(memory.WithMaxText(1000))
	const bad = "a\xff"
	rules := func(r registry.Rule) *registry.RuleSet { return &registry.RuleSet{DomainRules: []registry.Rule{r}} }
	for name, d := range map[string]registry.Definition{
		"text":       {Type: "JSON", Text: bad},
		"reference":  {Text: `"int"`, References: []registry.Reference{{Name: bad, Subject: "s", Version: 1}}},
		"tag":        {Text: `"int"`, Metadata: &registry.Metadata{Tags: map[string][]string{"a": {bad}}}},
		"tagged":     {Text: `"int"`, Metadata: &registry.Metadata{Tags: map[string][]string{bad: {"a"}}}},
		"property":   {Text: `"int"`, Metadata: &registry.Metadata{Properties: map[string]string{"a": bad}}},
		"sensitive":  {Text: `"int"`, Metadata: &registry.Metadata{Sensitive: []string{bad}}},
		"rule":       {Text: `"int"`, RuleSet: rules(registry.Rule{Name: "r", Type: "t", Doc: bad})},
		"parameter":  {Text: `"int"`, RuleSet: rules(registry.Rule{Name: "r", Type: "t", Params: map[string]string{bad: ""}})},
		"rule's tag": {Text: `"int"`, RuleSet: rules(registry.Rule{Name: "r", Type: "t", Tags: []string{bad}})},
		"enabled at": {Text: `"int"`, RuleSet: &registry.RuleSet{EnableAt: bad}},
	} {
		_, err := m.Register(ctx, "s", d)
		require.ErrorContains(t, err, "not valid UTF-8", name)
	}
	_, err := m.Register(ctx, bad, registry.Definition{Text: `"int"`})
	require.ErrorContains(t, err, "42208")
	require.ErrorContains(t, m.SetConfig(ctx, "s", registry.Config{Alias: bad}), "not valid UTF-8")
	require.ErrorContains(t, m.SetConfig(ctx, bad, registry.Config{Alias: "a"}), "42208")
	require.ErrorContains(t, m.SetMode(ctx, bad, registry.ReadOnly), "42208")

	large := registry.Definition{Text: `"int"`, Metadata: &registry.Metadata{Properties: map[string]string{"a": strings.Repeat("x", 1000)}}}
	_, err = m.Register(ctx, "s", large)
	require.ErrorContains(t, err, "42209")
}

// What is missing is named: by the error of a constructor that has one, else by a panic.
func TestMissingOptions(t *testing.T) {
	_, err := memory.Open(t.TempDir(), memory.WithMaxText(10), nil)
	require.EqualError(t, err, "registry: option 2 is nil")
	require.PanicsWithError(t, "registry: option 1 is nil", func() { memory.New(nil) })
	require.PanicsWithError(t, "registry: Handler: option 1 is nil", func() { memory.Handler(memory.New(), nil) })
	require.PanicsWithError(t, "registry: Handler needs a registry", func() { memory.Handler(nil) })
}
