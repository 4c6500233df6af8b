package srclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	sr "github.com/riferrei/srclient"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// A Source asks a client of srclient. It is what serde's serializers and deserializers
// ask of a registry (serde.SchemaRegistrar and serde.SchemaSource), and safe for
// concurrent use as that client is.
//
// srclient (v0.7.4) bounds what a Source can do:
//
//   - It takes no context. A call is not begun when its context has ended; one that is
//     under way ends with the client's own time-out.
//   - It has no contexts of subjects, metadata, rule sets and GUIDs: definitions with
//     metadata or rules, and schemas by GUID, are refused. A rule set that the registry
//     holds is not seen, so encrypted fields need a [registry.Client].
//   - It replaces line breaks in the text that it registers by spaces, and fetches a
//     schema again after it has registered it.
//   - Its errors have no status. It is taken from the registry's error code.
//
// How long answers are cached is up to srclient, which caches for ever by default: with
// serde's WithLatest, switch that off (CachingEnabled(false)).
type Source struct{ client sr.ISchemaRegistryClient }

// NewSource makes a source of a client of srclient.
func NewSource(client sr.ISchemaRegistryClient) *Source { return &Source{client} }

// Lookup finds the version of subject that holds d. It takes no options.
func (s *Source) Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	return s.send(ctx, s.client.LookupSchema, subject, d, opts)
}

// Register gives d an id under subject, or finds that which it has. It takes no options.
// Version is 0 if srclient does not say it.
func (s *Source) Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	return s.send(ctx, s.client.CreateSchema, subject, d, opts)
}

type sender func(subject, schema string, schemaType sr.SchemaType, references ...sr.Reference) (*sr.Schema, error)

func (s *Source) send(ctx context.Context, send sender, subject string, d registry.Definition, opts []registry.CallOption) (*registry.SubjectSchema, error) {
	if err := noOptions(opts); err != nil {
		return nil, err
	}
	if d.Metadata != nil || d.RuleSet != nil {
		return nil, unsupported("metadata and rule sets cannot be sent")
	}
	var references []sr.Reference
	for _, r := range d.References {
		references = append(references, sr.Reference(r))
	}
	return s.schema(ctx, subject, "schema of subject "+subject, func() (*sr.Schema, error) {
		return send(subject, d.Text, sr.SchemaType(cmp.Or(d.Type, string(sr.Avro))), references...)
	})
}

// Latest returns the newest version of subject.
func (s *Source) Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error) {
	return s.schema(ctx, subject, "subject "+subject, func() (*sr.Schema, error) { return s.client.GetLatestSchema(subject) })
}

// Version returns a version of subject, -1 the latest. It takes no options.
func (s *Source) Version(ctx context.Context, subject string, version int, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	if err := noOptions(opts); err != nil {
		return nil, err
	}
	if version == -1 {
		return s.Latest(ctx, subject)
	}
	return s.schema(ctx, subject, fmt.Sprintf("version %d of subject %s", version, subject), func() (*sr.Schema, error) {
		return s.client.GetSchemaByVersion(subject, version)
	})
}

// Versions returns the versions of subject. It takes no options.
func (s *Source) Versions(ctx context.Context, subject string, opts ...registry.CallOption) ([]int, error) {
	if err := noOptions(opts); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	versions, err := s.client.GetSchemaVersions(subject)
	return versions, failure("subject "+subject, err)
}

// SchemaByID returns the schema with this id. subject does not matter: srclient knows
// the default context alone.
func (s *Source) SchemaByID(ctx context.Context, _ string, id int) (*registry.SubjectSchema, error) {
	return s.schema(ctx, "", fmt.Sprintf("schema id %d", id), func() (*sr.Schema, error) { return s.client.GetSchema(id) })
}

// SchemaByGUID returns an error: srclient does not know GUIDs.
func (s *Source) SchemaByGUID(context.Context, string) (*registry.SubjectSchema, error) {
	return nil, unsupported("schemas cannot be found by their GUIDs")
}

// Compatibility returns the level that holds for subject, "" for the global one.
func (s *Source) Compatibility(ctx context.Context, subject string) (schemas.Level, error) {
	if err := ctx.Err(); err != nil {
		return schemas.None, context.Cause(ctx)
	}
	ask := func() (*sr.CompatibilityLevel, error) { return s.client.GetCompatibilityLevel(subject, true) }
	if subject == "" {
		ask = s.client.GetGlobalCompatibilityLevel
	}
	level, err := ask()
	if err != nil {
		return schemas.None, failure("a configuration of subject "+subject, err)
	}
	return schemas.ParseLevel(string(*level))
}

// schema asks for a schema and parses it, with those that it refers to.
func (s *Source) schema(ctx context.Context, subject, what string, ask func() (*sr.Schema, error)) (*registry.SubjectSchema, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	got, err := ask()
	if err != nil {
		return nil, failure(what, err)
	}
	out := &registry.SubjectSchema{Subject: subject, Version: got.Version(), ID: got.ID()}
	out.Type, out.Text = string(sr.Avro), got.Schema()
	if t := got.SchemaType(); t != nil {
		out.Type = string(*t)
	}
	for _, r := range got.References() {
		out.References = append(out.References, registry.Reference(r))
	}
	if out.Type != string(sr.Avro) {
		return out, nil
	}
	parser := schemas.NewParser()
	if err := s.define(parser, map[string]bool{}, got.References()); err != nil {
		return nil, fmt.Errorf("registry: %s: %w", what, err)
	}
	if out.Schema, err = parser.Parse(out.Text, schemas.Lenient()); err != nil {
		return nil, fmt.Errorf("registry: %s: %w", what, err)
	}
	return out, nil
}

// define parses what a schema refers to, each after what it refers to itself. A name
// counts once, so that a cycle ends.
func (s *Source) define(parser *schemas.Parser, seen map[string]bool, references []sr.Reference) error {
	for _, r := range references {
		if seen[r.Name] {
			continue
		}
		seen[r.Name] = true
		got, err := s.client.GetSchemaByVersion(r.Subject, r.Version)
		if err != nil {
			return fmt.Errorf("reference %q: %w", r.Name, failure(fmt.Sprintf("version %d of subject %s", r.Version, r.Subject), err))
		}
		if err := s.define(parser, seen, got.References()); err != nil {
			return err
		}
		if _, err := parser.Define(got.Schema(), schemas.Lenient()); err != nil {
			return fmt.Errorf("reference %q: %w", r.Name, err)
		}
	}
	return nil
}

func noOptions(opts []registry.CallOption) error {
	if len(opts) > 0 {
		return unsupported("calls take no options")
	}
	return nil
}

func unsupported(what string) error {
	return &registry.InvalidError{Response: registry.Response{Message: "through srclient, " + what + ": use a registry.Client"}}
}

// failure is an error of srclient by what a caller can do about it.
func failure(what string, err error) error {
	var answered sr.Error
	if err == nil {
		return nil
	}
	if !errors.As(err, &answered) || answered.Code == 0 {
		return &registry.UnavailableError{Err: err} // of the network, or no answer of a registry
	}
	status := answered.Code
	if status > 999 {
		status /= 100
	}
	r := registry.Response{Status: status, Code: answered.Code, Message: answered.Message}
	switch {
	case status == http.StatusNotFound:
		return &registry.NotFoundError{What: what, Response: r}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return &registry.UnauthorizedError{Response: r}
	case status == http.StatusConflict:
		return &registry.ConflictError{Response: r}
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return &registry.UnavailableError{Response: r}
	}
	return &registry.InvalidError{Response: r}
}
