package gen

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kavro/kavro/schemas"
)

// pkg is a package to write.
type pkg struct {
	dir        string // "" is the output folder
	name       string
	namespaces map[string]bool
	scope      scope
	fileNames  map[string]bool
	uses       map[*pkg]bool
}

// A CycleError is a cycle of namespaces that use each other's types, which Go packages cannot
// import. [WithPackage] puts some of them into one package, [WithSinglePackage] all of them.
type CycleError struct {
	Namespaces []string // the first one again at the end
}

func (e *CycleError) Error() string {
	names := slices.Clone(e.Namespaces)
	for i, n := range names {
		if n == "" {
			names[i] = "(none)"
		}
	}
	return "namespaces use each other's types in a circle: " + strings.Join(names, " -> ") + "; put them into one package"
}

// pkgOf is the package of a namespace.
func (g *generator) pkgOf(namespace string) *pkg {
	dir := ""
	if !g.single {
		parts := strings.FieldsFunc(namespace, func(r rune) bool { return r == '.' })
		for i, part := range parts {
			parts[i] = packageName(part)
		}
		dir = strings.Join(parts, "/")
		if to, ok := g.paths[namespace]; ok {
			dir = strings.TrimPrefix(path.Clean("/"+to), "/")
		}
	}
	p := g.packages[dir]
	if p == nil {
		p = &pkg{dir: dir, name: g.root, namespaces: map[string]bool{}, scope: newScope(), fileNames: map[string]bool{}, uses: map[*pkg]bool{}}
		if dir != "" {
			p.name = packageName(path.Base(dir))
		}
		g.packages[dir] = p
	}
	p.namespaces[namespace] = true
	return p
}

func (p *pkg) importPath(prefix string) string {
	return strings.TrimPrefix(prefix+"/"+p.dir, "/")
}

// namespace names the package in errors.
func (p *pkg) namespace() string { return slices.Sorted(maps.Keys(p.namespaces))[0] }

// checkPackages finds out which packages use which, and refuses circles.
func (g *generator) checkPackages([]*input) error {
	for _, t := range g.order {
		g.addUses(t.pkg, t.node, true)
	}
	for _, w := range g.wrappers {
		g.addUses(w.pkg, w.input.schema.Root(), true)
	}
	dirs := slices.Sorted(maps.Keys(g.packages))
	for _, dir := range dirs {
		p := g.packages[dir]
		if cycle := findCycle(p); cycle != nil {
			return &CycleError{cycle}
		}
		if len(p.uses) > 0 && g.prefix == "" {
			return fmt.Errorf("types of namespace %q use other packages: the import path of the output is needed (WithImportPath)", p.namespace())
		}
	}
	return nil
}

func (g *generator) addUses(p *pkg, n *schemas.Node, top bool) {
	if t := g.named[n.FullName()]; t != nil && !top {
		if t.pkg != p && !plainLogical(n) {
			p.uses[t.pkg] = true
		}
		return
	}
	for _, f := range n.Fields() {
		g.addUses(p, f.Type(), false)
	}
	for _, b := range n.Branches() {
		g.addUses(p, b, false)
	}
	if n.Items() != nil {
		g.addUses(p, n.Items(), false)
	}
}

// findCycle is the way from p back to p, nil if there is none.
func findCycle(p *pkg) []string {
	seen := map[*pkg]bool{}
	var search func(at *pkg) []string
	search = func(at *pkg) []string {
		next := slices.SortedFunc(maps.Keys(at.uses), func(a, b *pkg) int { return strings.Compare(a.dir, b.dir) })
		for _, q := range next {
			if q == p {
				return []string{at.namespace(), p.namespace()}
			}
			if seen[q] {
				continue
			}
			seen[q] = true
			if rest := search(q); rest != nil {
				return append([]string{at.namespace()}, rest...)
			}
		}
		return nil
	}
	return search(p)
}
