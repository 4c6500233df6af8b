package registry

import (
	"fmt"
	"reflect"
	"slices"
)

// given is what was said by options, to find what cannot count: the second of two
// options of which only one can, and an option with nothing in it.
type given struct {
	names  []string
	faults []error
	quiet  bool // a configuration is being read: an option of the program wins over it
}

// once remembers that an option was given of which only one can count.
func (g *given) once(name string) {
	if g.quiet {
		return
	}
	if slices.Contains(g.names, name) {
		g.fault("%s is given twice: only one can count", name)
		return
	}
	g.names = append(g.names, name)
}

// some is once for an option that needs a value; it reports whether there is one.
func (g *given) some(name string, value any) bool {
	g.once(name)
	return g.something(name, value)
}

// something reports a value that is none.
func (g *given) something(name string, value any) bool {
	if isNothing(value) {
		g.fault("%s: nothing is given: leave the option out instead", name)
		return false
	}
	return true
}

func (g *given) fault(format string, args ...any) {
	g.faults = append(g.faults, fmt.Errorf("registry: "+format, args...))
}

// isNothing reports whether v is nil, holds a nil, or is an empty text.
func isNothing(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice:
		return r.IsNil()
	case reflect.String:
		return r.Len() == 0
	}
	return false
}

// configured is an option that a configuration amounts to.
type configured struct{ option Option }

func (o configured) apply(s *settings) {
	g := &s.given
	before := g.quiet
	g.quiet = true
	o.option.apply(s)
	g.quiet = before
}
