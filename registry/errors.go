package registry

import (
	"cmp"
	"net/http"

	"github.com/kavro/kavro/registry/transport"
)

// The errors of the transport beneath.
type (
	// A Response is a registry's answer to a request that it did not carry out. The error types
	// embed one.
	Response = transport.Response
	// UnavailableError reports that no usable answer came: a network error, a time-out, 408, 429,
	// 5xx, a malformed response, or an open circuit. The same call may succeed later.
	UnavailableError = transport.UnavailableError
	// UnauthorizedError reports that the credentials are missing, wrong or insufficient (401, 403).
	UnauthorizedError = transport.UnauthorizedError
	// InvalidError reports that the registry understood the request and refused it (other 4xx): an
	// invalid schema, level, version or mode.
	InvalidError = transport.InvalidError
)

// ErrClosed is returned after Close by the calls of a client that need a request.
var ErrClosed = transport.ErrClosed

// ErrCircuitOpen reports that a request was not made, because the last ones failed. It comes
// wrapped in an [*UnavailableError] whose RetryAfter says when one will be tried again.
var ErrCircuitOpen = transport.ErrCircuitOpen

// NotFoundError says that a subject, version, schema or id does not exist (404). Where
// Status is 404 and Code is 0, the answer has no error_code of a registry: perhaps none
// answers at this URL, but another server, or the URL has a wrong path.
type NotFoundError struct {
	What string // "subject orders-value", "schema id 41", ...
	Response
}

// MalformedResponseError says what is wrong with an answer whose status says that
// all went well: it is no answer of a registry, or not one to what was asked for.
// It comes wrapped in an [*UnavailableError], which has the URL.
type MalformedResponseError struct {
	What   string // what was asked for: "schema id 41", "the list of subjects"
	Reason string // "id -5 is out of range, 1 to 2147483647"

	elsewhere bool // it is right but for its context
}

// ConflictError says that the registry refuses because of what it holds (409):
// an incompatible schema, or a delete in the wrong order. For an incompatible
// schema, serde turns it into a *schemas.IncompatibleError with reasons.
type ConflictError struct {
	Response
	Err error // the *schemas.IncompatibleError where the reasons are known, as a registry in this process knows them; else nil
}

// Unwrap returns the reasons, where they are known.
func (e *ConflictError) Unwrap() error { return e.Err }

func (e *NotFoundError) Error() string {
	what := cmp.Or(e.What, "what was asked for")
	if e.Status == http.StatusNotFound && e.Code < 40400 && e.URL != "" {
		return "registry: no registry may be answering at this URL, since the answer has no error code of one:" +
			" is schema.registry.url right, its path included? Asked for: " + what + e.Suffix()
	}
	return "registry: " + what + " does not exist" + e.Suffix()
}

func (e *MalformedResponseError) Error() string {
	what := "malformed response"
	if e.What != "" {
		what += " for " + e.What
	}
	if e.Reason != "" {
		what += ": " + e.Reason
	}
	return what
}

func (e *ConflictError) Error() string { return "registry: conflict" + e.Suffix() }
