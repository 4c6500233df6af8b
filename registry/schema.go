package registry

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/internal/schemaguid"
	"github.com/kavro/kavro/registry/transport"
	"github.com/kavro/kavro/schemas"
)

// SchemaByID returns the schema that has this id where subject is: in the
// context that its name begins with, or the default one. With a subject, the
// registry also knows which permission is meant, and which of several contexts
// if the name has none; "" is the default context alone. Subject and Version of
// the answer are a place where the schema is registered, if the registry says
// so: under subject, if it is registered there.
//
// It asks once per id and subject. The error is a [*NotFoundError] if there is no
// such id.
func (c *Client) SchemaByID(ctx context.Context, subject string, id int) (*SubjectSchema, error) {
	key := idKey{subjectKey(subject), id}
	if s, ok, err := c.ids.hit(key); ok {
		return s, err
	}
	if id < 1 || id > math.MaxInt32 {
		return nil, unknownSchema(key.String())
	}
	return c.ids.get(ctx, transport.Call{}, key, func(ctx context.Context, call transport.Call) (*SubjectSchema, error) {
		path := withQuery(apiPath("schemas", "ids", strconv.Itoa(id)), "subject", key.subject)
		a, err := c.askSchema(ctx, call, path, c.expect(key))
		if err != nil {
			return nil, err
		}
		return c.build(ctx, call, key.String(), key.subject, a)
	})
}

// SchemaByGUID returns the schema that has this GUID, in any context. The ID of
// the answer is 0 unless the registry says it. Only some registries have GUIDs;
// with others the error is a [*NotFoundError].
func (c *Client) SchemaByGUID(ctx context.Context, guid string) (*SubjectSchema, error) {
	raw, ok := schemaguid.Parse(guid)
	if !ok {
		return nil, unknownSchema(fmt.Sprintf("schema %q (not a GUID)", guid))
	}
	guid = schemaguid.Format(raw)
	if s, ok, err := c.guids.hit(guid); ok {
		return s, err
	}
	return c.guids.get(ctx, transport.Call{}, guid, func(ctx context.Context, call transport.Call) (*SubjectSchema, error) {
		a, err := c.askSchema(ctx, call, apiPath("schemas", "guids", guid), expectedGUID(guid))
		if err != nil {
			return nil, err
		}
		return c.build(ctx, call, guidName(guid), a.Subject, a)
	})
}

// unknownSchema is the answer for what cannot be the name of a schema: there is
// no need to ask.
func unknownSchema(what string) error {
	return &NotFoundError{What: what, Response: Response{Status: http.StatusNotFound, Code: 40403, Message: "Schema not found"}}
}

// Version returns a version of a subject; -1 is the latest, as [Client.Latest]
// gives it. Options: [WithDeleted], [Format].
//
// It asks once per version. The error is a [*NotFoundError] if there is no such
// subject or version.
func (c *Client) Version(ctx context.Context, subject string, version int, opts ...CallOption) (*SubjectSchema, error) {
	o, err := callOf("Version", withDeleted|formatted, opts)
	if err != nil {
		return nil, err
	}
	key := versionKey{subjectKey(subject), version, o.Deleted, o.Format}
	switch {
	case version == latestVersion && !key.deleted && key.format == "":
		return c.Latest(ctx, subject)
	case version == latestVersion:
		ctx, cancel := c.transport.WithDeadline(ctx)
		defer cancel()
		return c.versionNow(ctx, transport.Call{}, key)
	}
	if s, ok, err := c.versions.hit(key); ok {
		return s, err
	}
	return c.versions.get(ctx, transport.Call{}, key, func(ctx context.Context, call transport.Call) (*SubjectSchema, error) {
		return c.versionNow(ctx, call, key)
	})
}

// versionNow is one request for a version, and those for what it refers to.
func (c *Client) versionNow(ctx context.Context, call transport.Call, key versionKey) (*SubjectSchema, error) {
	a, err := c.askVersion(ctx, call, key)
	if err != nil {
		return nil, err
	}
	return c.build(ctx, call, key.String(), key.subject, a)
}

// Latest returns the newest version of a subject that is not deleted. See
// [WithLatest] for how new.
func (c *Client) Latest(ctx context.Context, subject string) (*SubjectSchema, error) {
	return c.latest.get(ctx, latestKey{subject: subjectKey(subject)})
}

// LatestWithMetadata returns the newest version of a subject whose metadata has
// all these properties, as new as Latest would be. Options: [WithDeleted].
func (c *Client) LatestWithMetadata(ctx context.Context, subject string, properties map[string]string, opts ...CallOption) (*SubjectSchema, error) {
	o, err := callOf("LatestWithMetadata", withDeleted, opts)
	if err != nil {
		return nil, err
	}
	q := make(url.Values, 2)
	for _, name := range sortedKeys(properties) {
		q.Add("key", name)
		q.Add("value", properties[name])
	}
	return c.latest.get(ctx, latestKey{subject: subjectKey(subject), metadata: q.Encode(), deleted: o.Deleted})
}

// Text returns the text of a version byte for byte as the registry has it, which
// many rewrite. It is not kept.
func (c *Client) Text(ctx context.Context, subject string, version int) (string, error) {
	ctx, cancel := c.transport.WithDeadline(ctx)
	defer cancel()
	a, err := c.askVersion(ctx, transport.Call{}, versionKey{subject: subjectKey(subject), version: version})
	if err != nil {
		return "", err
	}
	return *a.Schema, nil
}

// askLatest is one request for what latestKey says.
func (c *Client) askLatest(ctx context.Context, call transport.Call, key latestKey) (*SubjectSchema, time.Time, error) {
	e := c.expect(key)
	stored := c.files.load("latest", key.full(), e.acceptStored)
	if stored != nil {
		call.Once = true
	}
	at := time.Now()
	s, err := c.latestNow(ctx, call, key)
	switch {
	case err == nil:
		c.write(e.stored("latest", key.full(), answerOf(s)))
		return s, at, nil
	case stored == nil || !unavailable(err) || !c.latest.usable(time.Since(stored.At)):
		return nil, at, err
	}
	s, failed := c.build(ctx, call, e.what, e.subject, &stored.Answer)
	if failed != nil {
		return nil, at, err
	}
	c.latest.tell(EventFallback, key, time.Since(stored.At), err)
	return s, stored.At, nil
}

func (c *Client) latestNow(ctx context.Context, call transport.Call, key latestKey) (*SubjectSchema, error) {
	path := apiPath("subjects", key.subject, "versions", "latest")
	switch {
	case key.metadata != "":
		path = apiPath("subjects", key.subject, "metadata") + "?" + key.metadata
		if key.deleted {
			path += "&deleted=true"
		}
	case key.deleted:
		path += "?deleted=true"
	}
	e := c.expect(key)
	a, err := c.askSchema(ctx, call, path, e)
	if err != nil {
		return nil, err
	}
	return c.build(ctx, call, e.what, e.subject, a)
}

// askVersion is one request for a version.
func (c *Client) askVersion(ctx context.Context, call transport.Call, key versionKey) (*schemaAnswer, error) {
	path := withQuery(apiPath("subjects", key.subject, "versions", versionSegment(key.version)), "deleted", flag(key.deleted), "format", key.format)
	return c.askSchema(ctx, call, path, c.expect(key))
}

// askSchema is one request for a schema; the answer is as e has it.
func (c *Client) askSchema(ctx context.Context, call transport.Call, path string, e *expected) (*schemaAnswer, error) {
	var a schemaAnswer
	got, err := c.answer(ctx, call, http.MethodGet, path, e.what, nil, readSchema(&a))
	if err != nil {
		return nil, err
	}
	if err := c.acceptFrom(ctx, call, got, http.MethodGet, e, &a); err != nil {
		return nil, err
	}
	return &a, nil
}

// Lookup finds the version of subject that holds d. Options: [Normalize],
// [WithDeleted].
//
// What was found is not asked for again. The error is a [*NotFoundError], with
// code 40401 if the subject does not exist and 40403 if it does not have d.
func (c *Client) Lookup(ctx context.Context, subject string, d Definition, opts ...CallOption) (*SubjectSchema, error) {
	o, err := callOf("Lookup", normalizes|withDeleted, opts)
	if err != nil {
		return nil, err
	}
	key := newDefinitionKey(subjectKey(subject), d, o)
	if s, ok, err := c.known.hit(key); ok {
		return s, err
	}
	return c.known.get(ctx, transport.Call{}, key, func(ctx context.Context, call transport.Call) (*SubjectSchema, error) {
		path := withQuery(apiPath("subjects", key.subject), "normalize", flag(o.Normalize), "deleted", flag(o.Deleted))
		return c.post(ctx, call, path, key, c.expect(key), d, o)
	})
}

// Register gives d an id and a version under subject, or finds those that it
// has. Its text is registered byte for byte, but for comments in Avro. Options: [Normalize], [AtID],
// [Force].
//
// The answer holds the definition as the registry has it or, of a registry that
// answers an id alone, d; version and GUID are then unknown: no second request is
// made for them. What was registered is not registered again by this client.
//
// The registry decides what it takes: a name or a default that breaks the rules of
// the specification is sent, since a subject in mode [Import] takes it, and so does
// one that does not validate new schemas. Only what no registry reads is refused
// here. The error is an [*InvalidError] for a schema that breaks the rules, and a [*ConflictError] for an incompatible
// one; they wrap the *schemas.ParseError and, where the registry gives reasons,
// the *schemas.IncompatibleError.
func (c *Client) Register(ctx context.Context, subject string, d Definition, opts ...CallOption) (*SubjectSchema, error) {
	o, err := callOf("Register", normalizes|atID|forces, opts)
	if err != nil {
		return nil, err
	}
	key := newDefinitionKey(subjectKey(subject), d, Call{Normalize: o.Normalize})
	if s, ok := c.registeredBefore(key); ok && !o.special() {
		c.known.tell(EventHit, key, nil)
		return s, nil
	}
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	work := func(ctx context.Context, call transport.Call) (*SubjectSchema, error) {
		if s, ok := c.registeredBefore(key); ok && !o.special() {
			return s, nil // another sharedCall landed between the caller's look and this one
		}
		ctx, cancel := c.transport.WithDeadline(ctx)
		defer cancel()
		return c.register(ctx, call, key, d, o)
	}
	if o.special() {
		return work(ctx, transport.Call{})
	}
	return c.registering.do(ctx, transport.Call{}, c.group, key, work)
}

// special reports whether a registration asks for more than that a schema is there:
// an answer to an earlier one does not do.
func (c Call) special() bool { return c.ID != 0 || c.Version != 0 || c.Force }

// registeredBefore returns what this client was answered when it registered or
// looked up a definition.
func (c *Client) registeredBefore(key definitionKey) (*SubjectSchema, bool) {
	if s, ok := c.known.found.Get(key); ok {
		return s, true
	}
	return c.bare.found.Get(key)
}

func (c *Client) register(ctx context.Context, call transport.Call, key definitionKey, d Definition, o Call) (*SubjectSchema, error) {
	path := withQuery(apiPath("subjects", key.subject, "versions"), "normalize", flag(o.Normalize), "force", flag(o.Force))
	e := c.expect(key)
	e.id, e.version, e.deleted = o.ID, o.Version, true
	s, err := c.post(ctx, call, path, key, e, d, o)
	c.registered(key.subject) // also on an error: it may have been carried out
	if err != nil {
		if stored := c.known.load(key); stored != nil && unavailable(err) && !o.special() {
			return c.known.fallBack(ctx, call, key, stored, c.known.now(), err)
		}
		return nil, err
	}
	answers := c.known
	if s.Version == 0 {
		answers = c.bare // a Lookup would find the version
	}
	answers.keep(key, s, answers.now())
	answers.save(key, s)
	return s, nil
}

// post sends a definition and makes a SubjectSchema of the answer or, of a
// registry that answers an id alone, of d. It parses d first: a text that not even
// a lenient parser takes is not sent.
func (c *Client) post(ctx context.Context, call transport.Call, path string, key definitionKey, e *expected, d Definition, o Call) (*SubjectSchema, error) {
	d.Type = key.typ
	sent := &SubjectSchema{Subject: key.subject, Definition: d}
	sent.parsed = nil
	copies := strings.TrimSpace(d.Text) == "" // asks for the text of the version before
	if !utf8.ValidString(d.Text) {
		return nil, invalidDefinition(errNotUTF8)
	}
	var err error
	var doubt *schemas.ParseError
	if !copies {
		if sent.Schema, doubt, err = c.parseStrictly(ctx, call, key.subject, d); err != nil {
			return nil, invalidDefinition(err)
		}
		if sent.Schema != nil {
			sent.Text = sent.Schema.String()
		}
	}
	a := schemaAnswer{parsed: sent.Schema}
	got, err := c.answer(ctx, call, http.MethodPost, path, e.what, newSchemaRequest(d, o), readSchema(&a))
	if err != nil {
		if _, refused := errors.AsType[*InvalidError](err); refused && d.parsed != nil { // leniently, perhaps
			d.parsed = nil
			_, doubt, _ = c.parseStrictly(ctx, call, key.subject, d)
		}
		return nil, c.refusedInWords(ctx, key.subject, withDoubt(err, doubt), sent.Schema)
	}
	if err := c.acceptFrom(ctx, call, got, http.MethodPost, e, &a); err != nil {
		return nil, err
	}
	if a.Schema == nil && copies {
		return c.SchemaByID(ctx, key.subject, int(a.ID))
	}
	if a.Schema != nil {
		if a.References == nil {
			a.References = d.References // some leave them out
		}
		s, err := c.build(ctx, call, e.what, a.Subject, &a)
		switch another := err == nil && sent.Schema != nil && s.Schema.Canonical() != sent.Schema.Canonical(); {
		case another:
			return nil, c.malformed(got, http.MethodPost, e.what, exactjson.Faultf("its schema, with id %d, is another one", a.ID))
		case err == nil || copies || permanentFailure(err):
			return s, err
		}
	}
	sent.Subject, sent.ID, sent.Version, sent.GUID, sent.Deleted = a.Subject, int(a.ID), int(a.Version), a.GUID, a.Deleted
	return sent, nil
}

// invalidDefinition is the error for a definition that is not worth sending:
// its text cannot be read, or refers to what does not exist. A failure to find
// that out stays what it is. Status and code are those that it would get. That a
// reference was not found is said in words alone: what is missing is not what
// the caller asked for.
func invalidDefinition(err error) error {
	var reference referenceError
	if !permanentFailure(err) && !errors.As(err, &reference) && !errors.Is(err, errNotUTF8) {
		return err
	}
	out := &InvalidError{Response: Response{Status: http.StatusUnprocessableEntity, Code: 42201, Message: err.Error()}}
	if notFound := (*NotFoundError)(nil); !errors.As(err, &notFound) {
		out.Err = err
	}
	return out
}

var errNotUTF8 = errors.New("the text is not valid UTF-8")

// schemaRequest is a definition as registries read it. Fields that are not set
// are left out: some registries refuse those that they do not know.
type schemaRequest struct {
	Schema     string      `json:"schema"`
	SchemaType string      `json:"schemaType,omitempty"` // "" is AVRO, also for registries older than other types
	References []Reference `json:"references,omitempty"`
	Metadata   *Metadata   `json:"metadata,omitempty"`
	RuleSet    *RuleSet    `json:"ruleSet,omitempty"`
	ID         int         `json:"id,omitempty"`
	Version    int         `json:"version,omitempty"`
}

func newSchemaRequest(d Definition, o Call) schemaRequest {
	r := schemaRequest{Schema: d.Text, SchemaType: d.Type, References: d.References, Metadata: d.Metadata, RuleSet: d.RuleSet, ID: o.ID, Version: o.Version}
	if r.SchemaType == avroType || r.SchemaType == "" {
		r.SchemaType = ""
		r.Schema = schemas.StripComments(r.Schema) // not every registry knows them
	}
	return r
}
