package resolution

import (
	"bytes"
	"fmt"

	"github.com/kavro/kavro/schemas"
)

// Aliases of the target give a value a new name. A reader with the program's own
// schema may not know that name, and takes its default, or knows it as that of
// something else. Both would change the value in silence. So an exact resolution
// asks how such a reader matches the data.

// keepFields gives the fields of a record their checks, and refuses the record where
// a reader with the writer's schema would always get another value.
func (m *matcher) keepFields(x *match) {
	back := m.back.matchRecord(x.reader, x.writer)
	if back.kind != matchRecord {
		return // that reader gets an error
	}
	to := make([]int, len(x.writer.Fields()))
	for i := range to {
		to[i] = -1
	}
	for i, f := range x.fields {
		if f.from >= 0 {
			to[f.from] = i
		}
	}
	for i, f := range x.writer.Fields() {
		got := back.fields[i]
		switch {
		case got.from == to[i]: // it is the same, or dropped, which has a check of its own
		case got.match != nil && got.match.kind == matchNone: // an error
		case got.from < 0:
			name := x.reader.Fields()[to[i]].Name()
			x.fields[to[i]].check = m.isDefault(f, func() error {
				return fmt.Errorf("the field is set (it is not its default), and a reader with the same schema would not get it back: it is %s in the schema to be written", name)
			})
		case to[i] < 0 && m.sameDefault(f, x.reader.Fields()[got.from], x.fields[got.from]):
		default:
			x.refuse(fmt.Sprintf("%s has no place of its own: a reader with the same schema would get %s of the schema to be written for it",
				f.Name(), x.reader.Fields()[got.from].Name()))
			return
		}
	}
}

// sameDefault reports whether a field of the target holds its default in all data,
// and that is the default of the writer's field f too.
func (c *Config) sameDefault(f, target *schemas.Field, filled fieldMatch) bool {
	def, err := c.AppendDefault(nil, f)
	return err == nil && filled.from < 0 && bytes.Equal(def, filled.value) &&
		f.Type().Schema().Canonical() == target.Type().Schema().Canonical()
}

// keepBranches refuses branches of a writer's union that a reader with the writer's
// schema would take for another one, as their names are others. Numbers are what
// they are.
func (m *matcher) keepBranches(x *match) {
	var back *match
	if x.reader.Type() == schemas.Union {
		back = m.back.matchWriterUnion(x.reader, x.writer)
	} else {
		back = m.back.matchReaderUnion(x.reader, x.writer)
	}
	own := x.writer.Branches()
	for i, b := range x.branches {
		got, target := branchMatch{to: back.branch, match: back}, x.reader
		if b.to >= 0 {
			got, target = back.branches[b.to], x.reader.Branches()[b.to]
		}
		if b.match.kind == matchNone || numeric(own[i].Type()) || own[i].Type() == target.Type() && own[i].FullName() == target.FullName() {
			continue
		}
		if got.match.kind != matchNone && got.to != i {
			x.branches[i].match = refuse(own[i], target, "a reader with the same schema would take it for another branch of the union, "+own[got.to].BranchName())
		}
	}
}
