package house_test

import (
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/house"
)

// unresolved is what go doc shows of a link to a name that the package does not have.
var unresolved = regexp.MustCompile(`\[\*?[A-Z]\w*(\.[A-Z]\w*)?\]`)

// Every link in the documentation of an exported name leads to a name that there is.
func TestDocLinks(t *testing.T) {
	require.NoError(t, house.Watch("../.."))
	packages, err := house.Packages("../..", "./...", "./cmd/kavro", "./otelkavro", "./promkavro")
	require.NoError(t, err)
	for _, p := range packages {
		folder := filepath.Join("../..", strings.TrimPrefix(p.Name, "kavro"))
		if p.Name != "kavro" {
			folder = filepath.Join("../..", p.Name)
		}
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		require.NoError(t, err)
		set := token.NewFileSet()
		var files []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
			require.NoError(t, err)
			files = append(files, file)
		}
		if len(files) == 0 {
			continue
		}
		pkg, err := doc.NewFromFiles(set, files, "github.com/kavro/kavro/"+p.Name)
		require.NoError(t, err)
		for where, text := range texts(pkg) {
			for _, block := range pkg.Parser().Parse(text).Content {
				checkBlock(t, p.Name+": "+where, block)
			}
		}
	}
}

// texts are the comments that go doc shows, by the name that they are about.
func texts(p *doc.Package) map[string]string {
	all := map[string]string{"package": p.Doc}
	add := func(prefix string, values []*doc.Value, funcs []*doc.Func) {
		for _, v := range values {
			all[prefix+strings.Join(v.Names, ",")] = v.Doc
		}
		for _, f := range funcs {
			all[prefix+f.Name] = f.Doc
		}
	}
	add("", p.Consts, p.Funcs)
	add("", p.Vars, nil)
	for _, typ := range p.Types {
		all[typ.Name] = typ.Doc
		add(typ.Name+".", typ.Consts, typ.Funcs)
		add(typ.Name+".", typ.Vars, typ.Methods)
	}
	return all
}

func checkBlock(t *testing.T, where string, block comment.Block) {
	t.Helper()
	check := func(texts []comment.Text) {
		for _, text := range texts {
			plain, _ := text.(comment.Plain)
			require.Empty(t, unresolved.FindString(string(plain)), "%s: no such name", where)
		}
	}
	switch block := block.(type) {
	case *comment.Paragraph:
		check(block.Text)
	case *comment.List:
		for _, item := range block.Items {
			for _, inner := range item.Content {
				checkBlock(t, where, inner)
			}
		}
	}
}
