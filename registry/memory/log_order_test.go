package memory

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// records are the header and the records of a log.
func records(t *testing.T, log []byte) [][]byte {
	require.True(t, bytes.HasPrefix(log, []byte(logMagic)))
	parts := [][]byte{log[:len(logMagic)]}
	for at := len(logMagic); at < len(log); {
		_, size := readRecord(log[at:])
		require.Positive(t, size)
		parts = append(parts, log[at:at+size])
		at += size
	}
	return parts
}

// logOf is a log of some registrations.
func logOf(t *testing.T, names ...string) []byte {
	dir := t.TempDir()
	m, err := Open(dir)
	require.NoError(t, err)
	for _, name := range names {
		_, err := m.Register(t.Context(), name, registry.Definition{Text: fmt.Sprintf(`{"type":"fixed","name":%q,"size":1}`, name)})
		require.NoError(t, err)
	}
	require.NoError(t, m.Close())
	log, err := os.ReadFile(filepath.Join(dir, logName))
	require.NoError(t, err)
	return log
}

// Complete records that are not those that were written, or not in their order, are
// noticed, and the error says which. They are never followed in silence.
func TestLogOrder(t *testing.T) {
	whole := records(t, logOf(t, "a", "b", "c", "d", "e"))
	other := records(t, logOf(t, "a", "x", "c", "y", "e"))
	choose := func(from [][]byte, numbers ...int) []byte {
		out := slices.Clone(from[0])
		for _, n := range numbers {
			out = append(out, from[n]...)
		}
		return out
	}
	tests := []struct {
		name   string
		log    []byte
		bad    int // records that stand
		reason string
	}{
		{"the first is missing", choose(whole, 2, 3, 4, 5), 0, "record 1 is missing: record 2 follows record 0"},
		{"one is missing", choose(whole, 1, 2, 4, 5), 2, "record 3 is missing: record 4 follows record 2"},
		{"several are missing", choose(whole, 1, 5), 1, "records 2 to 4 are missing: record 5 follows record 1"},
		{"one is there twice", choose(whole, 1, 2, 2, 3, 4, 5), 2, "record 2 follows record 2: it is there twice"},
		{"two are swapped", choose(whole, 1, 3, 2, 4, 5), 1, "record 2 is missing: record 3 follows record 1"},
		{"an older one at the end", choose(whole, 1, 2, 3, 4, 5, 3), 5, "record 3 follows record 5: it is there twice, or out of order"},
		{"one of another log", append(append(choose(whole, 1), other[2]...), choose(whole, 3, 4, 5)[len(logMagic):]...), 1,
			"record 2 was not written after what is before it: one of them is from another log"},
		{"the rest is of another log", append(choose(whole, 1, 2), other[3]...), 2, "record 3 was not written after what is before it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, logName)
			require.NoError(t, os.WriteFile(path, test.log, 0o600))
			_, err := Open(dir)
			var bad *LogError
			require.ErrorAs(t, err, &bad)
			require.Contains(t, bad.Reason, test.reason)
			require.Contains(t, bad.Reason, "see DropDamaged")
			require.Equal(t, path, bad.Path)
			stands := int64(len(logMagic))
			for _, r := range records(t, test.log)[1 : 1+test.bad] {
				stands += int64(len(r))
			}
			require.Equal(t, stands, bad.Offset)
			left, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, test.log, left)

			m, err := Open(dir, DropDamaged())
			require.NoError(t, err)
			require.Equal(t, test.bad, m.Recovery().Records)
			require.Contains(t, m.Recovery().Reason, test.reason)
			_, err = m.Register(t.Context(), "more", registry.Definition{Text: `"int"`})
			require.NoError(t, err)
			require.NoError(t, m.Close())
			rest, err := os.ReadFile(fmt.Sprintf("%s.damaged-%d", path, stands))
			require.NoError(t, err)
			require.Equal(t, test.log[stands:], rest)

			m, err = Open(dir)
			require.NoError(t, err)
			require.Equal(t, test.bad+1, m.Recovery().Records)
			require.NoError(t, m.Close())
		})
	}
}

// A log of the format before says so, and what to do.
func TestLogOfAnotherFormat(t *testing.T) {
	for format, reason := range map[int]string{
		1: "a log of format 1, which was never released; this version reads format 2: move the folder away",
		3: "a log of format 3, from a newer version",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, logName), fmt.Appendf(nil, "kavro registry %d\n", format), 0o600))
		_, err := Open(dir)
		require.ErrorContains(t, err, reason)
	}
}

// dueForRewriting is a folder whose log is due for rewriting.
func dueForRewriting(t *testing.T) (dir, held string) {
	dir = t.TempDir()
	m, err := Open(dir, WithoutSync())
	require.NoError(t, err)
	group := strings.Repeat("x", subjectname.MaxLen)
	for range 400 {
		require.NoError(t, m.SetConfig(t.Context(), "s", registry.Config{CompatibilityGroup: group}))
	}
	_, err = m.Register(t.Context(), "precious", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	require.Greater(t, m.Stats().LogBytes, int64(minRewrite))
	held = picture(t, m)
	require.NoError(t, m.Close())
	return dir, held
}

// A log that cannot be rewritten is used as it is, and the registry says so.
func TestLogNotRewritten(t *testing.T) {
	dir, held := dueForRewriting(t)
	in := filepath.Join(dir, newName)
	require.NoError(t, os.MkdirAll(filepath.Join(in, "x"), 0o700)) // as if the file could not be written
	for range 2 {
		m, err := Open(dir)
		require.NoError(t, err)
		require.Contains(t, m.Recovery().NotRewritten, newName)
		require.Equal(t, m.Recovery().NotRewritten, m.Stats().NotRewritten)
		require.Equal(t, held, picture(t, m))
		_, err = m.Register(t.Context(), "precious", registry.Definition{Text: `"int"`})
		require.NoError(t, err)
		require.NoError(t, m.SetConfig(t.Context(), "s", registry.Config{CompatibilityGroup: "y"}))
		held = picture(t, m)
		require.NoError(t, m.Close())
	}
	require.NoError(t, os.RemoveAll(in))
	m, err := Open(dir)
	require.NoError(t, err)
	require.Empty(t, m.Recovery().NotRewritten)
	require.Less(t, m.Stats().LogBytes, int64(4096))
	require.Equal(t, held, picture(t, m))
	require.NoFileExists(t, in)
	require.NoError(t, m.Close())
}

// Whatever was accepted can be started from: many contexts with the longest names,
// and the largest schema, configuration and so on, in a log that is rewritten.
func TestLogOfTheLargest(t *testing.T) {
	dir := t.TempDir()
	m, err := Open(dir, WithoutSync())
	require.NoError(t, err)
	ctx := t.Context()
	name := func(i int) string { // JSON writes a < as six bytes
		n := fmt.Sprintf(":.%d", i)
		return n + strings.Repeat("<", subjectname.MaxLen-len(n)-2) + ":s"
	}
	for i := range 2800 { // registered, and deleted for good
		schema := &stored{Type: typeAvro, Text: `"int"`}
		require.NoError(t, m.commit(event{Op: opPut, Subject: name(i), Version: 1, ID: 1, Schema: schema},
			event{Op: opDrop, Subject: name(i), Versions: []int{1}}))
	}
	long := strings.Repeat("<", 1<<20-1000)
	large := &registry.Metadata{Properties: map[string]string{"p": long}}
	_, err = m.Register(ctx, name(0), registry.Definition{Text: `"int"`, Metadata: large})
	require.NoError(t, err)
	require.NoError(t, m.SetConfig(ctx, name(1), registry.Config{DefaultMetadata: large, CompatibilityGroup: name(1), Alias: name(2)}))
	require.NoError(t, m.SetMode(ctx, name(3), registry.ReadOnly))
	held := picture(t, m)
	require.NoError(t, m.Close())

	m, err = Open(dir)
	require.NoError(t, err)
	require.Empty(t, m.Recovery().NotRewritten)
	require.Equal(t, held, picture(t, m))
	rewritten := m.Stats().LogBytes
	require.NoError(t, m.Close())
	log, err := os.ReadFile(filepath.Join(dir, logName))
	require.NoError(t, err)
	require.Len(t, log, int(rewritten))
	for _, r := range records(t, log)[1:] {
		require.Less(t, len(r), maxRecord/2)
	}
}

// Names and settings that a registry keeps are bounded, wherever they come in.
func TestNamesAreBounded(t *testing.T) {
	m := New()
	ctx := t.Context()
	long := strings.Repeat("n", subjectname.MaxLen+1)
	inContext := ":." + strings.Repeat("c", subjectname.MaxLen-2) + ":s"
	large := &registry.Metadata{Properties: map[string]string{"p": strings.Repeat("x", 1<<20)}}
	rules := &registry.RuleSet{}
	for i := range 20_000 {
		rules.DomainRules = append(rules.DomainRules, registry.Rule{Name: fmt.Sprintf("r%d", i), Type: "t", Kind: "CONDITION", Mode: "READ"})
	}
	for name, call := range map[string]func() error{
		"subject":       func() error { _, err := m.Register(ctx, long, registry.Definition{Text: `"int"`}); return err },
		"context":       func() error { _, err := m.Register(ctx, inContext, registry.Definition{Text: `"int"`}); return err },
		"configuration": func() error { return m.SetConfig(ctx, long, registry.Config{CompatibilityGroup: "g"}) },
		"mode":          func() error { return m.SetMode(ctx, long, registry.ReadOnly) },
		"alias":         func() error { return m.SetConfig(ctx, "s", registry.Config{Alias: long}) },
		"no name":       func() error { return m.SetConfig(ctx, "s", registry.Config{Alias: "a\nb"}) },
		"group":         func() error { return m.SetConfig(ctx, "s", registry.Config{CompatibilityGroup: long}) },
		"metadata":      func() error { return m.SetConfig(ctx, "s", registry.Config{DefaultMetadata: large}) },
		"rules":         func() error { return m.SetConfig(ctx, "s", registry.Config{OverrideRuleSet: rules}) },
		"resource": func() error {
			_, err := m.associate(ctx, "", associationRequest{Name: "t", Namespace: "n", Resource: long, Associations: []associationAsk{{Subject: "s"}}}, true, false)
			return err
		},
		"subject of an association": func() error {
			_, err := m.associate(ctx, "", associationRequest{Name: "t", Namespace: "n", Resource: "r", Associations: []associationAsk{{Subject: long}}}, true, false)
			return err
		},
	} {
		var invalid *registry.InvalidError
		require.ErrorAs(t, call(), &invalid, name)
	}
	require.Equal(t, picture(t, New()), picture(t, m))

	// What a configuration adds to a schema counts as well, each time.
	half := &registry.Metadata{Properties: map[string]string{"p": strings.Repeat("x", 600_000)}}
	require.NoError(t, m.SetConfig(ctx, "s", registry.Config{DefaultMetadata: half}))
	_, err := m.Register(ctx, "s", registry.Definition{Text: `"int"`, Metadata: &registry.Metadata{Properties: map[string]string{"q": strings.Repeat("x", 600_000)}}})
	require.ErrorContains(t, err, "too large")

	// An alias is as good as the name itself.
	require.NoError(t, m.SetConfig(ctx, "alias", registry.Config{Alias: ":.__GLOBAL:s"}))
	_, err = m.Register(ctx, "alias", registry.Definition{Text: `"int"`})
	require.ErrorContains(t, err, "42208")
}

// A change that no record holds is refused, and nothing has happened.
func TestChangeTooLarge(t *testing.T) {
	m, err := Open(t.TempDir(), WithMaxText(maxChange))
	require.NoError(t, err)
	size := m.Stats().LogBytes
	_, err = m.Register(t.Context(), "s", registry.Definition{Type: "JSON", Text: strings.Repeat("x", maxChange-100)})
	var invalid *registry.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, 42209, invalid.Code)
	require.Equal(t, size, m.Stats().LogBytes)
	change(t, m, 2)
	require.NoError(t, m.Close())
}
