package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/server"
	"github.com/stretchr/testify/require"
)

const (
	money   = `{"type":"record","name":"Money","namespace":"common","fields":[{"name":"cents","type":"long"}]}`
	orderV1 = `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"},{"name":"total","type":"common.Money"}]}`
	orderV2 = `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"},{"name":"total","type":"common.Money"},{"name":"note","type":"string"}]}`
)

// kavro runs a command as main does.
type kavro struct {
	t   *testing.T
	env map[string]string
	dir string
}

func newKavro(t *testing.T) *kavro {
	return &kavro{t: t, env: map[string]string{}, dir: t.TempDir()}
}

// withRegistry points KAVRO_REGISTRY to a new registry.
func withRegistry(t *testing.T) (*kavro, *registry.Memory) {
	m := registry.NewMemory()
	s := httptest.NewServer(registry.Handler(m))
	t.Cleanup(s.Close)
	k := newKavro(t)
	k.env["KAVRO_REGISTRY"] = s.URL
	return k, m
}

func (k *kavro) file(name, text string) string {
	path := filepath.Join(k.dir, filepath.FromSlash(name))
	require.NoError(k.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(k.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (k *kavro) run(args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	env := &environment{out: &o, err: &e, getenv: func(key string) string { return k.env[key] }}
	code = run(k.t.Context(), env, args)
	return code, o.String(), e.String()
}

// well runs a command that must succeed.
func (k *kavro) well(args ...string) string {
	code, out, errOut := k.run(args...)
	require.Zero(k.t, code, errOut)
	require.Empty(k.t, errOut)
	return out
}

func TestUsage(t *testing.T) {
	k := newKavro(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitFailed, "usage: kavro COMMAND"},
		{[]string{"help"}, exitWell, ""},
		{[]string{"brew"}, exitFailed, `no command "brew"`},
		{[]string{"gen"}, exitFailed, "usage: kavro gen"},
		{[]string{"gen", "-h"}, exitWell, "usage: kavro gen"},
		{[]string{"gen", "-nonsense"}, exitFailed, "flag provided but not defined"},
		{[]string{"schema"}, exitFailed, "kavro schema register"},
		{[]string{"schema", "list", "-o", "xml"}, exitFailed, "neither table nor json"},
		{[]string{"schema", "list"}, exitFailed, "no registry: give -registry URL, or set KAVRO_REGISTRY"},
		{[]string{"registry", "DIR"}, exitFailed, "too many arguments: DIR\nusage: kavro registry"},
		{[]string{"registry", "-level", "SIDEWAYS"}, exitFailed, "want one of NONE, BACKWARD"},
		{[]string{"registry", "-listen", "nonsense"}, exitFailed, "nonsense"},
		{[]string{"registry", "-open-reads"}, exitFailed, "there are no users"},
		{[]string{"registry", "-tls-key", "k.pem"}, exitFailed, "needs both a certificate and its key"},
		{[]string{"lint", "does-not-exist.avsc"}, exitFailed, "does-not-exist.avsc"},
	} {
		code, _, errOut := k.run(c.args...)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, errOut, c.says, c.args)
	}
}

func TestSchemaCommands(t *testing.T) {
	k, _ := withRegistry(t)
	moneyFile, v1, v2 := k.file("money.avsc", money), k.file("v1.avsc", orderV1), k.file("v2.avsc", orderV2)
	require.Equal(t, "money version 1, id 1\n", k.well("schema", "register", "money", moneyFile))
	require.Equal(t, "orders-value version 1, id 2\n", k.well("schema", "register", "orders-value", v1, "-ref", "common.Money=money@1"))
	require.Equal(t, "SUBJECT       VERSIONS\nmoney         1\norders-value  1\n", k.well("schema", "list"))
	require.JSONEq(t, `[{"subject": "money", "versions": [1]}]`, k.well("schema", "list", "mon", "-o", "json"))
	require.Equal(t, orderV1+"\n", k.well("schema", "get", "orders-value"))

	var got versionLine
	require.NoError(t, json.Unmarshal([]byte(k.well("schema", "get", "-o", "json", "orders-value@1")), &got))
	require.Equal(t, orderV1, got.Schema)
	require.Equal(t, []registry.Reference{{Name: "common.Money", Subject: "money", Version: 1}}, got.References)

	require.Empty(t, k.well("schema", "check", "-ref", "common.Money=money@1", "orders-value", v1))
	for _, verb := range []string{"check", "register"} {
		code, out, errOut := k.run("schema", verb, "-ref", "common.Money=money@1", "orders-value", v2)
		require.Equal(t, exitFindings, code, verb)
		require.Empty(t, errOut, verb)
		require.Contains(t, out, "READER_FIELD_MISSING_DEFAULT_VALUE", verb)
		require.Contains(t, out, "note", verb)
	}
	require.Equal(t, "referred to by  id 2  \n", k.well("schema", "references", "money"))
	require.JSONEq(t, `{"references": [{"name": "common.Money", "subject": "money", "version": 1}], "referencedBy": []}`, k.well("schema", "references", "orders-value@1", "-o=json"))

	require.Equal(t, "deleted orders-value 1\n", k.well("schema", "delete", "orders-value@1"))
	require.Equal(t, "SUBJECT  VERSIONS\nmoney    1\n", k.well("schema", "list"))
	require.Equal(t, "deleted orders-value 1\n", k.well("schema", "delete", "-permanent", "orders-value"))
	code, _, errOut := k.run("schema", "get", "orders-value@7")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "orders-value")
}

func TestConfigCommands(t *testing.T) {
	k, _ := withRegistry(t)
	require.Equal(t, "BACKWARD\n", k.well("config", "get"))
	require.Equal(t, "FULL_TRANSITIVE\n", k.well("config", "set", "full_transitive"))
	require.Equal(t, "FULL_TRANSITIVE\n", k.well("config", "get"))
	require.Equal(t, "NONE\n", k.well("config", "set", "none", "a"))
	require.JSONEq(t, `{"subject": "a", "compatibilityLevel": "NONE"}`, k.well("config", "get", "a", "-o", "json"))
	code, _, errOut := k.run("config", "set", "SOME")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "SOME")
}

func TestLint(t *testing.T) {
	k := newKavro(t)
	good := k.file("good/a.avsc", money)
	k.file("good/b.avsc", orderV1)
	bad := k.file("bad.avsc", `{"type": "record", "name": "R"}`)
	require.Empty(t, k.well("lint", good, filepath.Dir(good)))
	code, out, _ := k.run("lint", bad, good)
	require.Equal(t, exitFindings, code)
	require.Contains(t, out, "bad.avsc: schema: line 1")
}

func TestBreaking(t *testing.T) {
	k := newKavro(t)
	for name, text := range map[string]string{"old/m.avsc": money, "old/o.avsc": orderV1, "new/m.avsc": money, "new/moved/o.avsc": orderV2, "less/m.avsc": money} {
		k.file(name, text)
	}
	old, next, less := filepath.Join(k.dir, "old"), filepath.Join(k.dir, "new"), filepath.Join(k.dir, "less")
	require.Empty(t, k.well("breaking", "-against", old, old))
	require.Empty(t, k.well("breaking", "--against", old, "--level", "FORWARD", next))
	code, out, _ := k.run("breaking", "--against", old, next)
	require.Equal(t, exitFindings, code)
	require.Contains(t, out, "moved/o.avsc: version 1: field note")
	code, out, _ = k.run("breaking", "--against", old, less)
	require.Equal(t, exitFindings, code)
	require.Equal(t, "o.avsc: is gone\n", out)
	code, _, _ = k.run("breaking", old)
	require.Equal(t, exitFailed, code)
}

func TestGenFromFiles(t *testing.T) {
	k := newKavro(t)
	k.file("avro/m.avsc", money)
	k.file("avro/o.avsc", orderV1)
	k.file("go.mod", "module example.com/events\n")
	out := filepath.Join(k.dir, "types")
	args := []string{"gen", "-o", out, filepath.Join(k.dir, "avro"), "-package", "common=shared"}

	code, printed, _ := k.run(append(args, "-check")...)
	require.Equal(t, exitFindings, code)
	require.Contains(t, printed, filepath.Join(out, "shared", "money_avro.go")+": missing")

	require.Empty(t, k.well(args...))
	text, err := os.ReadFile(filepath.Join(out, "shop", "order_avro.go"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "// Code generated by kavro gen. DO NOT EDIT.\n"))
	require.Contains(t, string(text), `"example.com/events/types/shared"`)

	require.Empty(t, k.well(append(args, "-check")...))
	k.file("avro/o.avsc", orderV2)
	code, printed, _ = k.run(append(args, "-check")...)
	require.Equal(t, exitFindings, code)
	require.Equal(t, filepath.Join(out, "shop", "order_avro.go")+": would change\n", printed)
	after, err := os.ReadFile(filepath.Join(out, "shop", "order_avro.go"))
	require.NoError(t, err)
	require.Equal(t, text, after, "-check writes nothing")
}

// What an earlier run wrote for a schema that is gone is reported, whole folders
// A default that a Go type cannot hold stops gen, which says which and what to do;
// -zero-defaults goes on.
func TestGenDefaultsThatGoCannotHold(t *testing.T) {
	k := newKavro(t)
	file := k.file("user.avsc", `{"type": "record", "name": "User", "fields": [{"name": "id", "type": {"type": "string", "logicalType": "uuid"}, "default": ""}]}`)
	code, _, errOut := k.run("gen", "-o", k.dir, file)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, `the default of User.id: "" is not a UUID`)
	require.Contains(t, errOut, "-zero-defaults")
	require.NoFileExists(t, filepath.Join(k.dir, "user_avro.go"))
	k.well("gen", "-o", k.dir, "-zero-defaults", file)
	text, err := os.ReadFile(filepath.Join(k.dir, "user_avro.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), `// ID is zero, as its default is no value of its type: "" is not a UUID`)
}

// too, and left where it is. Other people's code is no concern of ours.
func TestGenReportsStaleFiles(t *testing.T) {
	k := newKavro(t)
	money := k.file("avro/m.avsc", money)
	k.file("avro/o.avsc", `{"type": "record", "name": "shop.Order", "fields": [{"name": "total", "type": "common.Money"}]}`)
	lone := k.file("avro/l.avsc", `{"type": "enum", "name": "shop.Lone", "symbols": ["A"]}`)
	k.file("go.mod", "module example.com/events\n")
	out := filepath.Join(k.dir, "types")
	args := []string{"gen", "-o", out + string(filepath.Separator), filepath.Join(k.dir, "avro")}
	require.Empty(t, k.well(args...))
	k.file("types/shop/own.go", "package shop\n")
	k.file("types/other/generate.go", "package other\n")
	k.file("types/other/x_avro.go", "// Code generated by kavro gen. DO NOT EDIT.\n")
	require.Empty(t, k.well(append(args, "-check")...))

	require.NoError(t, os.Remove(lone))
	require.NoError(t, os.Remove(money))
	k.file("avro/o.avsc", `{"type": "record", "name": "shop.Order", "fields": [{"name": "total", "type": "long"}]}`)
	stale := filepath.Join(out, "common", "money_avro.go") + ": stale: no schema gives it any more\n" +
		filepath.Join(out, "shop", "lone_avro.go") + ": stale: no schema gives it any more\n"
	require.Equal(t, stale, k.well(args...))
	code, printed, _ := k.run(append(args, "-check")...)
	require.Equal(t, exitFindings, code)
	require.Equal(t, stale, printed)
	require.FileExists(t, filepath.Join(out, "common", "money_avro.go"))
}

// A subject gives the same types as the files it was registered from.
func TestGenFromRegistry(t *testing.T) {
	k, _ := withRegistry(t)
	k.well("schema", "register", "money", k.file("money.avsc", money))
	k.well("schema", "register", "orders-value", k.file("order.avsc", orderV1), "-ref", "common.Money=money@1")
	out := filepath.Join(k.dir, "out")
	require.Empty(t, k.well("gen", "-o", out, "-import", "example.com/e", "orders-value@1"))
	text, err := os.ReadFile(filepath.Join(out, "shop", "order_avro.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), "// Source: orders-value@1\n")
	require.Contains(t, string(text), "schemas.WithReferences(new(common.Money).AvroSchema())")
	require.FileExists(t, filepath.Join(out, "common", "money_avro.go"))

	code, _, errOut := k.run("gen", "-o", out, "orders-value@9")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "does not exist")
	code, _, errOut = k.run("gen", "-o", out, "orders-value@x")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, `"x" is not a version`)
}

// What is logged in with is never printed.
func TestSecrets(t *testing.T) {
	users, err := server.NewUsers(server.User{Name: "ada", Password: "opensesame"})
	require.NoError(t, err)
	s, err := server.New(registry.NewMemory(), server.WithUsers(users))
	require.NoError(t, err)
	web := httptest.NewServer(s.Handler())
	defer web.Close()
	k := newKavro(t)
	k.env["KAVRO_REGISTRY"] = web.URL
	k.env["KAVRO_REGISTRY_USER"] = "ada:opensesame"
	require.Equal(t, "BACKWARD\n", k.well("config", "get"))
	k.env["KAVRO_REGISTRY_USER"] = "ada:not-that"
	code, out, errOut := k.run("config", "get")
	require.Equal(t, exitFailed, code)
	require.NotContains(t, out+errOut, "not-that")
	k.env["KAVRO_REGISTRY_USER"] = ""
	code, out, errOut = k.run("config", "get", "-r", strings.Replace(web.URL, "//", "//ada:not-that-either@", 1))
	require.Equal(t, exitFailed, code)
	require.NotContains(t, out+errOut, "not-that-either")
	_, _, errOut = k.run("config", "get", "-h")
	require.NotContains(t, errOut, "not-that")
}

// lineWriter hands over the first line that is written to it.
type lineWriter struct{ first chan string }

func (w *lineWriter) Write(b []byte) (int, error) {
	select {
	case w.first <- string(b):
	default:
	}
	return len(b), nil
}

// The registry says where it listens, keeps what it is told, and ends with its
// context.
func TestRegistry(t *testing.T) {
	k := newKavro(t)
	data := filepath.Join(k.dir, "data")
	users := k.file("users", "ada:opensesame\nro bob:letmein\n")
	var said bytes.Buffer // what the last one wrote to standard error
	serve := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &lineWriter{make(chan string, 1)}
		said.Reset()
		ended := make(chan int)
		go func() {
			env := &environment{out: w, err: &said, getenv: func(string) string { return "" }}
			ended <- run(ctx, env, []string{"registry", "--listen", "127.0.0.1:0", "--data", data, "--users", users, "--level", "FULL"})
		}()
		select {
		case line := <-w.first:
			k.env["KAVRO_REGISTRY"] = regexp.MustCompile(`http://\S+`).FindString(line)
		case code := <-ended:
			require.Fail(t, "ended", "%d: %s", code, said.String())
		}
		return func() {
			cancel()
			require.Zero(t, <-ended, said.String())
		}
	}
	stop := serve()
	k.env["KAVRO_REGISTRY_USER"] = "ada:opensesame"
	require.Equal(t, "m version 1, id 1\n", k.well("schema", "register", "m", k.file("m.avsc", money)))
	k.env["KAVRO_REGISTRY_USER"] = "bob:letmein"
	require.Equal(t, "FULL\n", k.well("config", "get"))
	code, _, _ := k.run("schema", "register", "n", k.file("m.avsc", money))
	require.Equal(t, exitFailed, code, "bob may only read")
	stop()
	stop = serve()
	require.Equal(t, money+"\n", k.well("schema", "get", "m"))
	stop()

	// Killed while it wrote: it starts, and says what it dropped.
	log := filepath.Join(data, "registry.log")
	whole, err := os.ReadFile(log)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(log, append(whole, "half a rec"...), 0o600))
	stop = serve()
	require.Equal(t, money+"\n", k.well("schema", "get", "m"))
	stop()
	require.Contains(t, said.String(), "dropped 10 bytes at the end of the log (no complete record at offset")

	code, _, errOut := k.run("registry", "--users", filepath.Join(k.dir, "nobody"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "nobody")
	code, _, errOut = k.run("registry", "--tls-cert", "only")
	require.Equal(t, exitFailed, code)
	require.NotEmpty(t, errOut)
}
