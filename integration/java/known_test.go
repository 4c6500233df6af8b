package java

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kavro/kavro/schemas"
)

// tally counts what was compared, and what differs for a known reason.
type tally struct {
	compared, known map[string]int
	failures        []string
}

func newTally() *tally { return &tally{compared: map[string]int{}, known: map[string]int{}} }

func (t *tally) add(o *tally) {
	for k, n := range o.compared {
		t.compared[k] += n
	}
	for k, n := range o.known {
		t.known[k] += n
	}
	t.failures = append(t.failures, o.failures...)
}

func (t *tally) String() string {
	var b strings.Builder
	for _, part := range []struct {
		title  string
		counts map[string]int
	}{{"compared", t.compared}, {"known to differ", t.known}} {
		fmt.Fprintf(&b, "\n%s:", part.title)
		var lines []string
		for k, n := range part.counts {
			lines = append(lines, fmt.Sprintf("\n  %8d %s", n, k))
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, ""))
	}
	return b.String()
}

// What differs between kavro and Java for a reason that docs/avro.md gives. Each is
// recognised by what both say, so that nothing else hides behind it.
const (
	emptyJSON       = "JSON of records without a field that takes bytes: Java writes no text at all"
	nanBits         = "NaN: Java keeps its bits"
	collectionClaim = "promoted items: Java counts them against the bytes that the reader's would take"
	endlessRecord   = "a record that contains itself for ever: Java overflows its stack"
	laxBoolean      = "a boolean that is neither 0 nor 1: Java reads it"
	laxVarint       = "a number of too many bits: Java drops those"
	laxBlockSize    = "the size of a block beyond the input: Java does not look at it"
	largeProperty   = "a property of more than 64 bits on a record, array or map: Java refuses it"
	otherNamespace  = "an enum or fixed in a reader's union under another namespace: Java finds no branch"
	javaGrammar     = "recursive maps: Java's parser runs out of its own stack of symbols"
	twiceKey        = "a key twice in a map: the last one counts in data, and JSON may not have it"
	aliasTwice      = "an alias that is another type's name: Java applies aliases twice"
	unionDefault    = "a union's default: Java takes the first branch of its kind of JSON, and cuts the number"
	positionInUnion = "where a reason is: Java counts from the branch of a union that two types were met in first"
	ownAlias        = "a field's alias that is its own name: Java counts the field twice, and throws"
	duplicateField  = "two fields of the writer for one of the reader: Java refuses data without that record too"
	twinNames       = "a name without a namespace, of two types: Java does not see a record from within"
	twoFields       = "two fields of the writer for one of the reader: Java throws in place of a reason"
	fieldAlias      = "a field's alias in a record of another name: Java does not apply it"
)

// contested are the texts that Java takes and kavro does when lenient, by what
// kavro says of them when strict.
var contested = []struct {
	said *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`: \S+ is defined already: use its name alone$`), "a definition repeated word for word"},
	{regexp.MustCompile(`: the default of an enum is one of its symbols, not .+$`), "an enum's default that is no string"},
	{regexp.MustCompile(`does not fit: .* is no byte: one character 0-255 for each byte$`), "a default of bytes beyond U+00FF"},
	{regexp.MustCompile(`does not fit: want a symbol of \S+, not "`), "a field's default that is no symbol of its enum"},
	{regexp.MustCompile(`does not fit: want \d+ bytes?, not \d+$`), "a default of another length than its fixed"},
	{regexp.MustCompile(`does not fit: ".*" fits no branch of the union$`), "a union's default that is no symbol, bytes or fixed of its branches"},
}

func knownCompatibility(reader *schemas.Schema, ours []reason, a answer) string {
	if strings.HasPrefix(a.CompatError, "AvroRuntimeException: Reader record field ") && strings.Contains(a.CompatError, " matches multiple fields in writer record schema ") {
		if slices.ContainsFunc(allFields(reader), func(f *schemas.Field) bool { return slices.Contains(f.Aliases(), f.Name()) }) {
			return ownAlias
		}
		return twoFields
	}
	if slices.EqualFunc(ours, a.Reasons, func(o, j reason) bool {
		return o.Kind == j.Kind && o.Message == j.Message && (strings.HasSuffix(o.Path, j.Path) || j.Path == "/")
	}) && !slices.Equal(ours, a.Reasons) {
		return positionInUnion
	}
	return ""
}

func allFields(s *schemas.Schema) (out []*schemas.Field) {
	for n := range s.Types() {
		out = append(out, n.Fields()...)
	}
	return out
}

// knownNames says why two canonical forms differ.
func knownNames(s *schemas.Schema, javas string) string {
	if s.Canonical() == javas {
		return ""
	}
	for n := range s.Types() {
		for o := range s.Types() {
			if n.FullName() != "" && n.Namespace() == "" && o.Namespace() != "" && o.Name() == n.Name() {
				return twinNames
			}
		}
	}
	return ""
}

func knownJSON(s *schemas.Schema, encoded []byte, a answer) string {
	if why := javaCannot(s, a.JSONError); why != "" {
		return why
	}
	if a.JSON == "" && a.JSONError == "" && len(encoded) == 0 && s.Root().Type() == schemas.Record {
		return emptyJSON
	}
	return ""
}

var (
	collectionClaims = regexp.MustCompile(`^EOFException: (Collection|Map) claims \d+ (elements|entries) with at least \d+ bytes each`)
	noBranch         = regexp.MustCompile(`^AvroTypeException: .*Found (\S+), expecting union\[`)
	noField          = regexp.MustCompile(`^AvroTypeException: .*Found (\S+), expecting (\S+), missing required field (\S+)$`)
)

func knownResolution(writer, reader *schemas.Schema, ours []byte, err error, a answer) string {
	if err == nil && a.ResolveError == "" && hexOf(ours) != a.Resolved && slices.ContainsFunc(allFields(reader), cutDefault) {
		return unionDefault
	}
	if err != nil || a.ResolveError == "" || a.DecodeError != "" {
		return ""
	}
	if strings.HasPrefix(a.ResolveError, "AvroRuntimeException: Duplicate field ") {
		return duplicateField
	}
	if collectionClaims.MatchString(a.ResolveError) {
		return collectionClaim
	}
	if m := noBranch.FindStringSubmatch(a.ResolveError); m != nil {
		w := typeNamed(writer, m[1])
		for r := range reader.Types() {
			if w != nil && (w.Type() == schemas.Enum || w.Type() == schemas.Fixed) && r.Type() == w.Type() && r.Name() == w.Name() && r.FullName() != w.FullName() {
				return otherNamespace
			}
			if w != nil && w.Type() == schemas.Record && r.Type() == schemas.Record && r.FullName() != w.FullName() && renames(r, w) {
				return fieldAlias
			}
		}
	}
	if strings.Contains(a.ResolveError, "Found ") && aliasesChain(reader) {
		return aliasTwice
	}
	if m := noField.FindStringSubmatch(a.ResolveError); m != nil && m[1] != m[2] {
		w, r := typeNamed(writer, m[1]), typeNamed(reader, m[2])
		if w == nil || r == nil {
			return ""
		}
		f, ok := r.Field(m[3])
		if ok && slices.ContainsFunc(f.Aliases(), func(alias string) bool { _, ok := w.Field(alias); return ok }) {
			return fieldAlias
		}
	}
	return ""
}

// renames reports whether an alias of a reader's field is a field of the writer's record.
func renames(reader, writer *schemas.Node) bool {
	return slices.ContainsFunc(reader.Fields(), func(f *schemas.Field) bool {
		return slices.ContainsFunc(f.Aliases(), func(alias string) bool { _, ok := writer.Field(alias); return ok })
	})
}

// cutDefault reports whether a field's default is a number for a later branch of
// its union than the first numeric one.
func cutDefault(f *schemas.Field) bool {
	def, ok := f.Default()
	if !ok {
		return false
	}
	for _, b := range f.Type().Branches() {
		var bits int
		switch b.Type() {
		case schemas.Int:
			bits = 32
		case schemas.Long:
			bits = 64
		default:
			continue
		}
		_, err := strconv.ParseFloat(string(def), 64)
		_, fits := strconv.ParseInt(string(def), 10, bits)
		return err == nil && fits != nil
	}
	return false
}

// aliasesChain reports whether a type's alias is the name of another type.
func aliasesChain(s *schemas.Schema) bool {
	for n := range s.Types() {
		for _, alias := range n.Aliases() {
			if other := typeNamed(s, alias); other != nil && other != n {
				return true
			}
		}
	}
	return false
}

func typeNamed(s *schemas.Schema, fullName string) *schemas.Node {
	for n := range s.Types() {
		if n.FullName() == fullName {
			return n
		}
	}
	return nil
}

// largeInteger matches what does not fit 64 bits, and a little more.
var largeInteger = regexp.MustCompile(`[1-9][0-9]{18,}`)

func knownParse(text string, err error, a answer) string {
	if err == nil {
		refused := strings.HasPrefix(a.Error, "AvroRuntimeException: Can't set a property to null") ||
			strings.HasPrefix(a.Error, "NullPointerException: ") && strings.Contains(a.Error, `"datum" is null`)
		if refused && largeInteger.MatchString(text) {
			return largeProperty
		}
		return ""
	}
	if _, lenient := schemas.Parse(text, schemas.Lenient()); a.Error != "" || lenient != nil {
		return ""
	}
	for _, c := range contested {
		if c.said.MatchString(err.Error()) {
			return c.what + ": Java takes it, kavro when lenient"
		}
	}
	return ""
}

func knownDecoding(s *schemas.Schema, ours []byte, err error, a answer) string {
	switch {
	case err == nil && a.Error == "" && hexOf(ours) != a.Hex && sameButNaN(s, ours, a.Hex):
		return nanBits
	case err == nil && a.Error != "":
		return javaCannot(s, a.Error)
	case err == nil || a.Error != "":
		return ""
	case strings.Contains(err.Error(), "boolean is neither 0 nor 1"):
		return laxBoolean
	case strings.Contains(err.Error(), "varint does not fit its type"):
		return laxVarint
	case strings.Contains(err.Error(), "is there twice"):
		return twiceKey
	case strings.Contains(err.Error(), "block size is negative or beyond the input"):
		return laxBlockSize
	}
	return ""
}

// javaCannot says why Java cannot read data of a schema at all.
func javaCannot(s *schemas.Schema, said string) string {
	switch {
	case strings.HasPrefix(said, "StackOverflowError") && isEndless(s):
		return endlessRecord
	case said == `NullPointerException: Cannot read field "kind" because "top" is null`,
		strings.HasPrefix(said, "NullPointerException: null value for (non-nullable) "): // the same, while writing
		return javaGrammar
	}
	return ""
}

// sameButNaN reports whether Java's bytes are ours once every NaN is written as
// kavro does.
func sameButNaN(s *schemas.Schema, ours []byte, javas string) bool {
	b, err := hex.DecodeString(javas)
	if err != nil {
		return false
	}
	again, err := rewritten(s, b)
	return err == nil && bytes.Equal(again, ours)
}

// isEndless reports whether a schema has a record that contains itself for ever.
func isEndless(s *schemas.Schema) bool {
	finite := map[*schemas.Node]bool{}
	all := slices.Collect(s.Types())
	for changed := true; changed; {
		changed = false
		for _, n := range all {
			if !finite[n] && ends(n, finite) {
				finite[n], changed = true, true
			}
		}
	}
	return slices.ContainsFunc(all, func(n *schemas.Node) bool { return !finite[n] })
}

// ends reports whether a type has a value, as far as is known of others.
func ends(n *schemas.Node, finite map[*schemas.Node]bool) bool {
	switch n.Type() {
	case schemas.Record:
		return !slices.ContainsFunc(n.Fields(), func(f *schemas.Field) bool { return !finite[f.Type()] })
	case schemas.Union:
		return slices.ContainsFunc(n.Branches(), func(b *schemas.Node) bool { return finite[b] })
	}
	return true
}
