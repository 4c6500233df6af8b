package registry

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// referring registers what the tests below ask for: two versions of a record that
// refers to another, under a subject of its own.
func referring(t *testing.T, f *fixture) (d Definition, id int) {
	f.register(t, "base", record("base", "int"))
	d = Definition{Text: record("user", "base"), References: refer("base"), Metadata: &Metadata{Properties: map[string]string{"team": "a"}}}
	s, err := f.Memory.Register(t.Context(), "users-value", d)
	require.NoError(t, err)
	return d, s.ID
}

// useAll makes every kind of call whose answer is kept.
func useAll(t *testing.T, c *Client, d Definition, id int) {
	t.Helper()
	ctx := t.Context()
	for name, call := range map[string]func() (*SubjectSchema, error){
		"id":       func() (*SubjectSchema, error) { return c.SchemaByID(ctx, "users-value", id) },
		"guid":     func() (*SubjectSchema, error) { return c.SchemaByGUID(ctx, guidOfUser(d)) },
		"version":  func() (*SubjectSchema, error) { return c.Version(ctx, "users-value", 1) },
		"latest":   func() (*SubjectSchema, error) { return c.Latest(ctx, "users-value") },
		"lookup":   func() (*SubjectSchema, error) { return c.Lookup(ctx, "users-value", d) },
		"register": func() (*SubjectSchema, error) { return c.Register(ctx, "users-value", d) },
	} {
		s, err := call()
		require.NoError(t, err, name)
		require.Equal(t, "user", s.Schema.FullName(), name)
		require.Equal(t, []string{"base"}, fieldTypes(s.Schema), name)
		require.Equal(t, "a", s.Metadata.Properties["team"], name)
		if name != "guid" {
			require.Equal(t, id, s.ID, name)
		}
	}
}

func guidOfUser(d Definition) string {
	d.Type = avroType
	return Hooks.GUID(d)
}

func TestStartWithTheRegistryDown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when", "missing")
	f := newFixture()
	d, id := referring(t, f)
	c := f.client(t, WithCacheDir(dir))
	useAll(t, c, d, id)
	require.NoError(t, c.Close()) // waits for the files
	asked := f.Total()

	f.down.Store(true)
	seen := &events{}
	c = f.client(t, WithCacheDir(dir), WithObserver(seen))
	for range 100 {
		useAll(t, c, d, id)
	}
	require.Equal(t, asked, f.Total())
	require.GreaterOrEqual(t, seen.of(EventFallback), 5)
	require.LessOrEqual(t, seen.of(EventRequest), 6, "the circuit opens, and nothing is tried twice")
	_, err := c.SchemaByID(t.Context(), "users-value", 99)
	var unavailable *UnavailableError
	require.ErrorAs(t, err, &unavailable, "what is not there")
	_, err = f.client(t).SchemaByID(t.Context(), "users-value", id)
	require.Error(t, err, "without the directory")

	elsewhere, err := New("http://another", WithRoundTripper(f), WithCacheDir(dir), quick())
	require.NoError(t, err)
	defer elsewhere.Close()
	_, err = elsewhere.SchemaByID(t.Context(), "users-value", id)
	require.ErrorAs(t, err, &unavailable, "another registry's ids are others")
}

// The registry is asked first: one that was emptied and gave its ids anew is
// believed, not the files.
func TestFilesAreForWhenTheRegistryIsDown(t *testing.T) {
	dir := t.TempDir()
	old := newFixture()
	old.register(t, "users-value", userV1)
	c := old.client(t, WithCacheDir(dir))
	_, err := c.SchemaByID(t.Context(), "", 1)
	require.NoError(t, err)
	require.NoError(t, c.Close())

	f := newFixture()
	f.register(t, "users-value", userLast)
	c = f.client(t, WithCacheDir(dir))
	s, err := c.SchemaByID(t.Context(), "", 1)
	require.NoError(t, err)
	require.Equal(t, userLast, s.Text)
	require.NoError(t, c.Close())

	f.down.Store(true)
	s, err = f.client(t, WithCacheDir(dir)).SchemaByID(t.Context(), "", 1)
	require.NoError(t, err)
	require.Equal(t, userLast, s.Text, "the file was replaced")

	for _, refused := range []int{401, 404, 409, 422} {
		f := newFixture()
		f.Add(Fault{Status: refused})
		_, err = f.client(t, WithCacheDir(dir)).SchemaByID(t.Context(), "", 1)
		require.Error(t, err, "an answer is an answer")
	}
}

// That there is no association is an answer too.
func TestAssociationsFromFiles(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.register(t, "shared", userV1)
		c := f.client(t, WithCacheDir(dir))
		require.NoError(t, c.Do(t.Context(), "POST", "/associations", map[string]any{
			"resourceName": "orders", "resourceNamespace": "lkc-1", "resourceId": "id-1",
			"associations": []map[string]any{{"subject": "shared"}},
		}, nil))
		want := map[string]int{"value": 1, "key": 0}
		ask := func(c *Client) {
			t.Helper()
			for part, n := range want {
				found, err := c.Associated(t.Context(), "", "orders", part)
				require.NoError(t, err)
				require.Len(t, found, n)
			}
		}
		ask(c)
		require.NoError(t, c.Close())
		f.down.Store(true)

		time.Sleep(time.Hour)
		seen := &events{}
		c = f.client(t, WithCacheDir(dir), WithObserver(seen))
		ask(c)
		require.Equal(t, 2, seen.of(EventFallback))
		time.Sleep(time.Minute)
		_, err := c.Associated(t.Context(), "", "orders", "value")
		var unavailable *UnavailableError
		require.ErrorAs(t, err, &unavailable, "too old, as a latest version would be")
	})
}

func TestLatestFromFilesIsBounded(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.register(t, "users-value", userV1)
		c := f.client(t, WithCacheDir(dir))
		_, err := c.Latest(t.Context(), "users-value")
		require.NoError(t, err)
		require.NoError(t, c.Close())
		f.down.Store(true)

		time.Sleep(time.Hour)
		c = f.client(t, WithCacheDir(dir))
		_, err = c.Latest(t.Context(), "users-value")
		require.NoError(t, err, "stale, but not too old")
		time.Sleep(time.Minute)
		_, err = c.Latest(t.Context(), "users-value")
		require.Error(t, err, "its age counts from the registry's answer")
		_, err = f.client(t, WithCacheDir(dir)).Latest(t.Context(), "users-value")
		require.Error(t, err)
	})
}

func TestDamagedFilesCountAsNone(t *testing.T) {
	dir := t.TempDir()
	f := newFixture()
	d, id := referring(t, f)
	c := f.client(t, WithCacheDir(dir))
	useAll(t, c, d, id)
	require.NoError(t, c.Close())
	names, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	require.NoError(t, err)
	require.Len(t, names, 6, "id, guid, version, latest, schema and reference")
	whole := make(map[string][]byte)
	for _, name := range names {
		whole[name], err = os.ReadFile(name)
		require.NoError(t, err)
	}
	for damage, change := range map[string]func([]byte) []byte{
		"emptied":           func([]byte) []byte { return nil },
		"cut in the head":   func(b []byte) []byte { return b[:10] },
		"cut in the middle": func(b []byte) []byte { return b[:len(b)/2] },
		"one byte short":    func(b []byte) []byte { return b[:len(b)-1] },
		"one bit changed":   func(b []byte) []byte { b[len(b)-20] ^= 1; return b },
		"more at the end":   func(b []byte) []byte { return append(b, '\n') },
		"something else":    func([]byte) []byte { return []byte("hello") },
	} {
		t.Run(damage, func(t *testing.T) {
			for name, content := range whole {
				require.NoError(t, os.WriteFile(name, change(append([]byte(nil), content...)), 0o600))
			}
			f.down.Store(true)
			c := f.client(t, WithCacheDir(dir), quick())
			_, err := c.SchemaByID(t.Context(), "users-value", id)
			var unavailable *UnavailableError
			require.ErrorAs(t, err, &unavailable)
			f.down.Store(false)
			c = f.client(t, WithCacheDir(dir))
			useAll(t, c, d, id)
			require.NoError(t, c.Close())
			for name := range whole {
				require.NotContains(t, name, unfinished)
			}
			f.down.Store(true)
			c = f.client(t, WithCacheDir(dir))
			useAll(t, c, d, id)
			f.down.Store(false)
		})
	}
}

// One answer under another's name is not taken for it.
func TestFileOfAnotherKey(t *testing.T) {
	s := &storedAnswer{Kind: "id", Key: "1", Answer: schemaAnswer{Schema: text(`"int"`)}}
	content, err := s.encode()
	require.NoError(t, err)
	_, ok := decodeStored(content, "id", "1")
	require.True(t, ok)
	_, ok = decodeStored(content, "id", "2")
	require.False(t, ok)
	_, ok = decodeStored(content, "guid", "1")
	require.False(t, ok)
}

// Several clients write the same answers while others read them: whoever reads
// finds a whole answer or none.
func TestSharedCacheDirectory(t *testing.T) {
	dir := t.TempDir()
	f := newFixture()
	ids := f.register(t, "users-value", userV1, userV2, userLast)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				c, err := New("http://registry", WithRoundTripper(f), WithCacheDir(dir))
				if err != nil {
					t.Error(err)
					return
				}
				for _, id := range ids {
					if _, err := c.SchemaByID(t.Context(), "", id); err != nil {
						t.Error(err)
					}
				}
				c.Close()
			}
		})
		wg.Go(func() {
			c, err := New("http://registry", WithRoundTripper(f), WithCacheDir(dir))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for range 200 {
				for _, id := range ids {
					key := idKey{"", id}
					_, err := os.Stat(filepath.Join(c.files.dir, fileName("id", key.full())))
					if stored := c.files.load("id", key.full(), key.expected().acceptStored); err == nil && stored == nil {
						t.Error("a file that was there could not be read")
					}
				}
			}
		})
	}
	wg.Wait()
	left, err := filepath.Glob(filepath.Join(dir, "*", unfinished+"*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestCacheDirectoryThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := New("http://registry", WithCacheDir(file))
	require.ErrorContains(t, err, "WithCacheDir")

	// One that is lost later costs nothing but the files.
	dir := t.TempDir()
	f := newFixture()
	f.register(t, "users-value", userV1)
	c := f.client(t, WithCacheDir(dir))
	require.NoError(t, os.RemoveAll(dir))
	_, err = c.Latest(t.Context(), "users-value")
	require.NoError(t, err)
}

func TestLeftoversAreSwept(t *testing.T) {
	dir := t.TempDir()
	c, err := New("http://registry", WithCacheDir(dir))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	old, young := filepath.Join(c.files.dir, unfinished+"1"), filepath.Join(c.files.dir, unfinished+"2")
	for _, name := range []string{old, young} {
		require.NoError(t, os.WriteFile(name, []byte("half"), 0o600))
	}
	long := time.Now().Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(old, long, long))
	c, err = New("http://registry", WithCacheDir(dir))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoFileExists(t, old)
	require.FileExists(t, young, "somebody may be writing it")
}

//go:embed doc.go
var embedded embed.FS // any embedded file will do: a seed in it is a test of its own

func TestSeed(t *testing.T) {
	f := newFixture()
	d, id := referring(t, f)
	f.register(t, "gone-value", userV1, userV2)
	require.NoError(t, f.Memory.DeleteVersion(t.Context(), "gone-value", 1))
	dir := t.TempDir()
	require.NoError(t, f.client(t).SaveSeed(t.Context(), dir, "users-value", "gone-value", "no-such-subject"))

	f.down.Store(true)
	seed := os.DirFS(dir)
	c := f.client(t, WithSeed(seed))
	ctx := t.Context()
	for _, subject := range []string{"users-value", ""} {
		s, err := c.SchemaByID(ctx, subject, id)
		require.NoError(t, err)
		require.Equal(t, []string{"base"}, fieldTypes(s.Schema))
	}
	s, err := c.SchemaByGUID(ctx, guidOfUser(d))
	require.NoError(t, err)
	require.Equal(t, "user", s.Schema.FullName())
	_, err = c.Version(ctx, "users-value", 1)
	require.NoError(t, err)
	for _, missing := range []int{id + 1, id + 2} {
		_, err = c.SchemaByID(ctx, "gone-value", missing)
		require.NoError(t, err, "deleted versions as well: records were written with them")
	}
	_, err = c.Version(ctx, "gone-value", 1)
	require.Error(t, err)
	_, err = c.Version(ctx, "gone-value", 1, WithDeleted())
	require.NoError(t, err)

	// The directory knows better than the seed, and a seed may be anything.
	again := t.TempDir()
	f.down.Store(false)
	c = f.client(t, WithSeed(seed), WithCacheDir(again))
	_, err = c.SchemaByID(ctx, "", id)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	f.down.Store(true)
	for _, seed := range []fs.FS{embedded, fstest.MapFS{}, fstest.MapFS{fileName("id", idKey{"", id}.full()): {Data: []byte("rubbish")}}} {
		_, err = f.client(t, WithSeed(seed)).SchemaByID(ctx, "", id)
		var unavailable *UnavailableError
		require.ErrorAs(t, err, &unavailable)
		_, err = f.client(t, WithSeed(seed), WithCacheDir(again)).SchemaByID(ctx, "", id)
		require.NoError(t, err)
	}
}

func TestWarmup(t *testing.T) {
	f := newFixture()
	ids := f.register(t, "users-value", userV1, userV2, userLast)
	require.NoError(t, f.Memory.DeleteVersion(t.Context(), "users-value", 1))
	more := f.register(t, "keys", `"string"`)
	c := f.client(t)
	ctx := t.Context()
	require.NoError(t, c.Warmup(ctx, "users-value", "users-key", "keys"))
	asked := f.Total()
	for i, id := range ids {
		for _, subject := range []string{"", "users-value"} {
			s, err := c.SchemaByID(ctx, subject, id)
			require.NoError(t, err)
			require.Equal(t, i+1, s.Version)
		}
	}
	_, err := c.SchemaByID(ctx, "", more[0])
	require.NoError(t, err)
	_, err = c.Version(ctx, "users-value", 3)
	require.NoError(t, err)
	require.Equal(t, asked, f.Total(), "nothing is left to ask")

	require.NoError(t, c.WarmupIDs(ctx, "other", ids...))
	require.Error(t, c.WarmupIDs(ctx, "", ids[0], 98, 99))
	f.down.Store(true)
	err = c.Warmup(ctx, "a", "b")
	require.Equal(t, 2, strings.Count(fmt.Sprint(err), "connection refused"), "%v", err)
}

// What decodes is what would be written again: a change that keeps the checksum
// is a change that was made on purpose.
func FuzzStoredAnswer(f *testing.F) {
	s := &storedAnswer{Kind: "id", Key: "1", At: time.Unix(1, 0).UTC(), Answer: schemaAnswer{ID: 1, Schema: text(`"int"`)}}
	content, err := s.encode()
	require.NoError(f, err)
	f.Add(content)
	f.Add([]byte(fileHead))
	f.Fuzz(func(t *testing.T, content []byte) {
		got, ok := decodeStored(content, "id", "1")
		if !ok {
			return
		}
		again, err := got.encode()
		require.NoError(t, err)
		second, ok := decodeStored(again, "id", "1")
		require.True(t, ok)
		require.Equal(t, got, second)
	})
}
