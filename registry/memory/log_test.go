package memory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// change does something to a registry that is different for each number.
func change(t *testing.T, m *Registry, n int) {
	t.Helper()
	ctx := t.Context()
	subject := fmt.Sprintf("s%d", n%7)
	if n%3 == 0 {
		subject = ":.ctx:" + subject
	}
	switch n % 10 {
	case 7:
		level := schemas.Full
		require.NoError(t, m.SetConfig(ctx, subject, registry.Config{Level: &level, CompatibilityGroup: fmt.Sprint(n)}))
	case 8:
		require.NoError(t, m.SetMode(ctx, fmt.Sprintf("mode%d", n), registry.ReadOnly))
	case 9:
		_, err := m.DeleteSubject(ctx, fmt.Sprintf("t%d", n-6))
		require.NoError(t, err)
	case 1:
		_, err := m.Register(ctx, subject, registry.Definition{Text: `"int"`, Metadata: &registry.Metadata{Properties: map[string]string{"n": fmt.Sprint(n)}}}, registry.Force())
		require.NoError(t, err)
	case 2, 3, 4:
		_, err := m.Register(ctx, fmt.Sprintf("t%d", n), registry.Definition{Text: `"int"`})
		require.NoError(t, err)
	default:
		_, err := m.Register(ctx, subject, registry.Definition{Text: fmt.Sprintf(`{"type":"fixed","name":"F%d","size":1}`, n)}, registry.Force())
		require.NoError(t, err)
	}
}

// picture is all that a registry holds, in a form that can be compared.
func picture(t *testing.T, m *Registry) string {
	t.Helper()
	var b bytes.Buffer
	for _, e := range m.state.events() {
		b.Write(encode(e))
		b.WriteByte('\n')
	}
	return b.String()
}

// TestLogCutAnywhere writes a log of 100 records, cuts it at every byte, and finds
// what the complete records say.
func TestLogCutAnywhere(t *testing.T) {
	const records = 100
	dir := t.TempDir()
	m, err := Open(dir)
	require.NoError(t, err)
	pictures := []string{picture(t, m)}
	ends := []int64{m.Stats().LogBytes}
	for n := range records {
		change(t, m, n)
		pictures = append(pictures, picture(t, m))
		ends = append(ends, m.Stats().LogBytes)
	}
	require.NoError(t, m.Close())
	whole, err := os.ReadFile(filepath.Join(dir, logName))
	require.NoError(t, err)
	require.EqualValues(t, len(whole), ends[records])

	complete := 0 // records before the cut
	for cut := range len(whole) + 1 {
		for complete < records && int64(cut) >= ends[complete+1] {
			complete++
		}
		kept, _, recovery, err := scanLog(whole[:cut], false, func([]byte) error { return nil })
		require.NoError(t, err, "cut at %d", cut)
		require.EqualValues(t, cut-kept, recovery.Dropped)
		require.Equal(t, recovery.Dropped > 0, recovery.Reason != "")
		if int64(cut) < ends[0] {
			require.Zero(t, kept)
			continue
		}
		require.EqualValues(t, ends[complete], kept, "cut at %d", cut)
		require.Equal(t, complete, recovery.Records)
		// The same bytes stand up to the next record's end, so the changes in them
		// need to be made, and compared, only once.
		if cut == kept {
			s := newStore()
			_, _, again, err := s.replay(whole[:cut], false)
			require.NoError(t, err)
			require.Equal(t, recovery, again)
			require.Equal(t, pictures[complete], picture(t, &Registry{state: s}), "cut at %d", cut)
		}
	}
}

// TestLogRecovers opens a log that was cut, goes on writing, and opens it again.
func TestLogRecovers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, logName)
	m, err := Open(dir)
	require.NoError(t, err)
	require.Zero(t, m.Recovery())
	for n := range 5 {
		change(t, m, n)
	}
	before := picture(t, m)
	size := m.Stats().LogBytes
	change(t, m, 5)
	require.NoError(t, m.Close())
	require.NoError(t, os.Truncate(path, size+20))

	m, err = Open(dir)
	require.NoError(t, err)
	require.Equal(t, Recovery{Records: 5, Dropped: 20, Reason: fmt.Sprintf("no complete record at offset %d", size)}, m.Recovery())
	require.Equal(t, before, picture(t, m))
	change(t, m, 6)
	after := picture(t, m)
	require.NoError(t, m.Close())
	require.NoError(t, m.Close(), "closing twice")

	m, err = Open(dir)
	require.NoError(t, err)
	require.Equal(t, Recovery{Records: 6}, m.Recovery())
	require.Equal(t, after, picture(t, m))
	require.NoError(t, m.Close())
}

func TestLogZerosAtItsEnd(t *testing.T) {
	dir := t.TempDir()
	m, err := Open(dir)
	require.NoError(t, err)
	change(t, m, 1)
	before := picture(t, m)
	size := m.Stats().LogBytes
	require.NoError(t, m.Close())
	require.NoError(t, os.Truncate(filepath.Join(dir, logName), size+4096)) // as after a crash of the machine

	m, err = Open(dir)
	require.NoError(t, err)
	require.EqualValues(t, 4096, m.Recovery().Dropped)
	require.Equal(t, before, picture(t, m))
	require.NoError(t, m.Close())
}

// TestLogDamage flips one bit of each byte in the middle of a log. Nothing that
// follows may be forgotten in silence.
func TestLogDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, logName)
	m, err := Open(dir)
	require.NoError(t, err)
	for n := range 3 {
		change(t, m, n)
	}
	last := m.Stats().LogBytes
	change(t, m, 3)
	require.NoError(t, m.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)

	for at := range int(last) {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1
		_, _, _, err := newStore().replay(damaged, false)
		require.Error(t, err, "byte %d", at)
	}

	damaged := bytes.Clone(whole)
	damaged[len(logMagic)+recordHeader+3] ^= 1
	require.NoError(t, os.WriteFile(path, damaged, 0o600))
	_, err = Open(dir)
	var bad *LogError
	require.ErrorAs(t, err, &bad)
	require.EqualValues(t, len(logMagic), bad.Offset)
	require.Equal(t, path, bad.Path)

	m, err = Open(dir, DropDamaged())
	require.NoError(t, err)
	require.EqualValues(t, len(whole)-len(logMagic), m.Recovery().Dropped)
	require.NoError(t, m.Close())
	rest, err := os.ReadFile(fmt.Sprintf("%s.damaged-%d", path, len(logMagic)))
	require.NoError(t, err)
	require.Equal(t, damaged[len(logMagic):], rest)
}

func TestLogOfSomethingElse(t *testing.T) {
	record := func(events ...event) string {
		at := firstPosition()
		log, err := appendRecord([]byte(logMagic), &at, events, maxRecord)
		require.NoError(t, err)
		return string(log)
	}
	for name, log := range map[string]string{
		"another file":        "PK\x03\x04",
		"a newer version":     strings.Replace(logMagic, "2", "3", 1) + "more",
		"an older version":    strings.Replace(logMagic, "2", "1", 1) + "more",
		"an unknown event":    record(event{Op: "burn"}),
		"an id from nowhere":  record(event{Op: opPut, Subject: "s", Version: 1, ID: 1}),
		"version 0":           record(event{Op: opPut, Subject: "s", ID: 1, Schema: &stored{}}),
		"a name with context": record(event{Op: opPut, Subject: ":.:s", Version: 1, ID: 1, Schema: &stored{}}),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, logName), []byte(log), 0o600))
			_, err := Open(dir)
			var bad *LogError
			require.ErrorAs(t, err, &bad)
			left, err := os.ReadFile(filepath.Join(dir, logName))
			require.NoError(t, err)
			require.Equal(t, log, string(left), "it is left as it was")
		})
	}
}

func TestLogIsLocked(t *testing.T) {
	dir := t.TempDir()
	m, err := Open(dir)
	require.NoError(t, err)
	_, err = Open(dir)
	require.ErrorContains(t, err, "in use")
	require.NoError(t, m.Close())
	m, err = Open(dir)
	require.NoError(t, err)
	require.NoError(t, m.Close())
}

// TestLogWriteFails makes a write fail: the change did not happen, and the registry
// goes on.
func TestLogWriteFails(t *testing.T) {
	m, err := Open(t.TempDir())
	require.NoError(t, err)
	change(t, m, 1)
	before := picture(t, m)
	require.NoError(t, m.log.file.Close())

	_, err = m.Register(t.Context(), "s", registry.Definition{Text: `"int"`})
	var unavailable *registry.UnavailableError
	require.ErrorAs(t, err, &unavailable)
	require.Equal(t, 50001, unavailable.Code)
	require.Equal(t, before, picture(t, m))
	_, err = m.Versions(t.Context(), "s")
	require.Error(t, err)
	_, err = m.SchemaByID(t.Context(), ":.ctx:", 1)
	require.Error(t, err)
	require.Error(t, m.Close())
}

// TestLogRewritten deletes much and finds the log small again, with the same
// content, and ids that go on where they were.
func TestLogRewritten(t *testing.T) {
	dir := t.TempDir()
	m, err := Open(dir)
	require.NoError(t, err)
	ctx := t.Context()
	doc := strings.Repeat("x", 64<<10)
	for n := range 20 {
		subject := fmt.Sprintf("gone%d", n)
		_, err := m.Register(ctx, subject, registry.Definition{Text: fmt.Sprintf(`{"type":"enum","name":"E%d","doc":"%s","symbols":[]}`, n, doc)})
		require.NoError(t, err)
		_, err = m.DeleteSubject(ctx, subject)
		require.NoError(t, err)
		_, err = m.DeleteSubject(ctx, subject, registry.Permanent())
		require.NoError(t, err)
	}
	_, err = m.Register(ctx, ":.c:kept", registry.Definition{Text: `"string"`})
	require.NoError(t, err)
	_, err = m.Register(ctx, "kept", registry.Definition{Text: `"string"`})
	require.NoError(t, err)
	require.NoError(t, m.DeleteVersion(ctx, "kept", 1))
	_, err = m.associate(ctx, "", associationRequest{Name: "t", Namespace: "n", Resource: "r", Associations: []associationAsk{{Subject: ":.c:kept"}}}, true, false)
	require.NoError(t, err)
	before := picture(t, m)
	require.Greater(t, m.Stats().LogBytes, int64(minRewrite))
	require.NoError(t, m.Close())

	m, err = Open(dir)
	require.NoError(t, err)
	require.Less(t, m.Stats().LogBytes, int64(4096))
	require.Equal(t, before, picture(t, m))
	got, err := m.Register(ctx, "next", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	require.Equal(t, 22, got.ID)
	require.NoError(t, m.Close())
}

// FuzzLog reads any bytes as a log. What is kept of it, written again from the
// records that were read, is the same.
func FuzzLog(f *testing.F) {
	at := firstPosition()
	good, err := appendRecord([]byte(logMagic), &at, []event{{Op: opPut, Subject: "s", Version: 1, ID: 1, Schema: &stored{Type: typeAvro, Text: `"int"`}}}, maxRecord)
	require.NoError(f, err)
	two, err := appendRecord(good, &at, []event{{Op: opMode, Subject: "s", Mode: registry.ReadOnly}, {Op: opDelete, Subject: "s", Versions: []int{1}}}, maxRecord)
	require.NoError(f, err)
	for _, seed := range [][]byte{nil, []byte(logMagic), good, two, good[:len(good)-1], append(bytes.Clone(good), 0, 0, 0)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		kept, _, recovery, err := newStore().replay(log, true)
		require.LessOrEqual(t, kept, len(log))
		if err != nil {
			var bad *LogError
			require.ErrorAs(t, err, &bad)
			return
		}
		require.EqualValues(t, len(log)-kept, recovery.Dropped)
		if kept == 0 {
			return
		}
		again := []byte(logMagic)
		for at := len(logMagic); at < kept; {
			r, size := readRecord(log[at:])
			require.Positive(t, size)
			again = append(again, log[at:at+recordHeader]...)
			again = append(again, r.payload...)
			at += size
		}
		require.Equal(t, log[:kept], again)
		second := newStore()
		keptAgain, _, _, err := second.replay(again, false)
		require.NoError(t, err)
		require.Equal(t, kept, keptAgain)
	})
}

// FuzzEvents makes any changes that can be made. What they lead to is what the
// shortest list of events leads to, as a log that is rewritten has it.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		`[]`, `null`, `[{"op":"put"}]`,
		`[{"op":"put","subject":"s","version":1,"id":1,"schema":{"type":"AVRO","text":"\"int\"","meaning":"00112233445566778899aabbccddeeff"}},{"op":"put","subject":":.c:s","version":2,"id":1,"schema":{"type":"AVRO","text":"\"int\"","references":[{"name":"a","subject":"s","version":1}],"meaning":"00112233445566778899aabbccddeeff"}}]`,
		`[{"op":"put","subject":"s","version":3,"id":1,"schema":{}},{"op":"put","subject":"t","version":1,"id":1},{"op":"delete","subject":"s","versions":[3],"ts":5},{"op":"put","subject":"s","version":3,"id":2,"schema":{}},{"op":"drop","subject":"t","versions":[1,2]}]`,
		`[{"op":"config","config":{}},{"op":"config","subject":"s","config":{"alias":"t"}},{"op":"config","subject":"s"},{"op":"mode","mode":"READONLY"},{"op":"mode"}]`,
		`[{"op":"context","context":".c"},{"op":"drop-context","context":".c"},{"op":"max-ids","maxIds":{".":7}},{"op":"associate","association":{"guid":"g"}},{"op":"dissociate","guid":"g"},{"op":"associate"}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var events []event
		if json.Unmarshal(payload, &events) != nil {
			return
		}
		s := newStore()
		for _, e := range events {
			if s.apply(e) != nil {
				return
			}
		}
		again := newStore()
		for _, e := range s.events() {
			require.NoError(t, again.apply(e), "%+v", e)
		}
		require.Equal(t, picture(t, &Registry{state: s}), picture(t, &Registry{state: again}))
		for name, c := range s.contexts {
			require.Len(t, again.contexts[name].identities, len(c.identities))
			require.Len(t, again.contexts[name].semantics, len(c.semantics))
			for id, e := range c.ids {
				require.NotEmpty(t, e.uses)
				require.Equal(t, e.shown.subject, again.contexts[name].ids[id].shown.subject)
			}
		}
		require.Equal(t, s.referencedBy, again.referencedBy)
		require.Equal(t, s.names(), again.names())
	})
}
