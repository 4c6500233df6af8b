package main

import (
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry/memory"
)

func TestFlags(t *testing.T) {
	for _, test := range []struct {
		args string
		rest []string
		o    string
		b    bool
		err  bool
	}{
		{"a b", []string{"a", "b"}, "", false, false},
		{"-o x a -b b", []string{"a", "b"}, "x", true, false},
		{"a b -o=x --b", []string{"a", "b"}, "x", true, false},
		{"-- -o x -b", []string{"-o", "x", "-b"}, "", false, false},
		{"a -o x -- -b --", []string{"a", "-b", "--"}, "x", false, false},
		{"-b -- a", []string{"a"}, "", true, false},
		{"-o -- a -b", []string{"a"}, "--", true, false},
		{"-o -b a", []string{"a"}, "-b", false, false},
		{"-b=false - a", []string{"-", "a"}, "", false, false},
		{"--", nil, "", false, false},
		{"a -o", nil, "", false, true},
		{"-x a", nil, "", false, true},
		{"-x.avsc", nil, "", false, true},
		{"-b=maybe", nil, "", false, true},
		{"---o x", nil, "", false, true},
	} {
		f := newFlags(&environment{err: io.Discard}, "test", "")
		o, b := f.String("o", "", ""), f.Bool("b", false, "")
		rest, err := f.parse(strings.Fields(test.args), 0, -1)
		require.Equal(t, test.err, err != nil, test.args)
		if !test.err {
			require.Equal(t, append([]string{}, test.rest...), append([]string{}, rest...), test.args)
			require.Equal(t, test.o, *o, test.args)
			require.Equal(t, test.b, *b, test.args)
		}
	}
	_, err := newFlags(&environment{err: io.Discard}, "test", "").parse([]string{"a", "-h", "b"}, 0, -1)
	require.ErrorIs(t, err, flag.ErrHelp)
}

// Names that look like flags are names behind --, in every command.
func TestNamesLikeFlags(t *testing.T) {
	k, _ := withRegistry(t)
	k.file("-x.avsc", money)
	k.file("-d/m.avsc", money)
	k.file("--.avsc", money)
	t.Chdir(k.dir)
	for _, args := range [][]string{
		{"lint", "--", "-x.avsc", "-d", "--.avsc"},
		{"gen", "-o", "out", "--", "-x.avsc"},
		{"gen", "-o", "out", "-check", "--", "-d"},
		{"breaking", "-against", "-d", "--", "-d"},
		{"schema", "check", "--", "-s", "-x.avsc"},
		{"schema", "register", "--", "-s", "-x.avsc"},
		{"schema", "get", "--", "-s"},
		{"schema", "list", "--", "-s"},
		{"schema", "references", "--", "-s"},
		{"config", "set", "--", "NONE", "-s"},
		{"config", "get", "--", "-s"},
		{"schema", "delete", "--", "-s"},
		{"schema", "delete", "-permanent", "--", "-s"},
	} {
		code, out, errOut := k.run(args...)
		if args[1] == "-o" && args[3] == "-check" { // of another source
			require.Equal(t, exitFindings, code, args)
			continue
		}
		require.Zero(t, code, "%v: %s", args, errOut)
		require.NotContains(t, out, "usage", args)
	}
	require.FileExists(t, "out/common/money_avro.go")
	code, _, errOut := k.run("lint", "-x.avsc")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "flag provided but not defined: -x.avsc")
	require.Contains(t, errOut, "If -x.avsc is no flag, put -- before it.")
}

func TestSizeFlag(t *testing.T) {
	for text, want := range map[string]int{
		"1": 1, "1000": 1000, "4K": 4096, "4k": 4096, "2M": 2 << 20, "2MB": 2 << 20, "2MiB": 2 << 20, "1g": 1 << 30, "10B": 10, "2147483647": 2147483647,
		"": 0, "0": 0, "-1": 0, "M": 0, "1.5M": 0, "2G": 0, "2147483648": 0, "1T": 0, "K1": 0, "9999999999999999999G": 0,
	} {
		var s size
		err := s.Set(text)
		require.Equal(t, want == 0, err != nil, text)
		require.Equal(t, want, int(s), text)
	}
}

// Texts beyond 1 MiB are read by whoever says so, by every command that reads any.
func TestLargeSchemas(t *testing.T) {
	k, _ := withRegistry(t)
	text := strings.Replace(money, `"name":"Money"`, `"name":"Money","doc":"`+strings.Repeat("x", 1<<20)+`"`, 1)
	file := k.file("d/m.avsc", text)
	folder, out := filepath.Dir(file), filepath.Join(k.dir, "out")
	for _, args := range [][]string{
		{"lint", file}, {"lint", folder}, {"gen", "-o", out, file}, {"gen", "-o", out, folder}, {"breaking", "-against", folder, folder},
		{"schema", "check", "m", file}, {"schema", "register", "m", file},
	} {
		code, printed, errOut := k.run(args...)
		require.NotZero(t, code, args)
		require.Contains(t, printed+errOut, file+": ", args)
		require.Contains(t, printed+errOut, "-max-schema-size", args)
		require.Contains(t, printed+errOut, "1048576", args)
	}
	for _, args := range [][]string{
		{"lint", file}, {"lint", folder}, {"gen", "-o", out, file}, {"gen", "-o", out + "2", folder}, {"breaking", "-against", folder, folder},
	} {
		require.Empty(t, k.ok(append(args, "-max-schema-size", "2M")...), args)
	}
	require.Equal(t, content(t, out), content(t, out+"2"))
	require.Contains(t, content(t, out)["common/money_avro.go"], "schemas.WithMaxBytes(")

	// Through a registry that takes such texts.
	m := memory.New(memory.WithMaxText(4 << 20))
	s := httptest.NewServer(memory.Handler(m))
	defer s.Close()
	k.env["KAVRO_REGISTRY"] = s.URL
	more := []string{"-max-schema-size", "2M"}
	k.firstCheck("schema", "check", "-max-schema-size", "2M", "m", file)
	require.Equal(t, "m version 1, id 1\n", k.ok("schema", "register", "-max-schema-size", "2M", "m", file))
	require.Empty(t, k.ok("gen", "-o", out+"3", "-max-schema-size", "2M", "m@1"))
	for _, args := range [][]string{{"schema", "get", "m"}, {"schema", "references", "m"}, {"gen", "-o", out + "4", "m@1"}} {
		code, _, errOut := k.run(args...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, errOut, "limit of 1048576", args)
		require.Contains(t, errOut, "-max-schema-size", args)
		code, _, errOut = k.run(append(args, more...)...)
		require.Zero(t, code, "%v: %s", args, errOut)
	}
}

// Whatever is given instead of a schema, it is named, with what it seems to be, by
// every command, and nothing is written or sent.
func TestFilesThatAreNoSchemas(t *testing.T) {
	k, m := withRegistry(t)
	for name, test := range map[string]struct{ text, says string }{
		"json":       {`{"name":"x"}`, `an object needs a "type"`},
		"jsonschema": {`{"$schema":"x","type":"object"}`, "this is a JSON Schema"},
		"empty":      {"", "empty"},
		"blank":      {"\n \n", "empty"},
		"binary":     {"\x00\x01\x02\x03", "a binary file"},
		"container":  {"Obj\x01\x02", "an Avro data file"},
		"html":       {"<html></html>", "HTML"},
		"utf16":      {"\xff\xfe\"\x00i\x00n\x00t\x00\"\x00", "UTF-16"},
		"registry":   {`{"subject":"x","schema":"\"int\""}`, "what a registry sends"},
		"unfinished": {`{"type":"int"`, "found the end of the text"},
	} {
		file := k.file(name+"/"+name+".avsc", test.text)
		folder, out := filepath.Dir(file), filepath.Join(k.dir, "out")
		good := k.file("good/m.avsc", money)
		for _, args := range [][]string{
			{"lint", file}, {"lint", folder}, {"gen", "-o", out, file}, {"gen", "-o", out, good, folder}, {"breaking", "-against", folder, folder},
			{"schema", "check", "s", file}, {"schema", "register", "s", file},
		} {
			code, printed, errOut := k.run(args...)
			require.Contains(t, []int{exitFailed, exitFindings}, code, args)
			require.Contains(t, printed+errOut, file, "%v", args)
			require.Contains(t, printed+errOut, test.says, args)
		}
		require.NoDirExists(t, out)
	}
	subjects, err := m.Subjects(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, subjects)

	text := k.file("mark/m.avsc", "\ufeff"+money)
	require.Empty(t, k.ok("lint", text, filepath.Dir(text)))

	// Folders and files, each where the other is wanted; what is not there, or not to be read.
	file, folder := k.file("one.avsc", money), filepath.Join(k.dir, "nothing")
	require.NoError(t, os.Mkdir(folder, 0o700))
	k.file("nothing/readme.md", "no schema")
	loop := filepath.Join(k.dir, "loop.avsc")
	require.NoError(t, os.Symlink(loop, loop))
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"lint", folder}, folder + ": no .avsc file in this folder"},
		{[]string{"gen", "-o", folder, folder}, folder + ": no .avsc file in this folder"},
		{[]string{"breaking", "-against", folder, folder}, folder + ": no .avsc file in this folder"},
		{[]string{"breaking", "-against", file, folder}, file + " is a file: want a folder of .avsc files"},
		{[]string{"schema", "register", "s", folder}, folder + " is a folder, not a file"},
		{[]string{"schema", "check", "s", folder + "x"}, folder + "x: no such file"},
		{[]string{"lint", loop}, loop + ": too many levels of symbolic links"},
		{[]string{"gen", "-o", folder, loop}, loop + ": too many levels of symbolic links"},
		{[]string{"lint", "/dev/null"}, "the text is empty"},
		{[]string{"lint", "/dev/zero"}, "-max-schema-size raises it"},
	} {
		code, printed, errOut := k.run(test.args...)
		require.NotZero(t, code, test.args)
		require.Contains(t, printed+errOut, test.says, test.args)
	}
}

// A file that may not be read is named, and keeps nobody from looking at the others.
func TestUnreadableFiles(t *testing.T) {
	if os.Geteuid() == 0 { // who may read everything sees them all
		k := newKavro(t)
		require.NoError(t, os.Chmod(k.file("d/a.avsc", money), 0))
		require.Empty(t, k.ok("lint", filepath.Join(k.dir, "d")))
		return
	}
	k := newKavro(t)
	secret, bad := k.file("d/a.avsc", money), k.file("d/b.avsc", "7")
	require.NoError(t, os.Chmod(secret, 0))
	code, out, errOut := k.run("lint", filepath.Dir(secret))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, secret+": ")
	require.Contains(t, out, bad+": ")
}

// The exit codes that the command's documentation promises.
func TestExitCodes(t *testing.T) {
	k, _ := withRegistry(t)
	require.Contains(t, k.ok("help"), "Exit codes: 0 all is well, 1 wrong usage or a failure, 100 findings")
	good, bad, v2 := k.file("d/m.avsc", money), k.file("bad.avsc", "7"), k.file("e/m.avsc", strings.Replace(money, "long", "string", 1))
	out := filepath.Join(k.dir, "out")
	k.ok("schema", "register", "m", good)
	for _, test := range []struct {
		code int
		args []string
	}{
		{0, []string{"lint", good}},
		{100, []string{"lint", bad}},
		{1, []string{"lint", bad, "missing"}},
		{1, []string{"lint"}},
		{100, []string{"gen", "-check", "-o", out, good}},
		{0, []string{"gen", "-o", out, good}},
		{0, []string{"gen", "-check", "-o", out, good}},
		{1, []string{"gen", "-o", out, bad}},
		{1, []string{"gen", "-o", out, "subject@x"}},
		{0, []string{"breaking", "-against", filepath.Dir(good), filepath.Dir(good)}},
		{100, []string{"breaking", "-against", filepath.Dir(good), filepath.Dir(v2)}},
		{1, []string{"breaking", "-against", filepath.Dir(good), "missing"}},
		{0, []string{"schema", "check", "m", good}},
		{100, []string{"schema", "check", "m", v2}},
		{100, []string{"schema", "register", "m", v2}},
		{100, []string{"schema", "register", "m", bad}},
		{1, []string{"schema", "register", "m", "missing"}},
		{1, []string{"schema", "register", "m", k.file("empty.avsc", "")}},
		{1, []string{"schema", "get", "nobody"}},
		{1, []string{"schema", "get", ""}},
		{1, []string{"schema", "get", "@1"}},
		{1, []string{"schema", "delete", ""}},
		{1, []string{"schema", "brew"}},
		{0, []string{"schema", "help"}},
		{0, []string{"schema", "--help"}},
		{0, []string{"config", "-h"}},
		{1, []string{"config", "set", "SOME"}},
		{1, []string{"brew"}},
	} {
		code, _, errOut := k.run(test.args...)
		require.Equal(t, test.code, code, "%v: %s", test.args, errOut)
	}
	for _, login := range []map[string]string{
		{"KAVRO_REGISTRY_USER": "secret"}, {"KAVRO_REGISTRY_USER": "ada:secret", "KAVRO_REGISTRY_TOKEN": "secret"},
	} {
		for key, value := range login {
			k.env[key] = value
		}
		code, _, errOut := k.run("config", "get")
		require.Equal(t, exitFailed, code)
		require.Contains(t, errOut, "KAVRO_REGISTRY_USER")
		require.NotContains(t, errOut, "secret")
	}
}
