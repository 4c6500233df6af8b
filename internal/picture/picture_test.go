package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/house"
)

// The pictures in docs are those that the command draws.
func TestCommitted(t *testing.T) {
	require.NoError(t, house.Watch("../.."))
	pictures, err := draw("../..")
	require.NoError(t, err)
	for name, svg := range pictures {
		committed, err := os.ReadFile(filepath.Join("../../docs", name))
		require.NoError(t, err)
		require.Equal(t, string(svg), string(committed), "run: go run ./internal/picture docs")
	}
}

// No two boxes overlap, and every arrow points down.
func TestLayout(t *testing.T) {
	g, err := packages("../..")
	require.NoError(t, err)
	l := newLayout(g)
	named := 0
	for _, row := range l.rows {
		for i, p := range row {
			if p.name != "" {
				named++
			}
			if i > 0 {
				require.GreaterOrEqual(t, p.x-p.width/2, row[i-1].x+row[i-1].width/2, "%s beside %s", p.name, row[i-1].name)
			}
		}
	}
	require.Len(t, g.nodes, named)
	require.Len(t, l.ways, len(g.edges))
	for _, way := range l.ways {
		for i, p := range way[1:] {
			require.Equal(t, way[i].row+1, p.row)
		}
	}
}

// Every step of a way is in the package that it names.
func TestSteps(t *testing.T) {
	for _, way := range ways {
		for _, s := range way.steps {
			require.True(t, declares(t, filepath.Join("../..", s.pkg), s.name), "%s has no %s", s.pkg, s.name)
		}
	}
}

// declares reports whether the package in dir has the method Type.Name, of a type or of an interface.
func declares(t *testing.T, dir, name string) bool {
	typ, method, _ := strings.Cut(name, ".")
	found := false
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				found = found || n.Name.Name == method && n.Recv != nil && receiver(n.Recv.List[0].Type) == typ
			case *ast.TypeSpec:
				if i, ok := n.Type.(*ast.InterfaceType); ok && n.Name.Name == typ {
					for _, f := range i.Methods.List {
						found = found || len(f.Names) == 1 && f.Names[0].Name == method
					}
				}
			}
			return true
		})
	}
	return found
}

// receiver is the name of a receiver's type, without its pointer and its parameters.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
