package gen

import (
	"strconv"
)

// decoder writes the statements that read one value after another from r.
type decoder struct {
	f     *file
	fails string // the statement that returns err
	vars  int
}

func (d *decoder) printf(format string, args ...any) { d.f.printf(format, args...) }

func (d *decoder) name(letter string) string {
	d.vars++
	return letter + strconv.Itoa(d.vars)
}

// value reads over x, which is addressable and may hold an earlier value.
func (d *decoder) value(t *typ, x string) {
	switch t.kind {
	case nullKind:
	case neverKind:
		d.printf("r.UnionIndex(0)\n")
	case stringKind:
		d.printf("%s = r.ReuseString(%s)\n", arg(x), arg(x))
	case bytesKind:
		d.printf("%s = r.Bytes(%s)\n", arg(x), arg(x))
	case logicalKind:
		if t.logical.read == "" {
			d.printf("r.Fixed(%s[:])\n", x)
			return
		}
		d.printf("%s = %s\n", arg(x), t.logical.read)
	case recordKind:
		if t.named.isSmall() && t.named.pkg == d.f.pkg {
			for _, fd := range t.named.fields {
				d.value(fd.typ, receiver(x)+"."+fd.name)
			}
			return
		}
		d.printf("if err := %s.DecodeAvro(r); err != nil {\n%s\n}\n", receiver(x), d.fails)
	case enumKind:
		d.printf("%s = %s(r.Enum(%d))\n", arg(x), d.f.ref(t.named), len(t.node.Symbols()))
	case fixedKind:
		d.printf("r.Fixed(%s[:])\n", x)
	case arrayKind:
		d.array(t, x, false)
	case mapKind:
		d.mapping(t, x)
	case nullableKind:
		d.printf("if r.UnionIndex(2) == %d {\n%s = nil\n} else {\n", t.null, arg(x))
		d.pointer(t, x)
		d.printf("}\n")
	case nilableKind:
		d.printf("if r.UnionIndex(2) == %d {\n%s = nil\n} else {\n", t.null, arg(x))
		if t.item.kind == arrayKind {
			d.array(t.item, x, true)
		} else {
			if t.item.kind == mapKind {
				d.printf("if %s == nil {\n%s = %s{}\n}\n", arg(x), arg(x), d.f.goType(t))
			}
			d.value(t.item, x)
		}
		d.printf("}\n")
	case pointerKind:
		d.pointer(t, x)
	case singleKind:
		d.printf("r.UnionIndex(1)\n")
		d.value(t.item, x)
	case unionKind:
		d.printf("%s = %s(r, %s)\n", arg(x), t.union.decode, arg(x))
	default:
		d.printf("%s = r.%s()\n", arg(x), primitives[t.node.Type()].call)
	}
}

func (d *decoder) pointer(t *typ, x string) {
	d.printf("if %s == nil {\n%s = new(%s)\n}\n", arg(x), arg(x), d.f.goType(t.item))
	d.value(t.item, "(*"+x+")")
}

// array reads blocks into a local slice. notNil says that an empty array is not
// nil, since nil is null.
func (d *decoder) array(t *typ, x string, notNil bool) {
	if call := t.item.numbers(); call != "" {
		if notNil {
			d.printf("if %s == nil {\n%s = %s{}\n}\n", arg(x), arg(x), d.f.goType(t))
		}
		d.printf("%s = r.%s(%s)\n", arg(x), call, arg(x))
		return
	}
	s, n, i := d.name("s"), d.name("n"), d.name("i")
	least := fewest(t.node.Items())
	d.printf("%s := %s[:0]\n", s, x)
	if notNil {
		d.printf("if %s == nil {\n%s = %s{}\n}\n", s, s, d.f.goType(t))
	}
	d.printf("for %s := r.Block(0, %d); %s > 0; %s = r.Block(len(%s), %d) {\n", n, least, n, n, s, least)
	d.printf("%s = avrort.Extend(%s, %s)\n", s, s, n)
	if t.item.kind != nullKind {
		d.printf("for %s := len(%s) - %s; %s < len(%s); %s++ {\n", i, s, n, i, s, i)
		item := s + "[" + i + "]"
		if t.item.kind == recordKind {
			p := d.name("p")
			d.printf("%s := &%s\n", p, item)
			item = "(*" + p + ")"
		}
		d.value(t.item, item)
		d.printf("}\n")
	}
	d.stop()
	d.printf("}\n%s = %s\n", arg(x), s)
}

// stop ends the loop over blocks after an error.
func (d *decoder) stop() {
	d.printf("if err := r.Err(); err != nil {\n%s\n}\n", d.fails)
}

func (d *decoder) mapping(t *typ, x string) {
	n, have, k, item := d.name("n"), d.name("m"), d.name("k"), d.name("x")
	least := min(1+fewest(t.node.Items()), maxFewest)
	d.printf("clear(%s)\n", arg(x))
	d.printf("for %s, %s := r.Block(0, %d), 0; %s > 0; %s = r.Block(%s, %d) {\n", n, have, least, n, n, have, least)
	d.printf("if %s == nil {\n%s = make(%s, %s)\n}\n", arg(x), arg(x), d.f.goType(t), n)
	d.printf("for range %s {\n%s := r.String()\n", n, k)
	switch t.item.kind {
	case stringKind:
		d.printf("%s[%s] = r.String()\n", x, k)
	case boolKind, intKind, longKind, floatKind, doubleKind:
		d.printf("%s[%s] = r.%s()\n", x, k, primitives[t.item.node.Type()].call)
	case nullKind:
		d.printf("%s[%s] = struct{}{}\n", x, k)
	default:
		d.printf("var %s %s\n", item, d.f.goType(t.item))
		d.value(t.item, item)
		d.printf("%s[%s] = %s\n", x, k, item)
	}
	d.printf("}\n%s += %s\n", have, n)
	d.stop()
	d.printf("}\n")
}
