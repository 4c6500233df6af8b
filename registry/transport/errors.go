package transport

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrClosed is returned after Close by requests through a transport, and by the calls of a
// client that need one.
var ErrClosed = errors.New("registry: closed")

// A Response is a registry's answer to a request that it did not carry out. The error types
// embed one.
type Response struct {
	Method  string // of the request; "" from a registry in this process
	URL     string // of the request, without user and password; "" from a registry in this process
	Status  int    // HTTP status; 0: no answer came
	Code    int    // the registry's error_code, such as 40401; 0 if it gave none
	Message string // the registry's message, or the first line of a body that is no JSON
}

// UnavailableError reports that no usable answer came: a network error, a time-out, 408, 429,
// 5xx, a malformed response, or an open circuit. The same call may succeed later.
type UnavailableError struct {
	Response
	RetryAfter time.Duration // what the registry asked for; 0 if nothing
	Err        error         // the network's error, or a *registry.MalformedResponseError; nil for an answer with such a status
}

// UnauthorizedError reports that the credentials are missing, wrong or insufficient (401, 403),
// also those for a proxy (407).
type UnauthorizedError struct{ Response }

// InvalidError reports that the registry understood the request and refused it (any other
// status): an invalid schema, level, version or mode.
type InvalidError struct {
	Response
	Err error // the *schemas.ParseError where it is known, as a registry in this process knows it; else nil
}

// Temporary reports that the same call may succeed later.
func (e *UnavailableError) Temporary() bool { return true }

// Unwrap returns the network's error, or what is wrong with the answer.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Unwrap returns what is wrong with the schema, where it is known.
func (e *InvalidError) Unwrap() error { return e.Err }

func (e *UnavailableError) Error() string {
	if e.Err != nil && e.Err.Error() != "" {
		return joined(": ", "registry: unavailable", e.where(), e.Err.Error())
	}
	return "registry: unavailable" + e.Suffix()
}

func (e *UnauthorizedError) Error() string { return "registry: not authorised" + e.Suffix() }
func (e *InvalidError) Error() string      { return "registry: refused" + e.Suffix() }

// Suffix is how the response ends an error's message, as far as it is known, with the space
// before it: " (GET http://...: 404 40401 Subject not found)".
func (r Response) Suffix() string {
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

// where is the request, as far as it is known.
func (r Response) where() string { return joined(" ", r.Method, r.URL) }

// joined is the parts that are not empty, with separator between them.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), separator)
}
