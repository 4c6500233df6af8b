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
//   - It looks at nothing in an answer. The answer that was captured is checked, and
//     what srclient makes of it does not count.
//
// Calls that it does not make faithfully are our own: register and lookup
// (newlines rewritten, no normalize, metadata and rule set, a second request),
// schemas by id, version and latest (no context, metadata, rule set and GUID),
// the compatibility check (no reasons), the deletion of a subject (no answer), a
// permanent deletion of a version (a soft one first, which fails if it was made
// before), and the removal of a level (a space becomes a plus).
type browser struct{ client *Client }

func (c *Client) browser() browser { return browser{c} }

// call runs f with an srclient for one call, and has read look at the answer. what
// names the thing asked for.
func (b browser) call(ctx context.Context, what string, read answerReader, f func(*srclient.SchemaRegistryClient) error) error {
	_, err := b.answer(ctx, what, read, f)
	return err
}

// answer is call for a caller that has more to say about the answer.
func (b browser) answer(ctx context.Context, what string, read answerReader, f func(*srclient.SchemaRegistryClient) error) (got capture, err error) {
	if err := b.client.ready(ctx); err != nil {
		return got, err
	}
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
			err = b.client.malformed(&got, method, what, fmt.Errorf("%v", r))
		}
	}()
	err = f(sr)
	if got.status == 0 {
		return got, plain(err)
	}
	if refused := b.client.settle(&got, method, what, read); refused != nil {
		return got, refused
	}
	return got, nil // srclient's own error is about keys in another case: the answer was read, and is right
}

// subjects lists all subjects.
func (b browser) subjects(ctx context.Context, deleted bool) (names []string, err error) {
	err = b.call(ctx, "the list of subjects", readNames("subject", &names), func(sr *srclient.SchemaRegistryClient) (err error) {
		if deleted {
			_, err = sr.GetSubjectsIncludingDeleted()
		} else {
			_, err = sr.GetSubjects()
		}
		return err
	})
	return names, err
}

// versions lists the versions of a subject that are not deleted.
func (b browser) versions(ctx context.Context, subject string) (numbers []int, err error) {
	err = b.call(ctx, "subject "+subject, readNumbers[answeredVersion](&numbers), func(sr *srclient.SchemaRegistryClient) error {
		_, err := sr.GetSchemaVersions(subject)
		return err
	})
	return numbers, err
}

// text is the text of a version.
func (b browser) text(ctx context.Context, key versionKey) (string, error) {
	var a schemaAnswer
	e := b.client.expect(key)
	read := readObject(&a, func() error { return nil })
	got, err := b.answer(ctx, e.what, read, func(sr *srclient.SchemaRegistryClient) (err error) {
		if key.version == latestVersion {
			_, err = sr.GetLatestSchema(key.subject)
		} else {
			_, err = sr.GetSchemaByVersion(key.subject, key.version)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if err := b.client.acceptFrom(ctx, &got, http.MethodGet, e, &a); err != nil {
		return "", err
	}
	return *a.Schema, nil
}

// level is the level that holds for subject, "" for the global one.
func (b browser) level(ctx context.Context, subject string) (schemas.Level, error) {
	var conf Config
	read := readConfig(&conf, nil)
	err := b.call(ctx, configName(subject), func(body []byte) error {
		err := read(body)
		if err == nil && conf.Level == nil {
			return answerFault("it has no level")
		}
		return err
	}, func(sr *srclient.SchemaRegistryClient) (err error) {
		if subject == "" {
			_, err = sr.GetGlobalCompatibilityLevel()
		} else {
			_, err = sr.GetCompatibilityLevel(subject, true)
		}
		return err
	})
	if err != nil {
		return schemas.None, err
	}
	return *conf.Level, nil
}

// setLevel sets the level of a subject.
func (b browser) setLevel(ctx context.Context, subject string, level schemas.Level) error {
	var conf Config
	return b.call(ctx, configName(subject), readConfig(&conf, &level), func(sr *srclient.SchemaRegistryClient) error {
		_, err := sr.ChangeSubjectCompatibilityLevel(subject, srclient.CompatibilityLevel(level.String()))
		return err
	})
}

// deleteVersion deletes a version softly.
func (b browser) deleteVersion(ctx context.Context, subject string, version int) error {
	return b.call(ctx, versionName(subject, version), readVersion(version), func(sr *srclient.SchemaRegistryClient) error {
		return sr.DeleteSubjectByVersion(subject, version, false)
	})
}

func configName(subject string) string {
	if subject == "" {
		return "the global configuration"
	}
	return fmt.Sprintf("a configuration of subject %s", subject)
}
