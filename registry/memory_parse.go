package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kavro/kavro/schemas"
)

const avroType = "AVRO"

// candidate is a definition as it would be stored: printed, its references
// resolved, and taken apart.
type candidate struct {
	Definition
	schema  *schemas.Schema // nil if the type is not AVRO
	meaning meaning         // zero if the type is not AVRO
}

func (c *candidate) stored() *stored {
	return &stored{Type: c.Type, Text: c.Text, References: c.References, Metadata: c.Metadata, RuleSet: c.RuleSet, Meaning: c.meaning}
}

// noText reports a definition without a schema: it asks for the previous one.
func noText(d Definition) bool { return strings.TrimSpace(d.Text) == "" }

// withDefaults is a copy of d with its type written out and its sets sorted, so
// that nothing the caller changes later shows here.
func withDefaults(d Definition) Definition {
	if d.Type == "" {
		d.Type = avroType
	}
	d.References = slices.Clone(d.References)
	d.Metadata = completeMetadata(d.Metadata)
	d.RuleSet = completeRuleSet(d.RuleSet)
	return d
}

// parse reads a definition as it is meant under subject. A strict one must keep
// all rules, and may refer only to versions that are not deleted.
func (m *Memory) parse(in view, subject qualified, d Definition, strict, normalize bool) (*candidate, error) {
	if !slices.Contains([]string{avroType, "JSON", "PROTOBUF"}, d.Type) {
		return nil, errInvalidSchema("Invalid schema type "+d.Type, nil)
	}
	c := &candidate{Definition: d}
	c.References = slices.Clone(c.References)
	found, err := resolve(in, subject, c.References, !strict)
	if err != nil {
		return nil, describeInvalid(subject, d, err)
	}
	if d.Type != avroType {
		return c, nil
	}
	refs, err := m.parseReferences(found)
	if err == nil {
		c.schema, err = m.parseAvro(d.Text, strict, refs)
	}
	if err == nil && normalize {
		c.schema, err = m.parseAvro(c.schema.Normalized(), strict, refs)
		c.References = normalReferences(c.References)
	}
	if err != nil {
		return nil, describeInvalid(subject, d, err)
	}
	c.Text = c.schema.Print()
	c.meaning = meaningOf(c.schema)
	return c, nil
}

func (m *Memory) parseAvro(text string, strict bool, refs []*schemas.Schema) (*schemas.Schema, error) {
	opts := []schemas.ParseOption{schemas.WithReferences(refs...), schemas.WithMaxBytes(m.conf.maxText)}
	if !strict {
		opts = append(opts, schemas.Lenient())
	}
	return schemas.Parse(text, opts...)
}

// normalReferences are refs sorted by subject and version, once each.
func normalReferences(refs []Reference) []Reference {
	refs = slices.Clone(refs)
	slices.SortStableFunc(refs, func(a, b Reference) int {
		if c := strings.Compare(a.Subject, b.Subject); c != 0 {
			return c
		}
		return a.Version - b.Version
	})
	return slices.Compact(refs)
}

// resolve returns the versions that refs mean in subject, and all that these refer
// to, so that each comes after what it refers to. It writes the version of the
// latest into those of refs that ask for it.
func resolve(in view, subject qualified, refs []Reference, deleted bool) (found []*version, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	in(func(s *store) {
		r := resolver{store: s, deleted: deleted, seen: map[string]bool{}}
		err = r.visit(subject, refs)
		found = r.found
	})
	return found, err
}

// resolver walks references depth first, each name once.
type resolver struct {
	store   *store
	deleted bool // also versions that were softly deleted
	seen    map[string]bool
	found   []*version
	bytes   int
}

func (r *resolver) visit(subject qualified, refs []Reference) error {
	for i := range refs {
		ref := &refs[i]
		if ref.Name == "" || ref.Subject == "" || ref.Version == 0 {
			return referenceError("Invalid reference: " + referenceText(*ref))
		}
		target := subject.within(ref.Subject)
		v := r.store.at(target, ref.Version, r.deleted)
		if v == nil {
			return referenceError(fmt.Sprintf("No schema reference found for subject %q and version %d", target, ref.Version))
		}
		if ref.Version == latestVersion {
			ref.Version = v.number
		}
		if r.seen[ref.Name] {
			continue
		}
		r.seen[ref.Name] = true
		if err := r.visit(splitSubject(v.subject), slices.Clone(v.entry.definition.References)); err != nil {
			return err
		}
		r.found = append(r.found, v)
		r.bytes += len(v.entry.definition.Text)
		if len(r.found) > maxReferences || r.bytes > maxReferenceBytes {
			return referenceError(fmt.Sprintf("More than %d references, or %d bytes of them, direct and indirect", maxReferences, maxReferenceBytes))
		}
	}
	return nil
}

// What parsing one schema may take: each schema that it refers to, directly or
// not, is parsed as well.
const (
	maxReferences     = 1000
	maxReferenceBytes = 8 << 20
)

// referenceError says, in the server's words, what is wrong with a reference.
type referenceError string

func (e referenceError) Error() string { return string(e) }

// parseReferences parses one after the other: each may use the names that those
// before it define.
func (m *Memory) parseReferences(found []*version) (refs []*schemas.Schema, err error) {
	for _, v := range found {
		ref, err := m.parseAvro(v.entry.definition.Text, false, refs)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// schemaOf returns the parsed text of an entry, nil if it is not AVRO or, though
// it was accepted once, cannot be read.
func (m *Memory) schemaOf(in view, e *entry) *schemas.Schema {
	if e.definition.Type != avroType {
		return nil
	}
	if parsed := e.parsed.Load(); parsed != nil {
		return parsed
	}
	found, err := resolve(in, qualified{context: e.Context}, slices.Clone(e.definition.References), true)
	if err != nil {
		return nil
	}
	refs, err := m.parseReferences(found)
	if err != nil {
		return nil
	}
	parsed, err := m.parseAvro(e.definition.Text, false, refs)
	if err != nil {
		return nil
	}
	m.parsed.keep(e, parsed)
	return parsed
}

// maxParsed is how many schemas are kept parsed. A registry may hold many more,
// and a parsed schema is much larger than its text.
const maxParsed = 1024

// parsedRing knows which entries hold their parsed schemas, oldest first.
type parsedRing struct {
	mu      sync.Mutex
	entries [maxParsed]*entry
	next    int
}

// keep gives e its parsed schema, and takes that of the oldest away.
func (r *parsedRing) keep(e *entry, parsed *schemas.Schema) {
	if !e.parsed.CompareAndSwap(nil, parsed) {
		return
	}
	r.mu.Lock()
	oldest := r.entries[r.next]
	r.entries[r.next] = e
	r.next = (r.next + 1) % maxParsed
	r.mu.Unlock()
	if oldest != nil {
		oldest.parsed.Store(nil)
	}
}

// describeInvalid wraps err in the server's description of the definition.
func describeInvalid(subject qualified, d Definition, err error) error {
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

func referenceText(r Reference) string {
	return fmt.Sprintf("{name='%s', subject='%s', version=%d}", r.Name, r.Subject, r.Version)
}

func metadataText(m *Metadata) string {
	if m == nil {
		return "null"
	}
	return fmt.Sprintf("Metadata{tags=%v, properties=%v, sensitive=%v}", m.Tags, m.Properties, m.Sensitive)
}

func ruleSetText(s *RuleSet) string {
	if s == nil {
		return "null"
	}
	return fmt.Sprintf("Rules{migrationRules=%d, domainRules=%d, encodingRules=%d}",
		len(s.MigrationRules), len(s.DomainRules), len(s.EncodingRules))
}
