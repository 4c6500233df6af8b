package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/server"
	"github.com/kavro/kavro/schemas"
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
func withRegistry(t *testing.T) (*kavro, *memory.Registry) {
	m := memory.New()
	s := httptest.NewServer(memory.Handler(m))
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
func (k *kavro) ok(args ...string) string {
	code, out, errOut := k.run(args...)
	require.Zero(k.t, code, errOut)
	require.Empty(k.t, errOut)
	return out
}

// firstCheck checks a schema for a subject that has no versions.
func (k *kavro) firstCheck(args ...string) {
	code, out, errOut := k.run(args...)
	require.Zero(k.t, code, errOut)
	require.Empty(k.t, out)
	require.Regexp(k.t, "^kavro: subject .* does not exist: there are no versions to compare with\n$", errOut)
}

func TestUsage(t *testing.T) {
	k := newKavro(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitFailed, "usage: kavro COMMAND"},
		{[]string{"help"}, exitOK, ""},
		{[]string{"brew"}, exitFailed, `no command "brew"`},
		{[]string{"gen"}, exitFailed, "usage: kavro gen"},
		{[]string{"gen", "-h"}, exitOK, "usage: kavro gen"},
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
	require.Equal(t, "money version 1, id 1\n", k.ok("schema", "register", "money", moneyFile))
	require.Equal(t, "orders-value version 1, id 2\n", k.ok("schema", "register", "orders-value", v1, "-ref", "common.Money=money@1"))
	require.Equal(t, "SUBJECT       VERSIONS\nmoney         1\norders-value  1\n", k.ok("schema", "list"))
	require.JSONEq(t, `[{"subject": "money", "versions": [1]}]`, k.ok("schema", "list", "mon", "-o", "json"))
	require.Equal(t, orderV1+"\n", k.ok("schema", "get", "orders-value"))

	var got versionLine
	require.NoError(t, json.Unmarshal([]byte(k.ok("schema", "get", "-o", "json", "orders-value@1")), &got))
	require.Equal(t, orderV1, got.Schema)
	require.Equal(t, []registry.Reference{{Name: "common.Money", Subject: "money", Version: 1}}, got.References)

	require.Empty(t, k.ok("schema", "check", "-ref", "common.Money=money@1", "orders-value", v1))
	for _, verb := range []string{"check", "register"} {
		code, out, errOut := k.run("schema", verb, "-ref", "common.Money=money@1", "orders-value", v2)
		require.Equal(t, exitFindings, code, verb)
		require.Empty(t, errOut, verb)
		require.Contains(t, out, "READER_FIELD_MISSING_DEFAULT_VALUE", verb)
		require.Contains(t, out, "note", verb)
	}
	require.Equal(t, "referred to by  id 2  orders-value@1\n", k.ok("schema", "references", "money"))
	require.JSONEq(t, `{"references": [{"name": "common.Money", "subject": "money", "version": 1}], "referencedBy": []}`, k.ok("schema", "references", "orders-value@1", "-o=json"))

	require.Equal(t, "deleted orders-value 1\n", k.ok("schema", "delete", "orders-value@1"))
	require.Equal(t, "SUBJECT  VERSIONS\nmoney    1\n", k.ok("schema", "list"))
	require.Equal(t, "deleted orders-value 1\n", k.ok("schema", "delete", "-permanent", "orders-value"))
	code, _, errOut := k.run("schema", "get", "orders-value@7")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "orders-value")
}

func TestConfigCommands(t *testing.T) {
	k, _ := withRegistry(t)
	require.Equal(t, "BACKWARD\n", k.ok("config", "get"))
	require.Equal(t, "FULL_TRANSITIVE\n", k.ok("config", "set", "full_transitive"))
	require.Equal(t, "FULL_TRANSITIVE\n", k.ok("config", "get"))
	require.Equal(t, "NONE\n", k.ok("config", "set", "none", "a"))
	require.JSONEq(t, `{"subject": "a", "compatibilityLevel": "NONE"}`, k.ok("config", "get", "a", "-o", "json"))
	for _, subject := range []string{"b", "nope"} {
		code, out, errOut := k.run("config", "get", subject)
		require.Zero(t, code)
		require.Equal(t, "FULL_TRANSITIVE\n", out)
		require.Contains(t, errOut, "subject "+subject+" has no level of its own: this is the global one")
	}
	code, _, errOut := k.run("config", "set", "SOME")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "SOME")
}

func TestLint(t *testing.T) {
	k := newKavro(t)
	good := k.file("good/a.avsc", money)
	k.file("good/b.avsc", orderV1)
	bad := k.file("bad.avsc", `{"type": "record", "name": "R"}`)
	require.Empty(t, k.ok("lint", good, filepath.Dir(good)))
	code, out, _ := k.run("lint", bad, good)
	require.Equal(t, exitFindings, code)
	require.Contains(t, out, "bad.avsc: schema: line 1")
}

// Every file is looked at, whatever is wrong with those before it, and what could
// not be looked at counts more than what was found.
func TestLintGoesOn(t *testing.T) {
	k := newKavro(t)
	k.file("d/a.avsc", `{"type":"record","name":"A","fields":[{"name":"b","type":"strng"}]}`)
	k.file("d/b.avsc", `{"type":"record","name":"B"`)
	k.file("d/c.avsc", `{"type":"record","name":"C","fields":[{"name":"x","type":"int","logicalType":"date"}]}`)
	k.file("d/sub/d.avsc", `"Nobody"`)
	folder := filepath.Join(k.dir, "d")
	one, two := k.file("1.avsc", "7"), k.file("2.avsc", "8")
	lines := folder + `/a.avsc: schema: line 1, column 58 (/fields/0/type): unknown type "strng"; did you mean "string"?
` + folder + `/b.avsc: schema: line 1, column 28: want ',' or '}', found the end of the text
` + folder + `/sub/d.avsc: schema: line 1, column 1: unknown type "Nobody"
` + folder + `/c.avsc: C.x: logicalType "date" beside the type of a field does nothing; it belongs into the type: {"type": "int", "logicalType": "date"} (logical-type-of-field)
`
	code, out, errOut := k.run("lint", one, folder, two)
	require.Equal(t, exitFindings, code)
	require.Empty(t, errOut)
	require.Equal(t, one+": schema: line 1, column 1: a schema is a name, an object or an array of branches, not a number\n"+lines+
		two+": schema: line 1, column 1: a schema is a name, an object or an array of branches, not a number\n", out)

	missing, empty := filepath.Join(k.dir, "missing"), filepath.Join(k.dir, "empty")
	require.NoError(t, os.Mkdir(empty, 0o700))
	code, out, errOut = k.run("lint", missing, folder, empty)
	require.Equal(t, exitFailed, code)
	require.Equal(t, lines, out)
	require.Equal(t, "kavro: stat "+missing+": no such file or directory\nkavro: "+empty+": no .avsc file in this folder\n", errOut)
}

// A folder may define a type twice; if the definitions differ, all commands say
// where and how.
func TestRepeatedDefinitions(t *testing.T) {
	k := newKavro(t)
	holds := func(name, field, typ string) string {
		return `{"type":"record","name":"shop.` + name + `","fields":[{"name":"` + field + `","type":{"type":"record","name":"Address","fields":[{"name":"city","type":"` + typ + `"}]}}]}`
	}
	order := k.file("d/order.avsc", holds("Order", "to", "string"))
	customer := k.file("d/customer.avsc", "// the same\n"+holds("Customer", "home", "string"))
	folder, out := filepath.Dir(order), filepath.Join(k.dir, "out")
	for _, args := range [][]string{
		{"lint", folder}, {"lint", order, customer}, {"gen", "-single", "x", "-o", out, folder}, {"gen", "-single", "x", "-o", out + "2", order, customer},
		{"breaking", "-against", folder, folder},
	} {
		require.Empty(t, k.ok(args...), args)
	}
	require.Equal(t, content(t, out), content(t, out+"2"), "whichever way the files are given")

	k.file("d/customer.avsc", holds("Customer", "home", "bytes"))
	for _, args := range [][]string{
		{"lint", folder}, {"gen", "-single", "x", "-o", out, folder}, {"gen", "-single", "x", "-o", out, order, customer}, {"breaking", "-against", folder, folder},
	} {
		code, printed, errOut := k.run(args...)
		require.NotZero(t, code, args)
		for _, part := range []string{"order.avsc", "customer.avsc", "shop.Address", "city", "string", "bytes"} {
			require.Contains(t, printed+errOut, part, args)
		}
	}
	code, _, _ := k.run("lint", folder)
	require.Equal(t, exitFindings, code)
}

// Comments are read wherever a file is, and go nowhere.
func TestComments(t *testing.T) {
	k, _ := withRegistry(t)
	const text = "/* Licensed to nobody. */\n{\"type\":\"record\",\"name\":\"m.Metric\",\"fields\":[ // a comment\n  {\"name\":\"v\",\"type\":\"double\",\"doc\":\"// none\"}]}\n"
	const plain = "{\"type\":\"record\",\"name\":\"m.Metric\",\"fields\":[\n  {\"name\":\"v\",\"type\":\"double\",\"doc\":\"// none\"}]}\n"
	file := k.file("d/metric.avsc", text)
	folder, out := filepath.Dir(file), filepath.Join(k.dir, "out")
	require.Empty(t, k.ok("lint", file, folder))
	require.Empty(t, k.ok("breaking", "-against", folder, folder))
	require.Empty(t, k.ok("gen", "-o", out, file))
	require.Contains(t, content(t, out)["m/metric_avro.go"], "`"+plain+"`")
	require.NotContains(t, content(t, out)["m/metric_avro.go"], "Licensed")
	k.firstCheck("schema", "check", "metrics", file)
	require.Equal(t, "metrics version 1, id 1\n", k.ok("schema", "register", "metrics", file))
	require.NotContains(t, k.ok("schema", "get", "metrics"), "comment")
	require.Equal(t, "metrics version 1, id 1\n", k.ok("schema", "register", "metrics", k.file("plain.avsc", "\ufeff"+plain)))
}

// What goes over the wire is without comments too: a registry may not know them.
func TestCommentsAreNotSent(t *testing.T) {
	var sent []string
	m := memory.New()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && r.Method == http.MethodPost {
			sent = append(sent, string(body))
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		memory.Handler(m).ServeHTTP(w, r)
	}))
	defer s.Close()
	k := newKavro(t)
	k.env["KAVRO_REGISTRY"] = s.URL
	file := k.file("m.avsc", "\ufeff// top\n"+strings.Replace(money, "[", "[ /* inner */ ", 1))
	k.firstCheck("schema", "check", "m", file)
	k.ok("schema", "register", "m", file)
	require.Len(t, sent, 2)
	for _, body := range sent {
		require.NotContains(t, body, "top")
		require.NotContains(t, body, "inner")
		require.NotContains(t, body, "\ufeff")
	}
}

func TestBreaking(t *testing.T) {
	k := newKavro(t)
	for name, text := range map[string]string{"old/m.avsc": money, "old/o.avsc": orderV1, "new/m.avsc": money, "new/moved/o.avsc": orderV2, "less/m.avsc": money} {
		k.file(name, text)
	}
	old, next, less := filepath.Join(k.dir, "old"), filepath.Join(k.dir, "new"), filepath.Join(k.dir, "less")
	require.Empty(t, k.ok("breaking", "-against", old, old))
	require.Empty(t, k.ok("breaking", "--against", old, "--level", "FORWARD", next))
	code, out, _ := k.run("breaking", "--against", old, next)
	require.Equal(t, exitFindings, code)
	require.Contains(t, out, "moved/o.avsc: version 1: field note")
	code, out, _ = k.run("breaking", "--against", old, less)
	require.Equal(t, exitFindings, code)
	require.Equal(t, "o.avsc: is gone\n", out)
	code, _, _ = k.run("breaking", old)
	require.Equal(t, exitFailed, code)
}

// Semantic changes are printed, and are no findings.
func TestSemanticChanges(t *testing.T) {
	k, _ := withRegistry(t)
	shop := func(decimal, time string) string {
		return `{"type":"record","name":"shop.Order","fields":[{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
			{"name":"price","type":["null",{"type":"bytes","logicalType":"decimal","precision":10` + decimal + `}]},
			{"name":"times","type":{"type":"map","values":{"type":"long"` + time + `}}}]}}}]}`
	}
	old, next := k.file("old/o.avsc", shop(`,"scale":2`, `,"logicalType":"timestamp-millis"`)), k.file("new/o.avsc", shop(`,"scale":4`, ``))
	want := []string{
		"warning: version 1: lines[].price: written as decimal(10, 2), read as decimal(10, 4): the same bytes are another number (SCALE_CHANGED)\n",
		"warning: version 1: lines[].times{}: written as timestamp-millis, read as long: the same data is another value (LOGICAL_TYPE_CHANGED)\n",
	}
	require.Equal(t, "o.avsc: "+want[0]+"o.avsc: "+want[1], k.ok("breaking", "-against", filepath.Dir(old), filepath.Dir(next)))
	k.firstCheck("schema", "check", "orders", old)
	k.ok("schema", "register", "orders", old)
	require.Empty(t, k.ok("schema", "check", "orders", old))
	require.Equal(t, want[0]+want[1], k.ok("schema", "check", "orders", next))

	// Beside what is incompatible, which is a finding.
	k.file("new/o.avsc", strings.Replace(shop(`,"scale":4`, ``), `"fields":[{`, `"fields":[{"name":"note","type":"string"},{`, 1))
	code, out, _ := k.run("breaking", "-against", filepath.Dir(old), filepath.Dir(next))
	require.Equal(t, exitFindings, code)
	require.Equal(t, "o.avsc: version 1: field note is not in the writer's schema and needs a default (READER_FIELD_MISSING_DEFAULT_VALUE at /fields/0)\no.avsc: "+want[0]+"o.avsc: "+want[1], out)

	// By an alias of the whole.
	k.file("new/o.avsc", strings.Replace(shop(`,"scale":4`, ``), `"shop.Order"`, `"shop.Purchase","aliases":["Order"]`, 1))
	require.Equal(t, "o.avsc: "+want[0]+"o.avsc: "+want[1], k.ok("breaking", "-against", filepath.Dir(old), filepath.Dir(next)))
}

// A reason is printed once, with the path, whoever found it.
func TestReasons(t *testing.T) {
	k, _ := withRegistry(t)
	line := func(typ string) string {
		return `{"type":"record","name":"Order","fields":[{"name":"lines","type":{"type":"array","items":["null",{"type":"record","name":"Line","fields":[{"name":"price","type":"` + typ + `"}]}]}}]}`
	}
	k.ok("schema", "register", "orders", k.file("v1.avsc", line("string")))
	v2 := k.file("v2.avsc", line("int"))
	want := "version 1: lines[]: no branch of the reader's union can take record Line (lines[].price: string cannot be read as int) (MISSING_UNION_BRANCH at /fields/0/type/items/1)\n"
	for _, verb := range []string{"check", "register"} {
		code, out, errOut := k.run("schema", verb, "orders", v2)
		require.Equal(t, exitFindings, code, verb)
		require.Equal(t, want, out, verb)
		require.Empty(t, errOut, verb)
	}
	// Both ways, and against every version.
	k.ok("config", "set", "FULL_TRANSITIVE", "orders")
	code, out, _ := k.run("schema", "check", "orders", v2)
	require.Equal(t, exitFindings, code)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2)
	require.NotEqual(t, lines[0], lines[1])

	// A registry whose versions cannot be read has its own words, once.
	printed := func(reasons ...schemas.Reason) string {
		var out bytes.Buffer
		printReasons(&environment{out: &out}, "", &schemas.IncompatibleError{Reasons: reasons})
		return out.String()
	}
	r := schemas.Reason{Kind: schemas.TypeMismatch, Path: "/fields/0/type", Message: "reader type: INT not compatible with writer type: STRING", Version: 3}
	require.Equal(t, "version 3: TYPE_MISMATCH at /fields/0/type: reader type: INT not compatible with writer type: STRING\n", printed(r, r))
}

// gen takes from files what it takes from a registry.
func TestGenIsLenient(t *testing.T) {
	k := newKavro(t)
	var registered string // as some registry has it
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, err := json.Marshal(registered)
		if err == nil {
			fmt.Fprintf(w, `{"subject":"s","version":1,"id":1,"schema":%s}`, text)
		}
	}))
	defer s.Close()
	for name, test := range map[string]struct{ text, warning string }{
		"names": {`{"type":"record","name":"order-items","namespace":"my-server.inventory","fields":[{"name":"order-id","type":"int"},{"name":"2nd","type":"string"},
			{"name":"e","type":{"type":"enum","name":"e-n","symbols":["a-b","a b","1"]}}]}`, ""},
		"an order that does not exist": {`{"type":"record","name":"R","fields":[{"name":"a","type":"int","order":"up"}]}`, `the order of a field is "ascending"`},
		"a type in an object":          {`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":{"type":"int"}}}]}`, `write what is inside it`},
		"a size in quotes":             {`{"type":"fixed","name":"F","size":"4"}`, `the size of a fixed is a number`},
		"a definition again":           {`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"F","size":1}},{"name":"b","type":{"type":"fixed","name":"F","size":1}}]}`, `F is defined already`},
	} {
		subject := strings.ReplaceAll(name, " ", "-")
		registered = test.text
		out := filepath.Join(k.dir, subject)
		file := k.file("d-"+subject+"/x.avsc", test.text)
		for i, arg := range []string{file, filepath.Dir(file)} {
			code, printed, errOut := k.run("gen", "-single", "x", "-o", fmt.Sprint(out, i), arg)
			require.Zero(t, code, "%s: %s", name, errOut)
			require.Empty(t, printed, name)
			if test.warning == "" {
				require.Empty(t, errOut, name)
			} else {
				require.Contains(t, errOut, "kavro: warning: "+file+": schema: line 1, column", name)
				require.Contains(t, errOut, test.warning, name)
			}
		}
		require.Equal(t, content(t, out+"0"), content(t, out+"1"))
		require.Empty(t, k.ok("gen", "-single", "x", "-o", out+"2", "-r", s.URL, "s@1"))
		require.NotEmpty(t, content(t, out+"0"))
		for path, text := range content(t, out+"2") {
			require.Equal(t, strings.Replace(text, "// Source: s@1\n", "// Source: x.avsc\n", 1), content(t, out+"0")[path], name)
		}
		code, _, _ := k.run("lint", file)
		require.Equal(t, exitFindings, code, "%s: lint is as strict as ever", name)
	}
	code, _, errOut := k.run("gen", "-o", k.dir, k.file("bad.avsc", `{"type":"record","name":"a-b","fields":[{"name":"x","type":"strng"}]}`))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, `unknown type "strng"`, "what is really wrong, not the name")
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

	require.Empty(t, k.ok(args...))
	text, err := os.ReadFile(filepath.Join(out, "shop", "order_avro.go"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "// Code generated by kavro gen. DO NOT EDIT.\n"))
	require.Contains(t, string(text), `"example.com/events/types/shared"`)

	require.Empty(t, k.ok(append(args, "-check")...))
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
	k.ok("gen", "-o", k.dir, "-zero-defaults", file)
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
	require.Empty(t, k.ok(args...))
	k.file("types/shop/own.go", "package shop\n")
	k.file("types/other/generate.go", "package other\n")
	k.file("types/other/x_avro.go", "// Code generated by kavro gen. DO NOT EDIT.\n")
	require.Empty(t, k.ok(append(args, "-check")...))

	require.NoError(t, os.Remove(lone))
	require.NoError(t, os.Remove(money))
	k.file("avro/o.avsc", `{"type": "record", "name": "shop.Order", "fields": [{"name": "total", "type": "long"}]}`)
	stale := filepath.Join(out, "common", "money_avro.go") + ": stale: no schema gives it any more\n" +
		filepath.Join(out, "shop", "lone_avro.go") + ": stale: no schema gives it any more\n"
	require.Equal(t, stale, k.ok(args...))
	code, printed, _ := k.run(append(args, "-check")...)
	require.Equal(t, exitFindings, code)
	require.Equal(t, stale, printed)
	require.FileExists(t, filepath.Join(out, "common", "money_avro.go"))
}

// A subject gives the same types as the files it was registered from.
func TestGenFromRegistry(t *testing.T) {
	k, _ := withRegistry(t)
	k.ok("schema", "register", "money", k.file("money.avsc", money))
	k.ok("schema", "register", "orders-value", k.file("order.avsc", orderV1), "-ref", "common.Money=money@1")
	out := filepath.Join(k.dir, "out")
	require.Empty(t, k.ok("gen", "-o", out, "-import", "example.com/e", "orders-value@1"))
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
	s, err := server.New(memory.New(), server.WithUsers(users))
	require.NoError(t, err)
	web := httptest.NewServer(s.Handler())
	defer web.Close()
	k := newKavro(t)
	k.env["KAVRO_REGISTRY"] = web.URL
	k.env["KAVRO_REGISTRY_USER"] = "ada:opensesame"
	require.Equal(t, "BACKWARD\n", k.ok("config", "get"))
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
	require.Equal(t, "m version 1, id 1\n", k.ok("schema", "register", "m", k.file("m.avsc", money)))
	k.env["KAVRO_REGISTRY_USER"] = "bob:letmein"
	require.Equal(t, "FULL\n", k.ok("config", "get"))
	code, _, _ := k.run("schema", "register", "n", k.file("m.avsc", money))
	require.Equal(t, exitFailed, code, "bob may only read")
	stop()
	stop = serve()
	require.Equal(t, money+"\n", k.ok("schema", "get", "m"))
	stop()

	// Killed while it wrote: it starts, and says what it dropped.
	log := filepath.Join(data, "registry.log")
	whole, err := os.ReadFile(log)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(log, append(whole, "half a rec"...), 0o600))
	stop = serve()
	require.Equal(t, money+"\n", k.ok("schema", "get", "m"))
	stop()
	require.Contains(t, said.String(), `end of the log dropped" bytes=10 reason="no complete record at offset`)

	code, _, errOut := k.run("registry", "--users", filepath.Join(k.dir, "nobody"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "nobody")
	code, _, errOut = k.run("registry", "--tls-cert", "only")
	require.Equal(t, exitFailed, code)
	require.NotEmpty(t, errOut)
}

// A check of a subject without versions says that nothing was compared.
func TestCheckWithoutVersions(t *testing.T) {
	k, _ := withRegistry(t)
	file := k.file("money.avsc", money)
	code, out, errOut := k.run("schema", "check", "no-such-subject", file)
	require.Zero(t, code)
	require.Empty(t, out)
	require.Equal(t, "kavro: subject no-such-subject does not exist: there are no versions to compare with\n", errOut)
	k.ok("schema", "register", "money", file)
	k.ok("schema", "check", "money", file)
	k.ok("schema", "delete", "money")
	_, _, errOut = k.run("schema", "check", "money", file)
	require.Contains(t, errOut, "no versions to compare with", "deleted ones are not compared with")
}
