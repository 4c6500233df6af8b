package registry

import (
	"context"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry/transport"
)

// openCaches makes the caches, each with its kind of key and answer.
func (c *Client) openCaches() {
	s := &c.settings
	build := func(ctx context.Context, call transport.Call, e *expected, a *schemaAnswer) (*SubjectSchema, error) {
		return c.build(ctx, call, e.what, e.subject, a)
	}
	c.ids = newPermanent(c, kind[idKey, *SubjectSchema]{
		name: "id", ttl: s.missingIDs, show: idKey.String, full: idKey.full, expected: idKey.expected, pack: answerOf, unpack: build,
	})
	c.guids = newPermanent(c, kind[string, *SubjectSchema]{
		name: "guid", ttl: s.missingIDs, show: guidName, full: func(guid string) string { return guid }, expected: expectedGUID, pack: answerOf,
		unpack: func(ctx context.Context, call transport.Call, e *expected, a *schemaAnswer) (*SubjectSchema, error) {
			return c.build(ctx, call, e.what, a.Subject, a)
		},
	})
	c.versions = newPermanent(c, kind[versionKey, *SubjectSchema]{
		name: "version", ttl: s.missingVersions, show: versionKey.String, full: versionKey.full, expected: versionKey.expected, pack: answerOf, unpack: build,
	})
	c.referred = newPermanent(c, kind[versionKey, *schemaAnswer]{
		name: "reference", ttl: s.missingVersions, show: versionKey.String, full: versionKey.full, expected: versionKey.expected,
		pack: func(a *schemaAnswer) *schemaAnswer { return a },
		unpack: func(_ context.Context, _ transport.Call, _ *expected, a *schemaAnswer) (*schemaAnswer, error) {
			return a, nil
		},
	})
	definitions := kind[definitionKey, *SubjectSchema]{
		name: "schema", ttl: s.missingSchemas, show: definitionKey.String, full: definitionKey.full, expected: definitionKey.expected, pack: answerOf, unpack: build,
	}
	c.known, c.bare = newPermanent(c, definitions), newPermanent(c, definitions)
	c.latest = newExpiring(c, "latest", s.missingVersions, latestKey.String, c.askLatest)
	c.associations = newExpiring(c, "association", 0, associationKey.String, c.askAssociations)
}

// registered makes the client see what it registered under subject, or may
// have: answers that there is no such thing, and which version is the latest.
func (c *Client) registered(subject string) {
	context := subjectname.Split(subject).Context
	c.ids.dropMissing(func(k idKey) bool { return subjectname.Split(k.subject).Context == context })
	c.guids.dropMissing(func(string) bool { return true })
	c.versions.dropMissing(func(k versionKey) bool { return k.subject == subject })
	c.referred.dropMissing(func(k versionKey) bool { return k.subject == subject })
	c.known.dropMissing(func(k definitionKey) bool { return k.subject == subject })
	c.latest.drop(func(k latestKey) bool { return k.subject == subject })
}

// deleted makes the client see what it deleted of subject, or may have. By its
// id a schema is still known: records were written with it.
func (c *Client) deleted(subject string) {
	c.versions.drop(func(k versionKey) bool { return k.subject == subject })
	c.known.drop(func(k definitionKey) bool { return k.subject == subject })
	c.bare.drop(func(k definitionKey) bool { return k.subject == subject })
	c.latest.drop(func(k latestKey) bool { return k.subject == subject })
}
