package registry

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Response says what a registry answered when it did not do what was asked.
// Each error type below embeds one.
type Response struct {
	Method  string // of the request; "" from a registry in this process
	URL     string // of the request, without user and password; "" from a registry in this process
	Status  int    // HTTP status; 0: no answer came
	Code    int    // the registry's error_code, such as 40401; 0 if it gave none
	Message string // the registry's message, or the first line of a body that is no JSON
}

// NotFoundError says that a subject, version, schema or id does not exist (404). Where
// Status is 404 and Code is 0, the answer has no error_code of a registry: perhaps none
// answers at this URL, but another server, or the URL has a wrong path.
type NotFoundError struct {
	What string // "subject orders-value", "schema id 41", ...
	Response
}

// UnavailableError says that no usable answer came: a network error, a time-out,
// 408, 429, 5xx, a malformed response, or an open circuit breaker. The same call may succeed later.
type UnavailableError struct {
	Response
	RetryAfter time.Duration // what the registry asked for; 0 if nothing
	Err        error         // the network's error, or a *MalformedResponseError; nil for an answer with such a status
}

// MalformedResponseError says what is wrong with an answer whose status says that
// all went well: it is no answer of a registry, or not one to what was asked for.
// It comes wrapped in an [*UnavailableError], which has the URL.
type MalformedResponseError struct {
	What   string // what was asked for: "schema id 41", "the list of subjects"
	Reason string // "id -5 is out of range, 1 to 2147483647"

	elsewhere bool // it is right but for its context
}

// UnauthorizedError says that the credentials are missing, wrong or not enough
// (401, 403).
type UnauthorizedError struct{ Response }

// ConflictError says that the registry refuses because of what it holds (409):
// an incompatible schema, or a delete in the wrong order. For an incompatible
// schema, serde turns it into a *schemas.IncompatibleError with reasons.
type ConflictError struct {
	Response
	Err error // the *schemas.IncompatibleError where the reasons are known, as a registry in this process knows them; else nil
}

// InvalidError says that the registry understood and refuses (other 4xx): an
// invalid schema, level, version or mode.
type InvalidError struct {
	Response
	Err error // the *schemas.ParseError where it is known, as a registry in this process knows it; else nil
}

// Temporary reports that the same call may succeed later.
func (e *UnavailableError) Temporary() bool { return true }

// Unwrap returns the network's error, or what is wrong with the answer.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Unwrap returns the reasons, where they are known.
func (e *ConflictError) Unwrap() error { return e.Err }

// Unwrap returns what is wrong with the schema, where it is known.
func (e *InvalidError) Unwrap() error { return e.Err }

func (e *NotFoundError) Error() string {
	what := cmp.Or(e.What, "what was asked for")
	if e.Status == http.StatusNotFound && e.Code < 40400 && e.URL != "" {
		return "registry: no registry may be answering at this URL, since the answer has no error code of one:" +
			" is schema.registry.url right, its path included? Asked for: " + what + e.suffix()
	}
	return "registry: " + what + " does not exist" + e.suffix()
}

func (e *UnavailableError) Error() string {
	if e.Err != nil && e.Err.Error() != "" {
		return joined(": ", "registry: unavailable", e.where(), e.Err.Error())
	}
	return "registry: unavailable" + e.suffix()
}

func (e *MalformedResponseError) Error() string {
	return joined(": ", joined(" for ", "malformed response", e.What), e.Reason)
}

func (e *UnauthorizedError) Error() string { return "registry: not authorised" + e.suffix() }
func (e *ConflictError) Error() string     { return "registry: conflict" + e.suffix() }
func (e *InvalidError) Error() string      { return "registry: refused" + e.suffix() }

// suffix is " (GET http://...: 404 40401 Subject not found)", as far as known.
func (r Response) suffix() string {
	var status, code string
	if r.Status != 0 {
		status = strconv.Itoa(r.Status)
	}
	if r.Code != 0 && r.Code != r.Status {
		code = strconv.Itoa(r.Code)
	}
	if known := joined(": ", r.where(), joined(" ", status, code, r.Message)); known != "" {
		return " (" + known + ")"
	}
	return ""
}

// where is the request, as far as known.
func (r Response) where() string { return joined(" ", r.Method, r.URL) }

// joined is the parts that are not empty, with separator between them.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), separator)
}
