package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/house"
)

// declaration is a function with its file: "serde/once.go: (*onceMap).compute".
var declaration = regexp.MustCompile("`([a-z/_]+\\.go): (?:\\(\\*?(\\w+)\\)\\.)?(\\w+)`")

// Every function that ARCHITECTURE.md names is declared in the file that it names, and the
// ways are as short as they are meant to be.
func TestArchitecture(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	require.NoError(t, err)
	places := declaration.FindAllStringSubmatch(string(text), -1)
	require.Len(t, places, strings.Count(string(text), ".go: "), "a place that is written in another way")
	for _, p := range places {
		require.True(t, declares(t, filepath.Join("../..", p[1]), p[2], p[3]), p[0])
	}
	for title, most := range map[string]int{"### A record out\n": 12, "### A schema registered\n": 15} {
		_, way, found := strings.Cut(string(text), title)
		require.True(t, found, title)
		way, _, _ = strings.Cut(way, "\n#")
		steps := regexp.MustCompile(`(?m)^\d+\. `).FindAllString(way, -1)
		require.NotEmpty(t, steps, title)
		require.LessOrEqual(t, len(steps), most, title)
	}
}

// declares reports whether a file declares a function, or with typ a method.
func declares(t *testing.T, file, typ, name string) bool {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	return slices.ContainsFunc(parsed.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Name.Name == name && receiver(f) == typ
	})
}

// receiver is the name of the receiver's type, "" for a function.
func receiver(f *ast.FuncDecl) (name string) {
	if f.Recv == nil {
		return ""
	}
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" { // type parameters come after it
			name = id.Name
		}
		return name == ""
	})
	return name
}

// README.md and ARCHITECTURE.md have a row for every package that a user may import.
func TestTablesOfPackages(t *testing.T) {
	require.NoError(t, house.Watch("../.."))
	packages, err := house.Packages("../..", "./...", "./cmd/kavro", "./otelkavro", "./promkavro")
	require.NoError(t, err)
	var want []string
	for _, p := range packages {
		parts := strings.Split(p.Name, "/")
		if !slices.Contains(parts, "internal") && !slices.Contains(parts, "examples") {
			want = append(want, p.Name)
		}
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		require.NoError(t, err)
		_, table, found := strings.Cut(string(text), "| package | content |\n|---|---|\n")
		require.True(t, found, name)
		table, _, _ = strings.Cut(table, "\n\n")
		var have []string
		for row := range strings.Lines(table) {
			first, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " | ")
			for _, pkg := range strings.Split(first, ", ") {
				have = append(have, strings.Trim(pkg, "`"))
			}
		}
		require.ElementsMatch(t, want, have, name)
	}
}

// The lines of documents have at most 110 columns, but for code, pictures and rows of tables.
func TestWidthOfDocuments(t *testing.T) {
	var names []string
	for _, pattern := range []string{"*.md", "docs/*.md", "*/README.md", "*/*/README.md"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		require.NoError(t, err)
		names = append(names, found...)
	}
	require.NotEmpty(t, names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		code, n := false, 0
		for line := range strings.Lines(string(text)) {
			n++
			content := strings.TrimSpace(line)
			if strings.HasPrefix(content, "```") {
				code = !code
			}
			if !code && !strings.HasPrefix(content, "|") && !strings.HasPrefix(content, "![") {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 110, "%s:%d", name, n)
			}
		}
	}
}
