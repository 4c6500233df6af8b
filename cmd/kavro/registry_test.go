package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
)

// What is not what a flag wants ends the command at once, with words that say which
// file and line, and changes nothing.
func TestRegistryFilesThatAreNone(t *testing.T) {
	k := newKavro(t)
	json := k.file("users.json", "{\n\"ada\": \"opensesame\"}\n")
	empty := k.file("empty", "")
	foreign := filepath.Join(k.dir, "foreign")
	require.NoError(t, os.Mkdir(foreign, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "main.go"), nil, 0o600))
	old := filepath.Join(k.dir, "old")
	require.NoError(t, os.Mkdir(old, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(old, "registry.log"), []byte("kavro registry 1\n"), 0o600))
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-users", json}, "users.json: server: users: line 1: no colon between name and password"},
		{[]string{"-users", empty}, "empty: server: users: nobody is in the file"},
		{[]string{"-users", k.dir}, "is a directory"},
		{[]string{"-data", json}, "users.json: a file, want a folder"},
		{[]string{"-data", filepath.Join(json, "x")}, "not a directory"},
		{[]string{"-data", foreign}, "has other things in it and no registry (main.go)"},
		{[]string{"-data", old}, "offset 0: a log of format 1"},
		{[]string{"-tls-cert", empty, "-tls-key", json}, "users.json: tls: failed to find any PEM data"},
	} {
		code, _, errOut := k.run(append([]string{"registry", "-listen", "127.0.0.1:0"}, test.args...)...)
		require.Equal(t, exitFailed, code, "%v", test.args)
		require.Contains(t, errOut, test.want, "%v", test.args)
		require.NotContains(t, errOut, "opensesame")
	}
	entries, err := os.ReadDir(foreign)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// A folder may hold the files of users and certificates, and what file systems put there.
func TestRegistryFolder(t *testing.T) {
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	require.NoError(t, os.WriteFile(users, []byte("a:b\n"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".keep"), nil, 0o600))
	require.NoError(t, checkData(dir, []string{users, ""}))
	require.Error(t, checkData(dir, nil))
	m, err := openRegistry(dir, []string{users})
	require.NoError(t, err)
	_, err = m.Register(t.Context(), "s", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	_, err = m.Register(t.Context(), "s", registry.Definition{Text: `"long"`})
	require.NoError(t, err)
	require.NoError(t, m.Close())
	require.NoError(t, checkData(dir, nil), "a registry is there")

	// A log that is damaged says what to do.
	log := filepath.Join(dir, "registry.log")
	whole, err := os.ReadFile(log)
	require.NoError(t, err)
	whole[40] ^= 1
	require.NoError(t, os.WriteFile(log, whole, 0o600))
	_, err = openRegistry(dir, nil)
	require.ErrorContains(t, err, "-drop-damaged")
	m, err = openRegistry(dir, nil, memory.DropDamaged())
	require.NoError(t, err)
	require.NoError(t, m.Close())
}
