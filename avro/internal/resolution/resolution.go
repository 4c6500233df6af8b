// Package resolution compiles the way from one schema to another, the writer's to the reader's,
// into a program that runs over bytes: "Schema Resolution", Avro specification.
//
//	matchSchemas   compares the schemas: which part of the one becomes which part of the other
//	analyze        finds out which matches change bytes, fail, or contain themselves
//	compileMatch   turns the matches into a [Program], a list of instructions
//	Run            interprets the instructions: one pass over the writer's bytes
//
// Package avro has it as Resolution, and gives it what is known of values there: see [Config].
package resolution

import (
	"errors"
	"slices"

	"github.com/kavro/kavro/schemas"
)

// A Config holds what compiling takes besides the schemas. All functions are set.
type Config struct {
	Exact bool // a writer's rules: nothing may be lost

	// Failed makes the error of schemas that do not match: path is the part of the writer's
	// value that cannot be read, "" for all of it, and err says why.
	Failed func(path string, err error) error

	// AppendDefault appends a field's default in Avro's binary encoding.
	AppendDefault func(dst []byte, f *schemas.Field) ([]byte, error)
	// SameValue returns the test that two data of a type, whose bytes differ, are the same value.
	SameValue func(n *schemas.Node) func(a, b []byte) bool
	// CheckBigDecimal returns the check that a datum is one of a big-decimal.
	CheckBigDecimal func(n *schemas.Node) func(datum []byte) error
}

// inexact is c by a reader's rules.
func (c *Config) inexact() *Config {
	out := *c
	out.Exact = false
	return &out
}

// Compile compiles the way from writer to reader. It fails only if no value at all can be read:
// other parts that do not match are errors of the data that have them. The error is made by
// c.Failed. Do not change c afterwards.
func Compile(writer, reader *schemas.Schema, c *Config) (*Program, error) {
	root, types, err := matchSchemas(writer, reader, c)
	if err != nil {
		return nil, c.Failed("", err)
	}
	if root.never {
		path, reason := root.firstReason(c.Exact)
		return nil, c.Failed(path, errors.New(reason))
	}
	p := compileMatch(root, types, c)
	p.identical = !root.changes && !root.fails
	return p, nil
}

// Identical reports whether every value has the same bytes in both schemas.
func (p *Program) Identical() bool { return p.identical }

// firstReason is the path to the first part of x that keeps it from being read,
// and why it does.
func (x *match) firstReason(exact bool) (path, reason string) {
	for seen := map[*match]bool{}; x != nil && !seen[x]; {
		seen[x] = true
		writer := x.writer
		switch x.kind {
		case matchNone:
			return path, x.explain(exact)
		case matchEnum:
			if exact {
				return path, "the target has none of its symbols"
			}
			return path, "the reader knows none of its symbols"
		case matchReaderUnion:
			x = x.item
		case matchWriterUnion:
			if len(x.branches) == 0 {
				return path, endless(writer)
			}
			x = x.branches[0].match
		case matchRecord:
			i := slices.IndexFunc(x.fields, func(f fieldMatch) bool { return f.match != nil && f.match.never })
			if i < 0 { // a field that nobody wants
				return path, endless(writer)
			}
			path = appendPath(path, writer.Fields()[x.fields[i].from].Name())
			x = x.fields[i].match
		}
	}
	return path, endless(x.writer)
}
