package main

import (
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/house"
)

// own are modules of their own.
var own = []string{"cmd/kavro", "otelkavro", "promkavro"}

// packages returns the packages that a user may import, and the arrows between them. An import
// that longer ways of imports imply is left out.
func packages(root string) (*graph, error) {
	patterns := []string{"./..."}
	for _, module := range own {
		patterns = append(patterns, "./"+module+"/...")
	}
	all, err := house.Packages(root, patterns...)
	if err != nil {
		return nil, err
	}
	imports := map[string][]string{}
	for _, p := range all {
		imports[p.Name] = p.Imports
	}
	g := &graph{}
	for _, p := range all {
		if !drawn(p.Name) {
			continue
		}
		g.nodes = append(g.nodes, p.Name)
		to := through(imports, p.Name)
		for _, name := range to {
			if !slices.ContainsFunc(to, func(other string) bool { return other != name && reaches(imports, other, name) }) {
				g.edges = append(g.edges, edge{p.Name, name})
			}
		}
	}
	return g, nil
}

func drawn(name string) bool {
	parts := strings.Split(name, "/")
	return !slices.Contains(parts, "examples") && !slices.Contains(parts, "internal")
}

// through returns the drawn packages that a package imports itself or by way of internal ones.
func through(imports map[string][]string, from string) []string {
	var out []string
	for _, to := range imports[from] {
		if drawn(to) {
			out = append(out, to)
		} else {
			out = append(out, through(imports, to)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func reaches(imports map[string][]string, from, to string) bool {
	return slices.ContainsFunc(imports[from], func(next string) bool { return next == to || reaches(imports, next, to) })
}
