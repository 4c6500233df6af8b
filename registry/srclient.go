package registry

import (
	"context"
	"fmt"
	"net/http"

	"github.com/riferrei/srclient"

	"github.com/kavro/kavro/schemas"
)

// srclient (github.com/riferrei/srclient, v0.7.4) makes the calls here, over our
// transport. They are those that it makes faithfully; its quirks end in this file.
//
//   - It has no contexts. Its one hook, a function that is shown each request,
//     puts the caller's into the request.
//   - It waits on a semaphore that no deadline reaches. A client for each call,
//     which costs a small allocation, never waits.
//   - It keeps answers for ever. Its cache is switched off.
//   - Its errors have no status, and no message if the body is no JSON. The
//     transport captures the answer, and the error is made of that.
//   - It follows a nil pointer where an answer is null. That is recovered from.
//
// Calls that it does not make faithfully are our own: register and lookup
// (newlines rewritten, no normalize, metadata and rule set, a second request),
// schemas by id, version and latest (no context, metadata, rule set and GUID),
// the compatibility check (no reasons), the deletion of a subject (no answer), a
// permanent deletion of a version (a soft one first, which fails if it was made
// before), and the removal of a level (a space becomes a plus).
type browser struct{ client *Client }

func (c *Client) browser() browser { return browser{c} }

// call runs f with an srclient for one call. what names the thing asked for.
func (b browser) call(ctx context.Context, what string, f func(*srclient.SchemaRegistryClient) error) (err error) {
	if err := b.client.ready(ctx); err != nil {
		return err
	}
	var got capture
	var method string
	ctx = context.WithValue(ctx, captureKey{}, &got)
	sr := srclient.NewSchemaRegistryClient(b.client.URL(),
		srclient.WithClient(b.client.http),
		srclient.WithSemaphoreWeight(1),
		srclient.WithPreReqFn(func(req *http.Request) error {
			method = req.Method
			*req = *req.WithContext(ctx)
			return nil
		}))
	sr.CachingEnabled(false)
	defer func() {
		if r := recover(); r != nil {
			err = b.client.senseless(&got, method)
		}
	}()
	switch err = f(sr); {
	case err == nil:
		return nil
	case got.status == 0:
		return plain(err)
	case got.status < 200 || got.status > 299:
		return b.client.refusal(&got, method, what)
	}
	return b.client.senseless(&got, method)
}

// subjects lists all subjects.
func (b browser) subjects(ctx context.Context, deleted bool) (names []string, err error) {
	err = b.call(ctx, "the list of subjects", func(sr *srclient.SchemaRegistryClient) (err error) {
		if deleted {
			names, err = sr.GetSubjectsIncludingDeleted()
		} else {
			names, err = sr.GetSubjects()
		}
		return err
	})
	return names, err
}

// versions lists the versions of a subject that are not deleted.
func (b browser) versions(ctx context.Context, subject string) (numbers []int, err error) {
	err = b.call(ctx, "subject "+subject, func(sr *srclient.SchemaRegistryClient) (err error) {
		numbers, err = sr.GetSchemaVersions(subject)
		return err
	})
	return numbers, err
}

// text is the text of a version.
func (b browser) text(ctx context.Context, subject string, version int) (text string, err error) {
	err = b.call(ctx, versionName(subject, version), func(sr *srclient.SchemaRegistryClient) error {
		var s *srclient.Schema
		var err error
		if version == latestVersion {
			s, err = sr.GetLatestSchema(subject)
		} else {
			s, err = sr.GetSchemaByVersion(subject, version)
		}
		if err == nil {
			text = s.Schema()
		}
		return err
	})
	return text, err
}

// level is the level that holds for subject, "" for the global one.
func (b browser) level(ctx context.Context, subject string) (level schemas.Level, err error) {
	err = b.call(ctx, configName(subject), func(sr *srclient.SchemaRegistryClient) error {
		var name *srclient.CompatibilityLevel
		var err error
		if subject == "" {
			name, err = sr.GetGlobalCompatibilityLevel()
		} else {
			name, err = sr.GetCompatibilityLevel(subject, true)
		}
		if err != nil {
			return err
		}
		level, err = schemas.ParseLevel(name.String())
		return err
	})
	return level, err
}

// setLevel sets the level of a subject.
func (b browser) setLevel(ctx context.Context, subject string, level schemas.Level) error {
	return b.call(ctx, configName(subject), func(sr *srclient.SchemaRegistryClient) error {
		_, err := sr.ChangeSubjectCompatibilityLevel(subject, srclient.CompatibilityLevel(level.String()))
		return err
	})
}

// deleteVersion deletes a version softly.
func (b browser) deleteVersion(ctx context.Context, subject string, version int) error {
	return b.call(ctx, versionName(subject, version), func(sr *srclient.SchemaRegistryClient) error {
		return sr.DeleteSubjectByVersion(subject, version, false)
	})
}

func configName(subject string) string {
	if subject == "" {
		return "the global configuration"
	}
	return fmt.Sprintf("a configuration of subject %s", subject)
}
