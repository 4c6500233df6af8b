package gen

import (
	"strings"
)

// unionsOf writes the interfaces that t needs, t itself or what it contains.
func (f *file) unionsOf(t *typ) {
	switch {
	case t.item != nil:
		f.unionsOf(t.item)
	case t.kind == unionKind:
		f.union(t.union)
		for _, b := range t.union.branches {
			f.unionsOf(b.typ)
		}
	}
}

// union writes a sealed interface, the wrappers of its branches, and the
// functions that append and decode it.
func (f *file) union(u *union) {
	f.use("avrort", "json")
	var goes []string
	null := false
	for _, b := range u.branches {
		if b.goes != "" {
			goes = append(goes, b.goes)
		} else {
			null = true
		}
	}
	f.printf("\n// %s is the union %s: one of\n// %s", u.name, oneLine(u.owner), strings.Join(goes, ", "))
	if null {
		f.printf(", or nil")
	}
	f.printf(".\ntype %s interface{ %s() }\n", u.name, u.marker)
	for _, b := range u.branches {
		if b.wrapper != "" {
			f.printf("\n// %s is the branch %s of [%s].\ntype %s struct{ Value %s }\n", b.wrapper, oneLine(b.json), u.name, b.wrapper, f.goType(b.typ))
		}
	}
	f.printf("\n")
	for _, g := range goes {
		f.printf("func (%s) %s() {}\n", g, u.marker)
	}
	f.unionAppend(u)
	f.unionDecode(u)
	f.unionJSON(u)
}

// in is the expression of a branch's value in the variable x.
func (b *branch) in(x string) string {
	switch {
	case b.wrapper != "":
		return x + ".Value"
	case b.typ.kind == recordKind:
		return "(*" + x + ")"
	}
	return x
}

func (f *file) unionAppend(u *union) {
	a := appender{f: f, group: u.within}
	text := f.render(func() {
		f.printf("switch x := u.(type) {\n")
		for i, b := range u.branches {
			if b.goes == "" {
				f.printf("case nil:\n")
				a.branch(i).alone()
				continue
			}
			f.printf("case %s:\n", b.goes)
			if b.wrapper == "" && b.typ.kind == recordKind {
				f.printf("if x == nil {\nreturn dst, avrort.NilError()\n}\n")
			}
			if b.typ.kind == nullKind {
				f.printf("_ = x\n")
			}
			a.block(func() { a.write(append([]op{a.branch(i)}, a.ops(b.typ, b.in("x"), top)...)) })
		}
		if !u.hasNull() {
			f.printf("case nil:\nreturn dst, avrort.NilError()\n")
		}
		f.printf("default:\nreturn dst, avrort.BranchError(u)\n}\n")
	})
	depth := ""
	if u.within != nil {
		depth = ", depth int"
	}
	f.printf("\nfunc %s(dst []byte, u %s%s) ([]byte, error) {\n", u.append, u.name, depth)
	if a.fails {
		f.printf("var err error\n")
	}
	f.printf("%sreturn dst, nil\n}\n", text)
}

func (u *union) hasNull() bool {
	for _, b := range u.branches {
		if b.goes == "" {
			return true
		}
	}
	return false
}

// branch appends a branch's index.
func (a *appender) branch(i int) op {
	if i < 64 {
		return a.byte(2 * i)
	}
	return op{need: maxVarint, put: func() { a.printf("n = avrort.PutLong(b, n, %d)\n", i) },
		alone: func() { a.printf("dst = avrort.AppendLong(dst, %d)\n", i) }}
}

func (f *file) unionDecode(u *union) {
	f.printf("\nfunc %s(r *avrort.Reader, old %s) %s {\n", u.decode, u.name, u.name)
	f.printf("switch r.UnionIndex(%d) {\n", len(u.branches))
	d := decoder{f: f, fails: "return nil"}
	for i, b := range u.branches {
		f.printf("case %d:\n", i)
		switch {
		case b.goes == "":
			f.printf("return nil\n")
			continue
		case b.typ.kind == recordKind && b.wrapper == "":
			f.printf("x, _ := old.(%s)\nif x == nil {\nx = new(%s)\n}\n", b.goes, f.ref(b.typ.named))
		case b.typ.kind == enumKind && b.wrapper == "": // nothing of the old one is of use
			f.printf("var x %s\n", b.goes)
		default:
			f.printf("x, _ := old.(%s)\n", b.goes)
		}
		d.value(b.typ, b.in("x"))
		f.printf("return x\n")
	}
	f.printf("}\nreturn nil\n}\n")
}
