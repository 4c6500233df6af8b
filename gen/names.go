package gen

import (
	"bytes"
	"cmp"
	"encoding/json"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// initialisms are written in capitals in Go names.
var initialisms = map[string]bool{
	"API": true, "CPU": true, "DNS": true, "EOF": true, "GUID": true, "HTML": true, "HTTP": true, "HTTPS": true, "ID": true,
	"IP": true, "JSON": true, "SKU": true, "SQL": true, "SSH": true, "TCP": true, "TLS": true, "TTL": true, "UDP": true, "UI": true,
	"URI": true, "URL": true, "UTF8": true, "UUID": true, "VM": true, "XML": true,
}

// goName makes an exported Go name of an Avro name: customer_id is CustomerID,
// SHIPPED is Shipped, fullName is FullName.
func goName(name string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		upper := strings.ToUpper(word)
		first, size := utf8.DecodeRuneInString(word)
		switch {
		case initialisms[upper]:
			b.WriteString(upper)
		case word == upper && len(word) > 1 && !strings.ContainsFunc(word, unicode.IsDigit):
			b.WriteString(word[:size] + strings.ToLower(word[size:]))
		default:
			b.WriteString(string(unicode.ToUpper(first)) + word[size:])
		}
	}
	out := b.String()
	if first, _ := utf8.DecodeRuneInString(out); !unicode.IsUpper(first) {
		return "X" + out // begins with a digit, or a letter that has no capital
	}
	return out
}

// unexported is a Go name with a small initial: orderLine, idSchema.
func unexported(name string) string {
	for i, r := range name {
		if !unicode.IsUpper(r) {
			if i > 1 {
				i-- // of IDCard the C begins a word
			}
			return strings.ToLower(name[:max(i, 1)]) + name[max(i, 1):]
		}
	}
	return strings.ToLower(name)
}

// packageName makes a package name of one part of a namespace.
func packageName(part string) string {
	name := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, part)
	special := map[string]bool{"main": true, "internal": true, "vendor": true, "testdata": true, "documentation": true}
	if !identifier(name) || special[name] || predeclared[name] {
		name = "ns" + name
	}
	return name
}

func identifier(s string) bool { return token.IsIdentifier(s) && s != "_" }

// predeclared names of Go, which no import may hide in generated files, are a
// reason to call a package otherwise.
var predeclared = setOf(`any append bool byte cap clear close comparable complex complex128 complex64 copy delete
	error false float32 float64 imag int int16 int32 int64 int8 iota len make max min new nil panic print println
	real recover rune string true uint uint16 uint32 uint64 uint8 uintptr`)

// locals are names that generated functions give to their variables, and imports
// that they all may need.
var locals = setOf("dst err need ok plain out branch value avro avrort schemas json time math big fmt strconv sync hex")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// scope is a set of names that are taken.
type scope map[string]bool

func newScope() scope { return scope{} }

// take returns the first of the names that is free, or else the last one with a
// number, and takes it.
func (s scope) take(names ...string) string {
	last := names[len(names)-1]
	for i := 2; ; i++ {
		for _, n := range names {
			if !s[n] {
				s[n] = true
				return n
			}
		}
		names = []string{last + strconv.Itoa(i)}
	}
}

// uniqueNames returns a unique Go name for each of names. Names that are Go names already have
// precedence, then the order decides. A name with a number never equals another name.
func uniqueNames(names []string, taken scope) []string {
	out := make([]string, len(names))
	for _, exact := range []bool{true, false} {
		for i, n := range names {
			if (goName(n) == n) == exact && out[i] == "" && !taken[goName(n)] {
				out[i] = goName(n)
				taken[out[i]] = true
			}
		}
	}
	for i, n := range names {
		if out[i] == "" {
			out[i] = taken.take(goName(n))
		}
	}
	return out
}

// nameTypes gives all types and what belongs to them their names and files.
func (g *generator) nameTypes([]*input) error {
	byPkg := map[*pkg][]*named{}
	for _, t := range g.order {
		byPkg[t.pkg] = append(byPkg[t.pkg], t)
	}
	for p, types := range byPkg {
		exactFirst := slices.Clone(types)
		slices.SortStableFunc(exactFirst, func(a, b *named) int {
			exact := func(t *named) int { return map[bool]int{true: 0, false: 1}[goName(t.node.Name()) == t.node.Name()] }
			return cmp.Compare(exact(a), exact(b))
		})
		for _, t := range exactFirst {
			if plainLogical(t.node) && !t.isTop {
				continue
			}
			namespace := t.node.Namespace()
			name := goName(t.node.Name())
			t.name = p.scope.take(name, goName(namespace[strings.LastIndexByte(namespace, '.')+1:])+name)
		}
	}
	for _, w := range g.wrappers {
		w.name = w.pkg.scope.take(w.name)
		w.schemaFn = w.pkg.scope.take(unexported(w.name) + "Schema")
		w.file = g.fileOf(w.input, w.pkg)
	}
	for _, t := range g.order {
		if t.name == "" {
			continue
		}
		t.file = g.fileOf(t.input, t.pkg)
		t.schemaFn = t.pkg.scope.take(unexported(t.name) + "Schema")
		if len(t.node.Fields()) > 0 || t.node.Type().String() == "record" {
			t.construct = t.pkg.scope.take("New" + t.name)
		}
		if t.node.Type().String() == "enum" {
			t.parse = t.pkg.scope.take("Parse" + t.name)
			t.symbolVar = t.pkg.scope.take(unexported(t.name) + "Symbols")
			symbols := uniqueNames(t.node.Symbols(), scope{})
			for _, s := range symbols {
				t.symbols = append(t.symbols, t.pkg.scope.take(t.name+s))
			}
		}
	}
	g.order = slices.DeleteFunc(g.order, func(t *named) bool { return t.name == "" })
	return nil
}

// fileOf is the file in p for the types of an input.
func (g *generator) fileOf(in *input, p *pkg) *file {
	for _, f := range g.files {
		if f.input == in && f.pkg == p {
			return f
		}
	}
	base := in.schema.Root().Name()
	if base == "" {
		base = baseName(in.name)
	}
	base = fileName(base)
	name := base
	for i := 2; p.fileNames[name]; i++ {
		name = base + strconv.Itoa(i)
	}
	p.fileNames[name] = true
	f := newFile(g, in, p, name+"_avro.go")
	g.files = append(g.files, f)
	return f
}

// fileName is a name in small letters, with underscores between words.
func fileName(name string) string {
	var b strings.Builder
	previous := '_'
	for _, r := range name {
		switch {
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			if unicode.IsUpper(r) && unicode.IsLower(previous) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		case previous != '_':
			r = '_'
			b.WriteByte('_')
		}
		previous = r
	}
	out := strings.Trim(b.String(), "_")
	if out == "" {
		return "schema"
	}
	return out
}

// compact is JSON without spaces.
func compact(text []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return text
	}
	return b.Bytes()
}
