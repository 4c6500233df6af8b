package gen

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kavro/kavro/schemas"
)

// appender writes the statements that append one value after another to dst.
type appender struct {
	f     *file
	group *group // the function has the parameter depth, for records of this group
	fails bool   // a statement uses err
	vars  int

	opened, needed bool // the block declares b and n; and need
}

// within wraps the expression of an error in the steps of its path.
type within func(err string) string

func top(err string) string { return err }

func (w within) field(name string) within {
	return func(err string) string { return w("avrort.WithinField(" + err + ", " + strconv.Quote(name) + ")") }
}

func (w within) item(i string) within {
	return func(err string) string { return w("avrort.WithinItem(" + err + ", " + i + ")") }
}

func (w within) key(k string) within {
	return func(err string) string { return w("avrort.WithinKey(" + err + ", " + k + ")") }
}

// arg is x without parentheses around all of it, which only (*x) has.
func arg(x string) string {
	if strings.HasPrefix(x, "(*") {
		return strings.TrimSuffix(x[1:], ")")
	}
	return x
}

// receiver is x for a method call: without the star that the call takes away.
func receiver(x string) string {
	if strings.HasPrefix(x, "(*") {
		return strings.TrimSuffix(x[2:], ")")
	}
	return x
}

func (a *appender) printf(format string, args ...any) { a.f.printf(format, args...) }

// try writes a call that returns dst and an error.
func (a *appender) try(call string, w within) {
	a.fails = true
	a.printf("if dst, err = %s; err != nil {\nreturn dst, %s\n}\n", call, w("err"))
}

func (a *appender) name(letter string) string {
	a.vars++
	return letter + strconv.Itoa(a.vars)
}

// value appends x, which is addressable unless it is a scalar.
func (a *appender) value(t *typ, x string, w within) { a.write(a.ops(t, x, w)) }

// single appends a value by a statement of its own.
func (a *appender) single(t *typ, x string, w within) {
	switch t.kind {
	case neverKind:
		a.printf("return dst, %s\n", w("avrort.BranchError(nil)"))
	case logicalKind:
		a.logical(t, x, w)
	case recordKind:
		if a.group != nil && t.named.group == a.group {
			a.try(receiver(x)+".appendAvro(dst, depth+1)", w)
			return
		}
		a.try(receiver(x)+".AppendAvro(dst)", w)
	case enumKind:
		a.symbol(t, x, w)
		if len(t.node.Symbols()) <= 64 {
			a.printf("dst = append(dst, byte(%s)<<1)\n", arg(x))
		} else {
			a.printf("dst = avrort.AppendInt(dst, int32(%s))\n", arg(x))
		}
	case fixedKind:
		a.printf("dst = append(dst, %s[:]...)\n", x)
	case arrayKind: // of numbers
		a.printf("dst = avrort.Append%s(dst, %s)\n", t.item.numbers(), arg(x))
	case nullableKind, nilableKind:
		a.nullable(t, x, w)
	case pointerKind:
		a.printf("if %s == nil {\nreturn dst, %s\n}\n", x, w("avrort.NilError()"))
		a.value(t.item, "(*"+x+")", w)
	case unionKind:
		depth := ""
		if t.union.within != nil {
			depth = ", depth"
		}
		a.try(fmt.Sprintf("%s(dst, %s%s)", t.union.append, x, depth), w)
	default:
		a.printf("dst = avrort.Append%s(dst, %s)\n", primitives[t.node.Type()].call, arg(x))
	}
}

// symbol checks an enum's index.
func (a *appender) symbol(t *typ, x string, w within) {
	n := len(t.node.Symbols())
	a.printf("if uint32(%s) >= %d {\nreturn dst, %s\n}\n", arg(x), n, w(fmt.Sprintf("avrort.SymbolError(int(%s), %d)", arg(x), n)))
}

func (a *appender) logical(t *typ, x string, w within) {
	l := t.logical
	switch {
	case l.append == "":
		a.printf("dst = append(dst, %s[:]...)\n", x)
	case l.fails:
		a.try(fmt.Sprintf(l.append, arg(x)), w)
	default:
		a.printf("dst = "+l.append+"\n", arg(x))
	}
}

// items appends the items of an array.
func (a *appender) items(t *typ, x string, w within) {
	if t.item.isPlain() {
		item := a.name("x")
		a.printf("for _, %s := range %s {\n", item, arg(x))
		a.block(func() { a.value(t.item, item, w) })
		a.printf("}\n")
		return
	}
	i := a.name("i")
	a.printf("for %s := range %s {\n", i, arg(x))
	item := x + "[" + i + "]"
	if t.item.kind == recordKind {
		p := a.name("p")
		a.printf("%s := &%s\n", p, item)
		item = "(*" + p + ")"
	}
	a.block(func() { a.value(t.item, item, w.item(i)) })
	a.printf("}\n")
}

// entries appends the keys and values of a map.
func (a *appender) entries(t *typ, x string, w within) {
	k, item := a.name("k"), a.name("x")
	a.printf("if len(%s) > 0 {\n", arg(x)) // to range over a map costs, even if it is empty
	if t.item.kind == nullKind {
		a.printf("for %s := range %s {\n", k, arg(x))
	} else {
		a.printf("for %s, %s := range %s {\n", k, item, arg(x))
	}
	a.block(func() {
		key := op{need: maxVarint, length: k, put: func() { a.printf("n = avrort.PutString(b, n, %s)\n", k) },
			alone: func() { a.printf("dst = avrort.AppendString(dst, %s)\n", k) }}
		a.write(append([]op{key}, a.ops(t.item, item, w.key(k))...))
	})
	a.printf("}\n}\n")
}

func (a *appender) nullable(t *typ, x string, w within) {
	a.printf("if %s == nil {\ndst = append(dst, %d)\n} else {\n", arg(x), 2*t.null)
	if t.kind == nullableKind {
		x = "(*" + x + ")"
	}
	a.block(func() { a.write(append([]op{a.byte(2 - 2*t.null)}, a.ops(t.item, x, w)...)) })
	a.printf("}\n")
}

// isSmall says that a record's code is best written in place of a call: a few
// scalars.
func (t *named) isSmall() bool {
	const few = 8
	for _, fd := range t.fields {
		if !fd.typ.isPlain() {
			return false
		}
	}
	return len(t.fields) > 0 && len(t.fields) <= few
}

// isPlain says that appending the value needs no address and cannot fail.
func (t *typ) isPlain() bool {
	switch t.kind {
	case boolKind, intKind, longKind, floatKind, doubleKind, stringKind, bytesKind:
		return true
	}
	return false
}

// numbers is the name of what reads and appends an array of the type as a whole;
// "" if there is none.
func (t *typ) numbers() string {
	switch t.kind {
	case intKind, longKind, floatKind, doubleKind:
		return primitives[t.node.Type()].call + "s"
	}
	return ""
}

// fewest is the fewest bytes that a value takes, for checking a block's count.
func fewest(n *schemas.Node) int { return fewestOf(n, map[*schemas.Node]int{}) }

// maxFewest bounds the sum: more would not refuse more.
const maxFewest = 1 << 20

// fewestOf looks at each record once, since records may use others many times
// over. One that is looked at already counts as nothing within itself: the result
// is a lower bound then.
func fewestOf(n *schemas.Node, known map[*schemas.Node]int) int {
	switch n.Type() {
	case schemas.Null:
		return 0
	case schemas.Float:
		return 4
	case schemas.Double:
		return 8
	case schemas.Fixed:
		return min(n.Size(), maxFewest)
	case schemas.Record:
		if bytes, ok := known[n]; ok {
			return bytes
		}
		known[n] = 0
		sum := 0
		for _, f := range n.Fields() {
			sum = min(sum+fewestOf(f.Type(), known), maxFewest)
		}
		known[n] = sum
		return sum
	case schemas.Union:
		least := maxFewest
		for _, b := range n.Branches() {
			least = min(least, fewestOf(b, known))
		}
		return min(1+least, maxFewest)
	}
	return 1
}
