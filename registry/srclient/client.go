package srclient

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	sr "github.com/riferrei/srclient"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// A Client is a [registry.Client] as srclient's users know one. It is safe for
// concurrent use, and does not own the client that it asks.
//
// Credentials, caches and connections are those of the registry.Client, set by its own
// options: SetCredentials, SetBearerToken, CachingEnabled, ResetCache,
// CodecCreationEnabled and CodecJsonEnabled have no effect. A schema makes its codec
// when it is first asked for it. Errors are those of package registry.
type Client struct {
	client  *registry.Client
	timeout atomic.Int64 // nanoseconds; 0: the client's own
}

var _ sr.ISchemaRegistryClient = (*Client)(nil)

// NewClient makes a client for srclient's users of c.
func NewClient(c *registry.Client) *Client { return &Client{client: c} }

// SetTimeout bounds each call from now on, within the time-outs of the registry.Client;
// 0 leaves those.
func (c *Client) SetTimeout(timeout time.Duration) { c.timeout.Store(int64(timeout)) }

func (c *Client) context() (context.Context, context.CancelFunc) {
	if d := time.Duration(c.timeout.Load()); d > 0 {
		return context.WithTimeout(context.Background(), d)
	}
	return context.WithCancel(context.Background())
}

// GetSchemaRegistryURL returns the registry's first URL.
func (c *Client) GetSchemaRegistryURL() string { return c.client.URL() }

// GetGlobalCompatibilityLevel returns the global level.
func (c *Client) GetGlobalCompatibilityLevel() (*sr.CompatibilityLevel, error) {
	ctx, cancel := c.context()
	defer cancel()
	return levelOf(c.client.Compatibility(ctx, ""))
}

// GetCompatibilityLevel returns the level of a subject: its own or, if defaultToGlobal
// is set, that which holds for it.
func (c *Client) GetCompatibilityLevel(subject string, defaultToGlobal bool) (*sr.CompatibilityLevel, error) {
	ctx, cancel := c.context()
	defer cancel()
	if defaultToGlobal {
		return levelOf(c.client.Compatibility(ctx, subject))
	}
	conf, err := c.client.Config(ctx, subject)
	if err == nil && conf.Level == nil {
		err = fmt.Errorf("registry: the configuration of subject %s has no level", subject)
	}
	if err != nil {
		return nil, err
	}
	return levelOf(*conf.Level, nil)
}

// ChangeSubjectCompatibilityLevel sets the level of a subject.
func (c *Client) ChangeSubjectCompatibilityLevel(subject string, level sr.CompatibilityLevel) (*sr.CompatibilityLevel, error) {
	ctx, cancel := c.context()
	defer cancel()
	parsed, err := schemas.ParseLevel(string(level))
	if err != nil {
		return nil, err
	}
	return levelOf(parsed, c.client.SetCompatibility(ctx, subject, parsed))
}

// DeleteSubjectCompatibilityLevel removes the configuration of a subject, and returns
// the level that holds for it from now on.
func (c *Client) DeleteSubjectCompatibilityLevel(subject string) (*sr.CompatibilityLevel, error) {
	ctx, cancel := c.context()
	defer cancel()
	if err := c.client.DeleteConfig(ctx, subject); err != nil {
		return nil, err
	}
	return levelOf(c.client.Compatibility(ctx, subject))
}

func levelOf(l schemas.Level, err error) (*sr.CompatibilityLevel, error) {
	if err != nil {
		return nil, err
	}
	level := sr.CompatibilityLevel(l.String())
	return &level, nil
}

// GetSubjects lists the subjects.
func (c *Client) GetSubjects() ([]string, error) {
	ctx, cancel := c.context()
	defer cancel()
	return c.client.Subjects(ctx, "")
}

// GetSubjectsIncludingDeleted lists the subjects, softly deleted ones too.
func (c *Client) GetSubjectsIncludingDeleted() ([]string, error) {
	ctx, cancel := c.context()
	defer cancel()
	return c.client.Subjects(ctx, "", registry.WithDeleted())
}

// GetSchema returns the schema with this id.
func (c *Client) GetSchema(schemaID int) (*sr.Schema, error) {
	ctx, cancel := c.context()
	defer cancel()
	return schemaOf(c.client.SchemaByID(ctx, "", schemaID))
}

// GetLatestSchema returns the newest version of a subject.
func (c *Client) GetLatestSchema(subject string) (*sr.Schema, error) {
	ctx, cancel := c.context()
	defer cancel()
	return schemaOf(c.client.Latest(ctx, subject))
}

// GetSchemaByVersion returns a version of a subject.
func (c *Client) GetSchemaByVersion(subject string, version int) (*sr.Schema, error) {
	ctx, cancel := c.context()
	defer cancel()
	return schemaOf(c.client.Version(ctx, subject, version))
}

// GetSchemaVersions lists the versions of a subject.
func (c *Client) GetSchemaVersions(subject string) ([]int, error) {
	ctx, cancel := c.context()
	defer cancel()
	return c.client.Versions(ctx, subject)
}

// GetSubjectVersionsById lists the versions that have this id.
func (c *Client) GetSubjectVersionsById(schemaID int) (sr.SubjectVersionResponse, error) {
	ctx, cancel := c.context()
	defer cancel()
	versions, err := c.client.VersionsByID(ctx, "", schemaID)
	if err != nil {
		return nil, err
	}
	out := make(sr.SubjectVersionResponse, len(versions))
	for i, v := range versions {
		out[i].Subject, out[i].Version = v.Subject, v.Version
	}
	return out, nil
}

// CreateSchema registers a schema.
func (c *Client) CreateSchema(subject, schema string, schemaType sr.SchemaType, references ...sr.Reference) (*sr.Schema, error) {
	ctx, cancel := c.context()
	defer cancel()
	return schemaOf(c.client.Register(ctx, subject, definition(schema, schemaType, references)))
}

// LookupSchema finds the version of a subject that holds a schema.
func (c *Client) LookupSchema(subject, schema string, schemaType sr.SchemaType, references ...sr.Reference) (*sr.Schema, error) {
	ctx, cancel := c.context()
	defer cancel()
	return schemaOf(c.client.Lookup(ctx, subject, definition(schema, schemaType, references)))
}

// IsSchemaCompatible checks a schema against a version of a subject, "latest" or a
// number. The reasons why it is incompatible are the error that a registration returns.
func (c *Client) IsSchemaCompatible(subject, schema, version string, schemaType sr.SchemaType, references ...sr.Reference) (bool, error) {
	ctx, cancel := c.context()
	defer cancel()
	number := -1
	if version != "latest" {
		var err error
		if number, err = strconv.Atoi(version); err != nil {
			return false, fmt.Errorf("registry: version %q is not a number and not \"latest\"", version)
		}
	}
	err := c.client.CheckCompatibility(ctx, subject, definition(schema, schemaType, references), registry.Against(number))
	if _, incompatible := err.(*schemas.IncompatibleError); incompatible {
		return false, nil
	}
	return err == nil, err
}

// DeleteSubject deletes a subject softly and then, if permanent is set, for good.
func (c *Client) DeleteSubject(subject string, permanent bool) error {
	ctx, cancel := c.context()
	defer cancel()
	_, err := c.client.DeleteSubject(ctx, subject)
	if err == nil && permanent {
		_, err = c.client.DeleteSubject(ctx, subject, registry.Permanent())
	}
	return err
}

// DeleteSubjectByVersion deletes a version softly and then, if permanent is set, for good.
func (c *Client) DeleteSubjectByVersion(subject string, version int, permanent bool) error {
	ctx, cancel := c.context()
	defer cancel()
	err := c.client.DeleteVersion(ctx, subject, version)
	if err == nil && permanent {
		err = c.client.DeleteVersion(ctx, subject, version, registry.Permanent())
	}
	return err
}

// SetCredentials has no effect: see [Client].
func (c *Client) SetCredentials(_, _ string) {}

// SetBearerToken has no effect: see [Client].
func (c *Client) SetBearerToken(string) {}

// CachingEnabled has no effect: see [Client].
func (c *Client) CachingEnabled(bool) {}

// ResetCache has no effect: see [Client].
func (c *Client) ResetCache() {}

// CodecCreationEnabled has no effect: see [Client].
func (c *Client) CodecCreationEnabled(bool) {}

// CodecJsonEnabled has no effect: see [Client].
func (c *Client) CodecJsonEnabled(bool) {}

func definition(schema string, schemaType sr.SchemaType, references []sr.Reference) registry.Definition {
	d := registry.Definition{Type: string(schemaType), Text: schema}
	for _, r := range references {
		d.References = append(d.References, registry.Reference(r))
	}
	return d
}

func schemaOf(s *registry.SubjectSchema, err error) (*sr.Schema, error) {
	if err != nil {
		return nil, err
	}
	var references []sr.Reference
	for _, r := range s.References {
		references = append(references, sr.Reference(r))
	}
	return sr.NewSchema(s.ID, s.Text, sr.SchemaType(s.Type), s.Version, references, nil, nil)
}
