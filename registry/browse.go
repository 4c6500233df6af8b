package registry

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/internal/oneline"
	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry/transport"
)

// The calls that look around and clean up. Nothing here is kept: each call is a
// request.

// Subjects returns the subjects whose full name begins with prefix; "" is all
// of them, ":.ctx:" those of a context. Options: [WithDeleted], [OnlyDeleted],
// [Page].
func (c *Client) Subjects(ctx context.Context, prefix string, opts ...CallOption) ([]string, error) {
	o, err := callOf("Subjects", withDeleted|onlyDeleted|paged, opts)
	if err != nil {
		return nil, err
	}
	var names []string
	path := withQuery("/subjects", o.query("subjectPrefix", prefix)...)
	err = c.ask(ctx, http.MethodGet, path, "the list of subjects", nil, readNames("subject", &names))
	listed := c.listed(prefix)
	return slices.DeleteFunc(names, func(name string) bool { return !listed(name) }), err
}

// listed returns a filter for the subjects that a list by prefix is about. Some
// registries do not look at the prefix, and a caller that deletes what is listed must
// not delete more.
func (c *Client) listed(prefix string) func(subject string) bool {
	matches, p := subjectname.MatchPrefix(prefix), subjectname.Split(prefix)
	inContext := strings.Contains(c.URL(), "/contexts/") // all names are of that context, and say so
	return func(subject string) bool {
		q := subjectname.Split(subject)
		switch {
		case prefix == "" || matches(q):
			return true
		case strings.HasPrefix(prefix, ":."): // some leave the context out
			return q.Context == subjectname.DefaultContext && strings.HasPrefix(q.Name, p.Name)
		}
		return inContext && !strings.HasPrefix(prefix, ":") && strings.HasPrefix(q.Name, prefix)
	}
}

// Versions returns the versions of a subject, ascending. Options:
// [WithDeleted], [OnlyDeleted], [Page]. The error is a [*NotFoundError] if there
// is no such subject.
func (c *Client) Versions(ctx context.Context, subject string, opts ...CallOption) ([]int, error) {
	subject = subjectKey(subject)
	var numbers []int
	o, err := callOf("Versions", withDeleted|onlyDeleted|paged, opts)
	if err != nil {
		return nil, err
	}
	path := withQuery(apiPath("subjects", subject, "versions"), o.query()...)
	err = c.ask(ctx, http.MethodGet, path, "subject "+subject, nil, readNumbers[answeredVersion](&numbers))
	slices.Sort(numbers) // the last one counts as the latest
	return numbers, err
}

// Schemas returns the versions of all subjects whose full name begins with
// prefix; "" is all of the default context. Options: [WithDeleted],
// [LatestOnly], [Page]. Schema is nil where a text cannot be parsed: the others
// are listed all the same.
func (c *Client) Schemas(ctx context.Context, prefix string, opts ...CallOption) ([]*SubjectSchema, error) {
	o, err := callOf("Schemas", withDeleted|latestOnly|paged, opts)
	if err != nil {
		return nil, err
	}
	var answers []schemaAnswer
	check := func(a schemaAnswer) error {
		switch e := (&expected{needsID: true, version: latestVersion, deleted: true}); {
		case a.Subject == "":
			return exactjson.Fault("it has no subject")
		default:
			return e.check(&a)
		}
	}
	key := func(a schemaAnswer) SubjectVersion { return SubjectVersion{a.Subject, int(a.Version)} }
	path := withQuery("/schemas", append(o.query("subjectPrefix", prefix), "latestOnly", flag(o.LatestOnly))...)
	ctx, cancel := c.transport.WithDeadline(ctx)
	defer cancel()
	if _, err := c.answer(ctx, transport.Call{}, http.MethodGet, path, "the list of schemas", nil, readList(&answers, once(key, check))); err != nil {
		return nil, err
	}
	listed := c.listed(prefix)
	answers = slices.DeleteFunc(answers, func(a schemaAnswer) bool { return !listed(a.Subject) })
	list := make([]*SubjectSchema, len(answers))
	for i := range answers {
		a := &answers[i]
		s, err := c.build(ctx, transport.Call{}, versionName(a.Subject, int(a.Version)), a.Subject, a)
		if err != nil {
			if !permanentFailure(err) {
				return nil, err
			}
			s = a.unparsed()
		}
		list[i] = s
	}
	return list, nil
}

// VersionsByID returns the versions that have this id in the context of subject.
// Options: [WithDeleted], [Page]. The error is a [*NotFoundError] if there is no
// such id; some registries answer an empty list instead.
func (c *Client) VersionsByID(ctx context.Context, subject string, id int, opts ...CallOption) ([]SubjectVersion, error) {
	o, err := callOf("VersionsByID", withDeleted|paged, opts)
	if err != nil {
		return nil, err
	}
	var versions []SubjectVersion
	check := func(v SubjectVersion) error {
		if !validName(v.Subject) || !validNumber(v.Version) {
			return exactjson.Faultf("version %d of subject %q is none", v.Version, oneline.Short(v.Subject, 100))
		}
		return nil
	}
	path := withQuery(apiPath("schemas", "ids", strconv.Itoa(id), "versions"), o.query("subject", subjectKey(subject))...)
	err = c.ask(ctx, http.MethodGet, path, idKey{subject, id}.String(), nil, readList(&versions, once(same, check)))
	return versions, err
}

// IDsByGUID returns the ids of the schema with this GUID, one for each context
// that has it. Only some registries have GUIDs.
func (c *Client) IDsByGUID(ctx context.Context, guid string) ([]ContextID, error) {
	var ids []ContextID
	check := func(id ContextID) error {
		if !validName(id.Context) || !validNumber(id.ID) {
			return exactjson.Faultf("id %d of context %q is none", id.ID, oneline.Short(id.Context, 100))
		}
		return nil
	}
	context := func(id ContextID) string { return id.Context }
	err := c.ask(ctx, http.MethodGet, apiPath("schemas", "guids", guid, "ids"), guidName(guid), nil, readList(&ids, once(context, check)))
	return ids, err
}

// ReferencedBy returns the ids of the schemas that refer to a version, -1 for the
// latest. Options: [WithDeleted], [Page].
func (c *Client) ReferencedBy(ctx context.Context, subject string, version int, opts ...CallOption) ([]int, error) {
	o, err := callOf("ReferencedBy", withDeleted|paged, opts)
	if err != nil {
		return nil, err
	}
	subject = subjectKey(subject)
	var ids []int
	path := withQuery(apiPath("subjects", subject, "versions", versionSegment(version), "referencedby"), o.query()...)
	err = c.ask(ctx, http.MethodGet, path, versionName(subject, version), nil, readNumbers[answeredID](&ids))
	return ids, err
}

// DeleteSubject deletes all versions of a subject softly or, with [Permanent],
// for good, which it allows only after the former. It returns the versions that
// it deleted.
func (c *Client) DeleteSubject(ctx context.Context, subject string, opts ...CallOption) ([]int, error) {
	o, err := callOf("DeleteSubject", isPermanent, opts)
	if err != nil {
		return nil, err
	}
	subject = subjectKey(subject)
	defer c.deleted(subject)
	var numbers []int
	path := withQuery(apiPath("subjects", subject), "permanent", flag(o.Permanent))
	err = c.ask(ctx, http.MethodDelete, path, "subject "+subject, nil, readNumbers[answeredVersion](&numbers))
	return numbers, err
}

// DeleteVersion deletes a version, -1 for the latest, softly or, with
// [Permanent], for good, which it allows only after the former.
func (c *Client) DeleteVersion(ctx context.Context, subject string, version int, opts ...CallOption) error {
	o, err := callOf("DeleteVersion", isPermanent, opts)
	if err != nil {
		return err
	}
	subject = subjectKey(subject)
	defer c.deleted(subject)
	path := withQuery(apiPath("subjects", subject, "versions", versionSegment(version)), "permanent", flag(o.Permanent))
	return c.ask(ctx, http.MethodDelete, path, versionName(subject, version), nil, readVersion(version))
}

// Types returns the kinds of schemas that the registry takes.
func (c *Client) Types(ctx context.Context) ([]string, error) {
	var types []string
	err := c.ask(ctx, http.MethodGet, "/schemas/types", "the list of types", nil, readNames("type", &types))
	return types, err
}

// Contexts returns the names of the contexts; of a registry that has none, "."
// alone. Option: [Page].
func (c *Client) Contexts(ctx context.Context, opts ...CallOption) ([]string, error) {
	o, err := callOf("Contexts", paged, opts)
	if err != nil {
		return nil, err
	}
	var names []string
	err = c.ask(ctx, http.MethodGet, withQuery("/contexts", o.query()...), "the list of contexts", nil, readNames("context", &names))
	if noSuchEndpoint(err) {
		return []string{subjectname.DefaultContext}, nil
	}
	return names, err
}

// DeleteContext removes an empty context, ".ctx" or ":.ctx:", from the list of
// contexts.
func (c *Client) DeleteContext(ctx context.Context, context string) error {
	context = strings.Trim(context, ":")
	return c.ask(ctx, http.MethodDelete, apiPath("contexts", context), "context "+context, nil, answerReader(readAny))
}

// Do makes a request that has no method of its own: tags, exporters, keys for
// encryption. path begins with a slash, is escaped already, and may have a
// query. in is sent as JSON, or as it is if it is a []byte; nil sends no body. A
// 2xx answer is decoded into out; into a *[]byte, its body is put as it is; nil
// drops it. Errors are those of all methods. Nothing is kept, and what it changes
// is not seen before the answers that are kept have had their time.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	if !strings.HasPrefix(path, "/") {
		return &InvalidError{Response: Response{Method: method, Message: "a path has to begin with a slash: " + path}}
	}
	return c.ask(ctx, method, path, path, in, out)
}

// query is what c asks for of a list, after other pairs.
func (c Call) query(pairs ...string) []string {
	pairs = append(pairs, "deleted", flag(c.Deleted), "deletedOnly", flag(c.DeletedOnly))
	if c.Offset > 0 {
		pairs = append(pairs, "offset", strconv.Itoa(c.Offset))
	}
	if c.Limit > 0 {
		pairs = append(pairs, "limit", strconv.Itoa(c.Limit))
	}
	return pairs
}

// versionSegment is a version in a path.
func versionSegment(version int) string {
	if version == latestVersion {
		return "latest"
	}
	return strconv.Itoa(version)
}
