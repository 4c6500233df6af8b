package memory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

const typeAvro = "AVRO"

// candidate is a definition as it would be stored: printed, its references
// resolved, and taken apart.
type candidate struct {
	registry.Definition
	schema    *schemas.Schema // nil if the type is not AVRO
	semantics semanticHash    // zero if the type is not AVRO
	identity  [16]byte
}

func (c *candidate) stored() *stored {
	return &stored{Type: c.Type, Text: c.Text, References: c.References, Metadata: c.Metadata, RuleSet: c.RuleSet, Semantics: c.semantics}
}

// noText reports a definition without a schema: it asks for the previous one.
func noText(d registry.Definition) bool { return strings.TrimSpace(d.Text) == "" }

// withDefaults is a copy of d with its type written out and its sets sorted, so
// that nothing the caller changes later shows here.
func withDefaults(d registry.Definition) registry.Definition {
	if d.Type == "" {
		d.Type = typeAvro
	}
	d.References = slices.Clone(d.References)
	d.Metadata = completeMetadata(d.Metadata)
	d.RuleSet = completeRuleSet(d.RuleSet)
	return d
}

// parse reads a definition as it is meant under subject. A strict one must keep
// all rules, and may refer only to versions that are not deleted.
func (m *Registry) parse(w *work, subject subjectname.Name, d registry.Definition, strict, normalize bool) (*candidate, error) {
	if !slices.Contains([]string{typeAvro, "JSON", "PROTOBUF"}, d.Type) {
		return nil, errInvalidSchema("Invalid schema type "+d.Type, nil)
	}
	c := &candidate{Definition: d}
	found, refs, err := w.resolve(subject, c.References, !strict)
	c.References = refs
	if err == nil && d.Type == typeAvro {
		err = m.parseText(w, c, found, strict, normalize)
	}
	if err != nil {
		return nil, w.describeInvalid(subject, d, err)
	}
	c.identity = identityOf(c.Definition)
	return c, nil
}

// parseText reads the text of c, which refers to what was found.
func (m *Registry) parseText(w *work, c *candidate, found []*version, strict, normalize bool) error {
	defined, err := m.define(w, found)
	if err != nil {
		return err
	}
	p, err := m.parseWith(w, defined, c.Text, strict, normalize)
	if err != nil {
		return err
	}
	if normalize {
		c.References = normalReferences(c.References)
	}
	c.schema, c.Text, c.semantics = p.schema, p.printed, p.semantics
	return nil
}

// define returns a parser that knows what these versions define, each of which may
// use the names that those before it define.
func (m *Registry) define(w *work, found []*version) (*schemas.Parser, error) {
	for _, d := range w.found.defined {
		if slices.Equal(d.found, found) {
			return d.parser, d.err
		}
	}
	d := definitions{found: found, parser: schemas.NewParser(schemas.WithMaxBytes(m.conf.maxText))}
	for _, v := range found {
		text := v.entry.definition.Text
		if err := w.takeText(textCost + len(text)); err != nil {
			return nil, err
		}
		if _, d.err = d.parser.Define(text, schemas.Lenient()); d.err != nil {
			break
		}
	}
	remember(&w.found.defined, d)
	return d.parser, d.err
}

// parseWith reads a text with what a parser knows.
func (m *Registry) parseWith(w *work, parser *schemas.Parser, text string, strict, normalize bool) (*parsing, error) {
	for i := range w.found.parsed {
		p := &w.found.parsed[i]
		if p.parser == parser && p.text == text && p.strict == strict && p.normalize == normalize {
			return p, p.err
		}
	}
	cost := 2 * (textCost + len(text)) // it is printed as well
	if normalize {
		cost *= 2
	}
	if err := w.takeText(cost); err != nil {
		return nil, err
	}
	p := parsing{parser: parser, text: text, strict: strict, normalize: normalize}
	var opts []schemas.ParseOption
	if !strict {
		opts = append(opts, schemas.Lenient())
	}
	p.schema, p.err = parser.Parse(text, opts...)
	if p.err == nil && normalize {
		p.schema, p.err = parser.Parse(p.schema.Normalized(), opts...)
	}
	if p.err == nil && !strict {
		p.err = checkNames(p.schema)
	}
	if p.err == nil {
		p.printed, p.semantics = p.schema.Print(), semanticsOf(p.schema)
	}
	remember(&w.found.parsed, p)
	return &p, p.err
}

// checkNames reports a name that no schema may have, though it need not keep all rules:
// a letter or underscore and then letters, digits and underscores, of any script, in
// names of types without their namespaces, of fields, and in symbols. Namespaces and
// aliases may be anything (AvroSchemaUtils.validateNames, Confluent's registry 8.1.5).
func checkNames(s *schemas.Schema) error {
	for n := range s.Types() {
		names := n.Symbols()
		if n.FullName() != "" {
			names = append([]string{n.Name()}, names...)
		}
		for _, f := range n.Fields() {
			names = append(names, f.Name())
		}
		for _, name := range names {
			if err := checkName(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkName says in Java's words what is wrong with a name.
func checkName(name string) error {
	letter := func(c rune) bool { return c == '_' || c < 0x10000 && unicode.IsLetter(c) } // Java looks at UTF-16
	for i, c := range name {
		switch {
		case letter(c), i > 0 && c < 0x10000 && unicode.IsDigit(c):
		case i == 0:
			return &schemas.ParseError{Reason: "Illegal initial character: " + name}
		default:
			return &schemas.ParseError{Reason: "Illegal character in: " + name}
		}
	}
	if name == "" {
		return &schemas.ParseError{Reason: "Empty name"}
	}
	return nil
}

// normalReferences are refs sorted by subject and version, once each.
func normalReferences(refs []registry.Reference) []registry.Reference {
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, func(a, b registry.Reference) int {
		if c := strings.Compare(a.Subject, b.Subject); c != 0 {
			return c
		}
		return a.Version - b.Version
	})
	return slices.Compact(refs)
}

// resolve returns the versions that refs mean in subject, and all that these refer
// to, so that each comes after what it refers to; and refs with the version of the
// latest in those that ask for it.
func (w *work) resolve(subject subjectname.Name, refs []registry.Reference, deleted bool) (found []*version, answered []registry.Reference, err error) {
	if len(refs) == 0 {
		return nil, slices.Clone(refs), nil
	}
	if err := w.ctx.Err(); err != nil {
		return nil, nil, err
	}
	r := resolution{subject: subject, asked: refs, deleted: deleted, answered: slices.Clone(refs)}
	w.in(func(s *store) {
		for _, old := range w.found.resolved {
			if old.change == s.change && old.subject == subject && old.deleted == deleted && slices.Equal(old.asked, refs) {
				r = old
				return
			}
		}
		resolve := resolver{work: w, store: s, deleted: deleted, names: map[string]bool{}, versions: map[*version]bool{}}
		err = resolve.visit(subject, r.answered)
		r.found, r.change = resolve.found, s.change
	})
	if err != nil {
		return nil, nil, err
	}
	remember(&w.found.resolved, r)
	return r.found, slices.Clone(r.answered), nil
}

// resolver walks references depth first, each name once.
type resolver struct {
	work     *work
	store    *store
	deleted  bool // also versions that were softly deleted
	names    map[string]bool
	versions map[*version]bool // that were walked, under whatever name
	found    []*version
	bytes    int
}

// visit walks refs, which are of subject, and writes versions into them.
func (r *resolver) visit(subject subjectname.Name, refs []registry.Reference) error {
	for i := range refs {
		ref := &refs[i]
		if r.work.edges--; r.work.edges < 0 {
			return r.work.tooMuch("more than %d references to be followed", maxEdges)
		}
		if ref.Name == "" || ref.Subject == "" || ref.Version == 0 {
			return unresolvedError("Invalid reference: " + referenceText(*ref))
		}
		target := subject.Within(ref.Subject)
		v := r.store.at(target, ref.Version, r.deleted)
		if v == nil {
			return unresolvedError(fmt.Sprintf("No schema reference found for subject %q and version %d", target, ref.Version))
		}
		if ref.Version == latestNumber {
			ref.Version = v.number
		}
		if r.names[ref.Name] {
			continue
		}
		r.names[ref.Name] = true
		if len(r.names) > maxRefs {
			return tooManyReferences()
		}
		if r.versions[v] {
			continue // what it defines is known, by another name
		}
		r.versions[v] = true
		if err := r.visit(subjectname.Split(v.subject), slices.Clone(v.entry.definition.References)); err != nil {
			return err
		}
		r.found = append(r.found, v)
		if r.bytes += len(v.entry.definition.Text); r.bytes > maxReferenceBytes {
			return tooManyReferences()
		}
	}
	return nil
}

func tooManyReferences() error {
	return unresolvedError(fmt.Sprintf("More than %d references, or %d bytes of them, direct and indirect", maxRefs, maxReferenceBytes))
}

// unresolvedError says, in the server's words, what is wrong with a reference.
type unresolvedError string

func (e unresolvedError) Error() string { return string(e) }

// schemaOf returns the parsed text of an entry, nil if it is not AVRO. The error says
// that it cannot be read, though it was accepted once, or that the call has ended or
// would take too much ([work.stops]).
func (m *Registry) schemaOf(w *work, e *entry) (*schemas.Schema, error) {
	if e.definition.Type != typeAvro {
		return nil, nil
	}
	if parsed := e.parsed.Load(); parsed != nil {
		return parsed, nil
	}
	found, _, err := w.resolve(subjectname.Name{Context: e.Context}, e.definition.References, true)
	if err != nil {
		return nil, err
	}
	defined, err := m.define(w, found)
	if err != nil {
		return nil, err
	}
	if err := w.takeText(textCost + len(e.definition.Text)); err != nil {
		return nil, err
	}
	parsed, err := defined.Parse(e.definition.Text, schemas.Lenient())
	if err != nil {
		return nil, err
	}
	m.parsed.keep(e, parsed, textSize(found)+len(e.definition.Text))
	return parsed, nil
}

func textSize(versions []*version) (bytes int) {
	for _, v := range versions {
		bytes += len(v.entry.definition.Text)
	}
	return bytes
}

// What is kept parsed. A registry may hold many more schemas, and a parsed schema is
// much larger than its text: up to 50 times, with what it refers to.
const (
	maxParsed      = 1024
	maxParsedBytes = 8 << 20 // of texts
)

// parsedRing knows which entries hold their parsed schemas.
type parsedRing struct {
	mu      sync.Mutex
	entries []parsedEntry // oldest first
	bytes   int           // of all of them
}

type parsedEntry struct {
	entry *entry
	bytes int // of its text and of those that it refers to
}

// keep gives e its parsed schema, and takes those of the oldest away.
func (r *parsedRing) keep(e *entry, parsed *schemas.Schema, bytes int) {
	if bytes > maxParsedBytes || !e.parsed.CompareAndSwap(nil, parsed) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, parsedEntry{e, bytes})
	r.bytes += bytes
	for len(r.entries) > maxParsed || r.bytes > maxParsedBytes {
		oldest := r.entries[0]
		oldest.entry.parsed.Store(nil)
		r.bytes -= oldest.bytes
		r.entries = slices.Delete(r.entries, 0, 1)
	}
}

// describeInvalid wraps err in the server's description of the definition.
func (w *work) describeInvalid(subject subjectname.Name, d registry.Definition, err error) error {
	if w.stops(err) {
		return err
	}
	if err := w.takeText(len(d.Text)); err != nil {
		return err // the description holds the text
	}
	refs := make([]string, len(d.References))
	for i, r := range d.References {
		refs[i] = referenceText(r)
	}
	list := "[" + strings.Join(refs, ", ") + "]"
	var b strings.Builder
	fmt.Fprintf(&b, "Invalid schema of type %s, details: Invalid schema {subject=%s,version=null,id=null,guid=%s,schemaType=%s,references=%s,",
		d.Type, subject, GUID(d), d.Type, list)
	fmt.Fprintf(&b, "metadata=%s,ruleSet=%s,schema=%s,schemaTags=null,ts=null,deleted=null}",
		metadataText(d.Metadata), ruleSetText(d.RuleSet), d.Text)
	reason := err.Error()
	var parse *schemas.ParseError
	if errors.As(err, &parse) {
		reason = parse.Reason
		if parse.Path != "" {
			reason = parse.Path + ": " + reason
		}
	}
	fmt.Fprintf(&b, " with refs %s of type %s, details: %s", list, d.Type, reason)
	return errInvalidSchema(b.String(), err)
}

func referenceText(r registry.Reference) string {
	return fmt.Sprintf("{name='%s', subject='%s', version=%d}", r.Name, r.Subject, r.Version)
}

func metadataText(m *registry.Metadata) string {
	if m == nil {
		return "null"
	}
	return fmt.Sprintf("Metadata{tags=%v, properties=%v, sensitive=%v}", m.Tags, m.Properties, m.Sensitive)
}

func ruleSetText(s *registry.RuleSet) string {
	if s == nil {
		return "null"
	}
	return fmt.Sprintf("Rules{migrationRules=%d, domainRules=%d, encodingRules=%d}",
		len(s.MigrationRules), len(s.DomainRules), len(s.EncodingRules))
}
