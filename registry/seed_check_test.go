package registry

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// A seed that is none is warned of when the client is made, not when the registry is
// down.
func TestSeedThatIsNone(t *testing.T) {
	answer := &fstest.MapFile{Data: []byte(fileHead + "...\n{}")}
	for name, test := range map[string]struct {
		seed fs.FS
		err  string
	}{
		"nothing":                             {fstest.MapFS{}, "it holds no file that SaveSeed wrote"},
		"other files":                         {fstest.MapFS{"order.avsc": {Data: []byte(`"int"`)}, "id-1.json": {Data: []byte("{}")}, "sub/x.json": {}}, "it holds no file that SaveSeed wrote"},
		"answers with a name of another kind": {fstest.MapFS{"id-1.txt": answer}, "it holds no file that SaveSeed wrote"},
		"pipes":                               {fstest.MapFS{"id-1.json": {Mode: fs.ModeNamedPipe}}, "it holds no file that SaveSeed wrote"},
		"embedded by folder":                  {fstest.MapFS{"notes.txt": {}, "seed/id-1.json": answer}, `the answers are in its folder "seed": give fs.Sub(seed, "seed")`},
		"missing":                             {os.DirFS(filepath.Join(t.TempDir(), "missing")), "no such file or directory"},
		"a file":                              {os.DirFS("seed_check_test.go"), "not a directory"},
	} {
		log := warnings(t, test.seed)
		require.Contains(t, log, "level=WARN", name)
		require.Contains(t, log, "the seed is none", name)
		require.Contains(t, log, test.err, name)
	}
	require.Empty(t, warnings(t, fstest.MapFS{"readme.md": {}, "id-1.json": answer}))
}

// warnings is what is logged when a client is made with a seed.
func warnings(t *testing.T, seed fs.FS) string {
	var log bytes.Buffer
	c, err := New("http://127.0.0.1:1", WithSeed(seed), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	return strings.ReplaceAll(log.String(), `\"`, `"`)
}

// A cache directory that cannot be one is refused as well.
func TestCacheDirThatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		_, err := New("http://127.0.0.1:1", WithCacheDir(dir))
		require.ErrorContains(t, err, "registry: WithCacheDir: ", dir)
		require.ErrorContains(t, err, "not a directory", dir)
	}
}
