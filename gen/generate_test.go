package gen_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kavro/kavro/gen"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

func input(t *testing.T, name, text string, refs ...*schemas.Schema) gen.Input {
	s, err := schemas.Parse(text, schemas.WithReferences(refs...))
	require.NoError(t, err)
	return gen.Input{Name: name, Schema: s}
}

func shopInputs(t *testing.T) []gen.Input {
	dir, err := schemas.LoadDir(os.DirFS("internal/shop/avro"))
	require.NoError(t, err)
	var in []gen.Input
	for _, f := range dir.Files() {
		in = append(in, gen.Input{Name: f.Path, Schema: f.Schema})
	}
	return in
}

func shopOptions() []gen.Option {
	return []gen.Option{
		gen.WithRootPackage("shop"),
		gen.WithPackage("shop", "."),
		gen.WithImportPath("github.com/kavro/kavro/gen/internal/shop"),
	}
}

// What is in the repository is what comes out: go generate ./gen/... updates it.
func TestGolden(t *testing.T) {
	files, err := gen.Generate(shopInputs(t), shopOptions()...)
	require.NoError(t, err)
	var paths []string
	for _, f := range files {
		want, err := os.ReadFile(filepath.Join("internal/shop", f.Path))
		require.NoError(t, err)
		require.Equal(t, string(want), string(f.Content), f.Path)
		paths = append(paths, f.Path)
	}
	require.Equal(t, []string{"amounts_avro.go", "common/money_avro.go", "purchase_avro.go"}, paths)

	text, err := os.ReadFile("internal/order/order.avsc")
	require.NoError(t, err)
	files, err = gen.Generate([]gen.Input{input(t, "order.avsc", string(text))}, gen.WithSinglePackage("order"))
	require.NoError(t, err)
	want, err := os.ReadFile("internal/order/order_avro.go")
	require.NoError(t, err)
	require.Equal(t, string(want), string(files[0].Content))
}

func TestOrderOfInputsDoesNotMatter(t *testing.T) {
	in := shopInputs(t)
	want, err := gen.Generate(in, shopOptions()...)
	require.NoError(t, err)
	for range len(in) {
		in = append(in[1:], in[0])
		have, err := gen.Generate(in, shopOptions()...)
		require.NoError(t, err)
		require.Equal(t, want, have)
	}
	slices.Reverse(in)
	have, err := gen.Generate(append(in, in...), shopOptions()...)
	require.NoError(t, err, "each twice")
	require.Equal(t, want, have)
}

// References bring their types along: a subject's schema is enough.
func TestReferencesAreFollowed(t *testing.T) {
	all := shopInputs(t)
	want, err := gen.Generate(all, shopOptions()...)
	require.NoError(t, err)
	only := slices.DeleteFunc(slices.Clone(all), func(in gen.Input) bool { return in.Name != "purchase.avsc" })
	have, err := gen.Generate(only, shopOptions()...)
	require.NoError(t, err)
	require.Len(t, have, 2)
	require.Equal(t, want[2].Content, have[1].Content)
	require.Equal(t, "common/money_avro.go", have[0].Path)
}

func TestCycle(t *testing.T) {
	in := []gen.Input{input(t, "a.avsc", `{"type": "record", "name": "a.A", "fields": [{"name": "b", "type":
		{"type": "record", "name": "b.B", "fields": [{"name": "c", "type": {"type": "array", "items":
			{"type": "record", "name": "c.C", "fields": [{"name": "a", "type": ["null", "a.A"]}]}}}]}}]}`)}
	_, err := gen.Generate(in, gen.WithImportPath("x.org/y"))
	var cycle *gen.CycleError
	require.ErrorAs(t, err, &cycle)
	require.Equal(t, []string{"a", "b", "c", "a"}, cycle.Namespaces)
	require.EqualError(t, err, "gen: namespaces use each other's types in a circle: a -> b -> c -> a; put them into one package")

	files, err := gen.Generate(in, gen.WithSinglePackage("all"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	files, err = gen.Generate(in, gen.WithPackage("a", "one"), gen.WithPackage("b", "one"), gen.WithPackage("c", "one"))
	require.NoError(t, err)
	require.Equal(t, "one/a_avro.go", files[0].Path)
	require.Contains(t, string(files[0].Content), "\npackage one\n")
}

func TestErrors(t *testing.T) {
	record := `{"type": "record", "name": "n.R", "fields": [{"name": "f", "type": "TYPE"}]}`
	of := func(typ string) string { return strings.Replace(record, "TYPE", typ, 1) }
	twoPackages := `{"type": "record", "name": "a.A", "fields": [{"name": "b", "type": {"type": "enum", "name": "b.B", "symbols": ["X"]}}]}`
	for name, c := range map[string]struct {
		in   []gen.Input
		opts []gen.Option
		err  string
	}{
		"nothing":         {nil, nil, "gen: no schemas"},
		"nil schema":      {[]gen.Input{{Name: "x"}}, nil, "gen: input 0 (x): the schema is nil"},
		"package name":    {[]gen.Input{input(t, "", `"int"`)}, []gen.Option{gen.WithSinglePackage("func")}, `gen: "func" is no package name`},
		"two definitions": {[]gen.Input{input(t, "1", of("int")), input(t, "2", of("long"))}, nil, "gen: n.R is defined differently in 1 and 2: field f: int, and long"},
		"no import path":  {[]gen.Input{input(t, "", twoPackages)}, nil, `gen: types of namespace "a" use other packages: the import path of the output is needed (WithImportPath)`},
	} {
		_, err := gen.Generate(c.in, c.opts...)
		require.EqualError(t, err, c.err, name)
	}
}

// Definitions that differ in words only are the same type.
func TestSameTypeTwice(t *testing.T) {
	files, err := gen.Generate([]gen.Input{
		input(t, "1", `{"type": "record", "name": "A", "fields": [{"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["X"]}}]}`),
		input(t, "2", `{"type": "record", "name": "B", "fields": [{"name": "e", "type": {"type": "enum", "name": "E", "doc": "other", "symbols": ["X"]}}]}`),
	})
	require.NoError(t, err)
	require.Len(t, files, 2)
	require.Contains(t, string(files[0].Content), "type E int32")
	require.NotContains(t, string(files[1].Content), "type E int32")
	require.Contains(t, string(files[0].Content), "\npackage events\n")
}

// Names that are Go's own, that clash, or that no identifier can have. All of it
// compiles: see TestNamesCompile.
func namesInput(t *testing.T) []gen.Input {
	return []gen.Input{
		input(t, "range.avsc", `{"type": "record", "name": "type.func.range", "fields": [
			{"name": "string", "type": {"type": "enum", "name": "string.error", "symbols": ["nil", "Nil", "NIL", "x1"]}},
			{"name": "_", "type": {"type": "fixed", "name": "main.Err", "size": 2}},
			{"name": "__1", "type": ["int", "string.error", "main.Err"]},
			{"name": "avro", "type": {"type": "record", "name": "org.avro.schema", "fields": [{"name": "v", "type": {"type": "record", "name": "v.V", "fields": [{"name": "dst", "type": "int"}]}}]}},
			{"name": "schemas", "type": {"type": "fixed", "name": "org.schemas.json", "size": 0}},
			{"name": "decode_avro", "type": ["string", "v.V"]},
			{"name": "marshalJSON", "type": {"type": "record", "name": "internal.X", "fields": []}},
			{"name": "plain", "type": {"type": "enum", "name": "plain.P", "symbols": ["P"]}}]}`),
		input(t, "linux.avsc", `{"type": "record", "name": "type.func.a_linux", "fields": [{"name": "R", "type": ["null", "int", "string"]}]}`),
		input(t, "test.avsc", `{"type": "record", "name": "type.func.A_test", "doc": "//go:build never\n*/ \u0000 \r\n+build x", "fields": [{"name": "a_test", "type": "int"}, {"name": "ATest", "type": "int"}, {"name": "A_test2", "type": "int"}, {"name": "ATest2", "type": "int"}]}`),
		input(t, "new.avsc", `{"type": "record", "name": "type.func.newA_test", "fields": []}`),
		input(t, "new2.avsc", `{"type": "record", "name": "type.func.NewRange", "fields": []}`),
		input(t, "back`quote", "{\"type\": \"map\", \"values\": [\"null\", {\"type\": \"record\", \"name\": \"type.func.q\", \"doc\": \"a ` quote\", \"fields\": []}]}"),
	}
}

func TestNamesCompile(t *testing.T) {
	o := newOverlaid(t)
	const dir = overlayDir + "/names"
	files, err := gen.Generate(namesInput(t), gen.WithImportPath("github.com/kavro/kavro/"+dir))
	require.NoError(t, err)
	var paths []string
	for _, f := range files {
		o.file(dir+"/"+f.Path, f.Content)
		paths = append(paths, f.Path)
	}
	require.Equal(t, []string{
		"back_quote_avro.go", "nsinternal/range_avro.go", "nsmain/range_avro.go", "nsstring/range_avro.go", "nstype/nsfunc/a_linux_avro.go",
		"nstype/nsfunc/a_test_avro.go", "nstype/nsfunc/back_quote_avro.go", "nstype/nsfunc/new_a_test_avro.go", "nstype/nsfunc/new_range_avro.go",
		"nstype/nsfunc/range_avro.go", "org/avro/range_avro.go", "org/schemas/range_avro.go", "plain/range_avro.go", "v/range_avro.go",
	}, paths)
	out, err := o.run("build", "./"+dir+"/...")
	require.NoError(t, err, out)
}

// Records that use others many times over are looked at once each.
func TestManyWays(t *testing.T) {
	text := `{"type": "record", "name": "R0", "fields": []}`
	for i := 1; i < 60; i++ {
		text = fmt.Sprintf(`{"type": "record", "name": "R%d", "fields": [{"name": "a", "type": {"type": "array", "items": %s}}, {"name": "b", "type": "R%d"}, {"name": "c", "type": "R%d"}]}`, i, text, i-1, i-1)
	}
	files, err := gen.Generate([]gen.Input{input(t, "", text)})
	require.NoError(t, err)
	require.Contains(t, string(files[0].Content), "type R59 struct")
}

// Nothing in a schema gets out of its comment or its quotes.
func TestNoInjection(t *testing.T) {
	evil := `\n}\nfunc init() { panic(1) }\n//`
	s, err := schemas.Parse(`{"type": "record", "name": "R", "doc": "`+evil+`", "fields": [
		{"name": "a", "doc": "`+evil+`", "type": ["null", "int", "string"]},
		{"name": "b`+evil+`", "type": {"type": "enum", "name": "E`+evil+`", "symbols": ["A`+evil+`"]}}]}`, schemas.Lenient())
	require.NoError(t, err)
	files, err := gen.Generate([]gen.Input{{Name: "x\nfunc init() {}", Schema: s}})
	require.NoError(t, err)
	for line := range strings.Lines(string(files[0].Content)) {
		require.False(t, strings.HasPrefix(line, "func init"), line)
	}
}

func TestNameOfTopWithoutAName(t *testing.T) {
	for name, want := range map[string]string{
		"a/b/amounts.avsc":     "Amounts",
		`a\amounts.avsc`:       "Amounts",
		"clicks.v2-value@3":    "ClicksV2Value",
		":.ctx:orders-value@1": "CtxOrdersValue",
		"1":                    "X1",
		"":                     "X",
	} {
		files, err := gen.Generate([]gen.Input{input(t, name, `"int"`)})
		require.NoError(t, err)
		require.Contains(t, string(files[0].Content), "type "+want+" struct", name)
	}
}

// Generated code asks no more of the language than Go 1.24 has.
func TestGeneratedCodeIsOfAnOlderGo(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-lang=go1.24", "./internal/...")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
