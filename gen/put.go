package gen

import (
	"fmt"
	"strconv"
	"strings"
)

// An op appends a value, or what begins or ends one. Neighbouring ops that can be put are written as a run: dst
// is opened once, with room for all of them, and closed behind the last.
//
//	b, n := avrort.Open(dst, 18+len(v.Name)) // b is dst up to its capacity, n its length
//	n = avrort.PutString(b, n, v.Name)
//	n = avrort.PutDouble(b, n, v.Price)
//	dst = b[:n]
type op struct {
	need   int    // bytes that put takes at most, beside length
	length string // of what that many bytes more are put, "" if there is nothing
	guard  string // the condition under which length counts, "" if always
	put    func() // writes the statements between opening and closing; nil: only alone
	alone  func() // writes a statement by itself
}

// The most bytes of numbers.
const (
	maxVarint = 10
	maxInt    = 5
)

// write writes ops, as runs where two or more can be put.
func (a *appender) write(ops []op) {
	for len(ops) > 0 {
		n := 0
		for n < len(ops) && ops[n].put != nil {
			n++
		}
		if n > 1 {
			a.run(ops[:n])
		} else {
			n = 1
			ops[0].alone()
		}
		ops = ops[n:]
	}
}

func (a *appender) run(ops []op) {
	need, plain, guarded := 0, "", ""
	for _, o := range ops {
		switch need += o.need; {
		case o.guard != "":
			guarded += fmt.Sprintf("if %s {\nneed += len(%s)\n}\n", o.guard, o.length)
		case o.length != "":
			plain += "+len(" + o.length + ")"
		}
	}
	size := strconv.Itoa(need) + plain
	if guarded != "" {
		a.printf("need %s %s\n%s", assign(&a.needed), size, guarded)
		size = "need"
	}
	a.printf("b, n %s avrort.Open(dst, %s)\n", assign(&a.opened), size)
	for _, o := range ops {
		o.put()
	}
	a.printf("%s", closing)
}

// closing ends a run.
const closing = "dst = b[:n]\n"

func assign(declared *bool) string {
	if *declared {
		return "="
	}
	*declared = true
	return ":="
}

// block writes a block of statements: what it declares ends with it.
func (a *appender) block(write func()) {
	opened, needed := a.opened, a.needed
	a.opened, a.needed = false, false
	write()
	a.opened, a.needed = opened, needed
}

// byte appends a byte, the index of a branch.
func (a *appender) byte(v int) op {
	return op{need: 1, put: func() { a.printf("b[n] = %d\nn++\n", v) }, alone: func() { a.printf("dst = append(dst, %d)\n", v) }}
}

// ops are what appends x.
func (a *appender) ops(t *typ, x string, w within) []op {
	o := op{alone: func() { a.single(t, x, w) }}
	put := func(need int, format string, args ...any) []op {
		o.need, o.put = need, func() { a.printf(format, args...) }
		return []op{o}
	}
	switch t.kind {
	case nullKind:
		return nil
	case boolKind:
		return put(1, "n = avrort.PutBool(b, n, %s)\n", arg(x))
	case intKind:
		return put(maxInt, "n = avrort.PutInt(b, n, %s)\n", arg(x))
	case longKind:
		return put(maxVarint, "n = avrort.PutLong(b, n, %s)\n", arg(x))
	case floatKind:
		return put(4, "n = avrort.PutFloat(b, n, %s)\n", arg(x))
	case doubleKind:
		return put(8, "n = avrort.PutDouble(b, n, %s)\n", arg(x))
	case stringKind, bytesKind:
		o.length = arg(x)
		return put(maxVarint, "n = avrort.Put%s(b, n, %s)\n", primitives[t.node.Type()].call, arg(x))
	case fixedKind:
		return put(t.node.Size(), "n += copy(b[n:], %s[:])\n", x)
	case enumKind:
		o.need, o.put = maxInt, func() { a.putSymbol(t, x, w) }
	case logicalKind:
		a.putLogical(&o, t, x, w)
	case recordKind:
		if t.named.isSmall() && t.named.pkg == a.f.pkg {
			var ops []op
			for _, fd := range t.named.fields {
				ops = append(ops, a.ops(fd.typ, receiver(x)+"."+fd.name, w.field(fd.avro.Name()))...)
			}
			return ops
		}
	case arrayKind, mapKind:
		return a.many(t, x, w)
	case singleKind:
		return append([]op{a.byte(0)}, a.ops(t.item, x, w)...)
	case nullableKind, nilableKind:
		a.putNullable(&o, t, x, w)
	}
	return []op{o}
}

func (a *appender) putSymbol(t *typ, x string, w within) {
	a.symbol(t, x, w)
	if len(t.node.Symbols()) <= 64 {
		a.printf("b[n] = byte(%s) << 1\nn++\n", arg(x))
	} else {
		a.printf("n = avrort.PutInt(b, n, int32(%s))\n", arg(x))
	}
}

// putLogical completes o for logical types of a known size.
func (a *appender) putLogical(o *op, t *typ, x string, w within) {
	l := t.logical
	if o.need = l.most; o.need == 0 {
		return
	}
	o.put = func() {
		switch call := strings.Replace(l.append, "dst", "b[:n]", 1); {
		case l.append == "":
			a.printf("n += copy(b[n:], %s[:])\n", x)
		case t.logical.goes == "time.Time" && strings.Contains(l.append, ".AppendTimestampMillis("):
			ms := a.name("ms")
			a.printf("%s, ok := avrort.Millis(%s)\nif !ok {\nreturn dst, %s\n}\n", ms, arg(x), w(fmt.Sprintf("avrort.MillisError(%s)", arg(x))))
			a.printf("n = avrort.PutLong(b, n, %s)\n", ms)
		case l.fails:
			a.try(fmt.Sprintf(call, arg(x)), w)
			a.printf("n = len(dst)\n")
		default:
			a.printf("n = len("+call+")\n", arg(x))
		}
	}
}

// putNullable completes o, unless a part of the value is appended alone.
func (a *appender) putNullable(o *op, t *typ, x string, w within) {
	item := x
	if t.kind == nullableKind {
		item = "(*" + x + ")"
	}
	inner := a.ops(t.item, item, w)
	o.need = 1
	for _, i := range inner {
		if o.need += i.need; i.put == nil || i.guard != "" || i.length != "" && o.length != "" {
			return
		}
		if i.length != "" {
			o.guard, o.length = arg(x)+" != nil", i.length
		}
	}
	o.put = func() {
		a.printf("if %s == nil {\nb[n] = %d\nn++\n} else {\n", arg(x), 2*t.null)
		a.byte(2 - 2*t.null).put()
		for _, i := range inner {
			i.put()
		}
		a.printf("}\n")
	}
}

// many are the number of items, which for none is the end too, the items, and the end.
func (a *appender) many(t *typ, x string, w within) []op {
	if t.kind == arrayKind && t.item.numbers() != "" {
		return []op{{alone: func() { a.single(t, x, w) }}}
	}
	ops := []op{{
		need:  maxVarint,
		put:   func() { a.printf("n = avrort.PutLong(b, n, int64(len(%s)))\n", arg(x)) },
		alone: func() { a.printf("dst = avrort.AppendLong(dst, int64(len(%s)))\n", arg(x)) },
	}}
	switch {
	case t.kind == mapKind:
		ops = append(ops, op{alone: func() { a.entries(t, x, w) }})
	case t.item.kind != nullKind:
		ops = append(ops, op{alone: func() { a.items(t, x, w) }})
	}
	return append(ops, op{
		need:  1,
		put:   func() { a.printf("n = avrort.PutEnd(b, n, len(%s))\n", arg(x)) },
		alone: func() { a.printf("if len(%s) > 0 {\ndst = append(dst, 0)\n}\n", arg(x)) },
	})
}
