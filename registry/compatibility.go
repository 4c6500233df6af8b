package registry

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/internal/oneline"
	"github.com/kavro/kavro/registry/transport"
	"github.com/kavro/kavro/schemas"
)

// CheckCompatibility reports whether d could be registered under subject, as far
// as the level that is configured goes. Nil means yes: also for a subject that
// does not exist, which has nothing to be incompatible with. Options:
// [Normalize], [Against].
//
// The error for an incompatible schema is a *schemas.IncompatibleError with
// reasons: the registry's or, if it gives none, found here by comparing d with
// the versions it concerns. Version in a reason is the subject's.
func (c *Client) CheckCompatibility(ctx context.Context, subject string, d Definition, opts ...CallOption) error {
	subject = subjectKey(subject)
	o, err := callOf("CheckCompatibility", normalizes|againstOne, opts)
	if err != nil {
		return err
	}
	ctx, cancel := c.transport.WithDeadline(ctx)
	defer cancel()
	next, doubt, err := c.parseStrictly(ctx, transport.Call{}, subject, d)
	if err != nil {
		return invalidDefinition(err)
	}
	path, what := apiPath("compatibility", "subjects", subject, "versions"), "subject "+subject
	if o.Against != 0 {
		what = versionName(subject, o.Against)
		path = apiPath("compatibility", "subjects", subject, "versions", versionSegment(o.Against))
	}
	var verdict struct {
		Compatible *bool    `json:"is_compatible"`
		Messages   []string `json:"messages"`
	}
	path = withQuery(path, "verbose", "true", "normalize", flag(o.Normalize))
	got, err := c.answer(ctx, transport.Call{}, http.MethodPost, path, what, newSchemaRequest(d, Call{}), readObject(&verdict, func() error {
		if verdict.Compatible == nil {
			return exactjson.Fault("it has no verdict")
		}
		return nil
	}))
	var notFound *NotFoundError
	switch {
	case errors.As(err, &notFound) && notFound.Code > 40400 && o.Against <= 0:
		return nil // some registries say so of a subject that does not exist
	case noSuchEndpoint(err):
		return c.checkHere(ctx, subject, next, o.Against)
	case err != nil:
		return withDoubt(err, doubt)
	case *verdict.Compatible:
		return nil
	}
	messages := got.Redact(strings.Join(verdict.Messages, "\n"))
	if reasons := serverReasons(messages); reasons != nil {
		return c.inWords(ctx, subject, reasons, messages, next)
	}
	var incompatible *schemas.IncompatibleError
	if err := c.checkHere(ctx, subject, next, o.Against); errors.As(err, &incompatible) {
		return err
	}
	// The registry knows better, or cannot be asked for what it compared with.
	message := oneline.Short(oneline.Of(messages), maxMessage)
	if message == "" {
		message = "the registry says so and gives no reason"
	}
	return &schemas.IncompatibleError{Reasons: []schemas.Reason{{Path: "/", Message: message}}}
}

// noSuchEndpoint reports whether err means that the registry has no such call:
// what it says then differs, but not with the codes of things that are missing.
func noSuchEndpoint(err error) bool {
	var notFound *NotFoundError
	if errors.As(err, &notFound) {
		return notFound.Code < 40400
	}
	var invalid *InvalidError
	return errors.As(err, &invalid) && (invalid.Status == http.StatusMethodNotAllowed || invalid.Status == http.StatusNotImplemented)
}

// checkHere compares next with the versions of a subject that its level asks
// for, or with one of them. Compatibility groups are not looked at.
func (c *Client) checkHere(ctx context.Context, subject string, next *schemas.Schema, against int) error {
	level, err := c.Compatibility(ctx, subject)
	if err != nil || level == schemas.None || next == nil {
		return err
	}
	numbers := []int{against}
	if against == 0 {
		numbers, err = c.Versions(ctx, subject)
		if notFound := (*NotFoundError)(nil); errors.As(err, &notFound) {
			return nil
		} else if err != nil {
			return err
		}
		if !level.Transitive() && len(numbers) > 1 {
			numbers = numbers[len(numbers)-1:]
		}
	}
	var history []*schemas.Schema
	for i, number := range numbers {
		s, err := c.Version(ctx, subject, number)
		if err != nil {
			return err
		}
		if s.Schema == nil {
			return &schemas.IncompatibleError{Level: level, Reasons: []schemas.Reason{{Message: "a schema of type " + s.Type, Version: number}}}
		}
		history = append(history, s.Schema)
		numbers[i] = s.Version
	}
	err = level.Check(next, history)
	var incompatible *schemas.IncompatibleError
	if !errors.As(err, &incompatible) {
		return err
	}
	out := *incompatible
	out.Reasons = append([]schemas.Reason(nil), incompatible.Reasons...)
	for i := range out.Reasons {
		out.Reasons[i].Version = numbers[out.Reasons[i].Version-1]
	}
	return &out
}
