package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry/transport"
	"github.com/kavro/kavro/schemas"
)

// schemaAnswer is a schema as registries write it. Which fields there are
// depends on the registry and the request.
type schemaAnswer struct {
	Subject    string          `json:"subject,omitempty"`
	Version    answeredVersion `json:"version,omitempty"`
	ID         answeredID      `json:"id,omitempty"`
	GUID       string          `json:"guid,omitempty"`
	SchemaType string          `json:"schemaType,omitempty"` // "" is AVRO
	Schema     *string         `json:"schema,omitempty"`
	References []Reference     `json:"references,omitempty"`
	Metadata   *Metadata       `json:"metadata,omitempty"`
	RuleSet    *RuleSet        `json:"ruleSet,omitempty"`
	Deleted    bool            `json:"deleted,omitempty"`

	parsed *schemas.Schema // of the text that was sent, which Schema may be
}

// definition is what was registered.
func (a *schemaAnswer) definition() Definition {
	d := Definition{Type: a.SchemaType, References: a.References, Metadata: a.Metadata, RuleSet: a.RuleSet, parsed: a.parsed}
	if d.Type == "" {
		d.Type = avroType
	}
	if a.Schema != nil {
		d.Text = *a.Schema
	}
	return d
}

// unparsed is what a says, without what is made of its text.
func (a *schemaAnswer) unparsed() *SubjectSchema {
	return &SubjectSchema{Subject: a.Subject, Version: int(a.Version), ID: int(a.ID), GUID: a.GUID, Deleted: a.Deleted, Definition: a.definition()}
}

// answerOf is the answer that s came from, as far as it matters.
func answerOf(s *SubjectSchema) *schemaAnswer {
	return &schemaAnswer{
		Subject: s.Subject, Version: answeredVersion(s.Version), ID: answeredID(s.ID), GUID: s.GUID, Deleted: s.Deleted,
		SchemaType: s.Type, Schema: &s.Text, References: s.References, Metadata: s.Metadata, RuleSet: s.RuleSet,
	}
}

// build makes a SubjectSchema of an answer about what, fetching what it refers
// to. where is a subject whose context references without one belong to.
func (c *Client) build(ctx context.Context, call transport.Call, what, where string, a *schemaAnswer) (*SubjectSchema, error) {
	s := a.unparsed()
	var err error
	if s.Schema, err = c.parse(ctx, call, where, s.Definition); err != nil {
		return nil, fmt.Errorf("registry: %s: %w", what, c.redacted(err))
	}
	s.parsed = nil // answers that say the same are equal
	return s, nil
}

// redacted is the error of parsing a registry's text, without the credentials that it may send back.
func (c *Client) redacted(err error) error {
	e, ok := err.(*schemas.ParseError)
	if !ok {
		return err
	}
	return &schemas.ParseError{Path: c.transport.Redact(e.Path), Line: e.Line, Column: e.Column, Reason: c.transport.Redact(e.Reason)}
}

// parse parses d leniently with all it refers to; nil if d is no Avro.
func (c *Client) parse(ctx context.Context, call transport.Call, where string, d Definition) (*schemas.Schema, error) {
	if d.Type != "" && d.Type != avroType {
		return nil, nil
	}
	if s := c.parsedBefore(d); s != nil {
		return s, nil
	}
	r := c.references(call)
	if err := r.visit(ctx, subjectname.Split(where), d.References); err != nil {
		return nil, err
	}
	return r.parse(d.Text, schemas.Lenient())
}

// parsedBefore is the schema that d's text was parsed to before; nil if it has to be parsed.
func (c *Client) parsedBefore(d Definition) *schemas.Schema {
	if s := d.parsed; s != nil && s.String() == d.Text && len(d.References) == 0 && len(d.Text) <= c.settings.maxSchema {
		return s
	}
	return nil
}

// parseStrictly is parse for a text that is about to be sent. doubt is what a
// strict parser has against a text that a lenient one takes: a registry in mode
// IMPORT takes it, or one that was told not to validate new schemas, and the others
// refuse it themselves.
func (c *Client) parseStrictly(ctx context.Context, call transport.Call, where string, d Definition) (s *schemas.Schema, doubt *schemas.ParseError, err error) {
	if d.Type != "" && d.Type != avroType {
		return nil, nil, nil
	}
	if s := c.parsedBefore(d); s != nil {
		return s, nil, nil
	}
	r := c.references(call)
	if err := r.visit(ctx, subjectname.Split(where), d.References); err != nil {
		return nil, nil, err
	}
	s, err = r.parse(d.Text)
	if errors.As(err, &doubt) {
		s, err = r.parse(d.Text, schemas.Lenient())
	}
	return s, doubt, err
}

// withDoubt adds to a registry's refusal what is known to be wrong with the schema.
func withDoubt(err error, doubt *schemas.ParseError) error {
	var refused *InvalidError
	if doubt == nil || !errors.As(err, &refused) || refused.Err != nil {
		return err
	}
	return &InvalidError{Response: refused.Response, Err: doubt}
}

// references collects what a schema refers to, depth first, so that each text
// comes after those that it refers to itself. As in Confluent's registry, a
// name counts once, where it is met first, and a text may use every name that
// came before it. A cycle, which no honest registry has, ends where a name comes
// up again.
type references struct {
	client *Client
	call   transport.Call
	named  map[string]bool
	parser *schemas.Parser
}

func (c *Client) references(call transport.Call) *references {
	return &references{
		client: c, call: call, named: make(map[string]bool),
		parser: schemas.NewParser(schemas.WithMaxBytes(c.settings.maxSchema)),
	}
}

// visit adds refs as they are meant in a subject of the context of where.
func (r *references) visit(ctx context.Context, where subjectname.Name, refs []Reference) error {
	for _, ref := range refs {
		if r.named[ref.Name] {
			continue
		}
		r.named[ref.Name] = true
		if len(r.named) > maxReferences {
			return referenceError(fmt.Sprintf("more than %d references", maxReferences))
		}
		key := versionKey{subject: where.Within(ref.Subject), version: ref.Version, deleted: true}
		if err := r.add(ctx, key); err != nil {
			return fmt.Errorf("reference %q: %w", ref.Name, err)
		}
	}
	return nil
}

// add parses one version and, before it, what it refers to.
func (r *references) add(ctx context.Context, key versionKey) error {
	a, err := r.client.reference(ctx, r.call, key)
	if malformed, ok := errors.AsType[*MalformedResponseError](err); ok && malformed.elsewhere {
		return referenceError(fmt.Sprintf("%s does not exist in its context", key)) // as the registry has it
	}
	if err != nil {
		return err
	}
	if err := r.visit(ctx, subjectname.Split(key.subject), a.References); err != nil {
		return err
	}
	if _, err := r.read(r.parser.Define, a.definition().Text, schemas.Lenient()); err != nil {
		return fmt.Errorf("%s: %w", key, r.client.redacted(err))
	}
	return nil
}

// parse parses a text with what was collected.
func (r *references) parse(text string, opts ...schemas.ParseOption) (*schemas.Schema, error) {
	return r.read(r.parser.Parse, text, opts...)
}

// read reads a text in one of the parser's ways.
func (r *references) read(how func(string, ...schemas.ParseOption) (*schemas.Schema, error), text string, opts ...schemas.ParseOption) (*schemas.Schema, error) {
	limit := r.client.settings.maxSchema
	if len(text) > limit {
		return nil, &schemas.ParseError{Reason: fmt.Sprintf("%d bytes of text, more than the limit of %d, "+
			"which registry.WithMaxSchema and the key kavro.registry.max.schema.bytes set (-max-schema-size of the command)", len(text), limit)}
	}
	return how(text, opts...)
}

// reference returns a version that a schema refers to, deleted or not.
func (c *Client) reference(ctx context.Context, call transport.Call, key versionKey) (*schemaAnswer, error) {
	if key.version == latestVersion {
		return c.askVersion(ctx, call, key) // which one it is may change
	}
	if a, ok, err := c.referred.hit(key); ok {
		return a, err
	}
	return c.referred.get(ctx, call, key, func(ctx context.Context, call transport.Call) (*schemaAnswer, error) {
		return c.askVersion(ctx, call, key)
	})
}

// maxReferences bounds how many others one schema may refer to, through others too.
const maxReferences = 1000

// referenceError says that a reference cannot be followed.
type referenceError string

func (e referenceError) Error() string { return string(e) }
