package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/internal/oneline"
	"github.com/kavro/kavro/registry/transport"
)

// Requests and answers. What registries send differs from one to the next and,
// through a proxy, from one hour to the next: unknown fields are ignored, null is
// an empty list, and an error is told by its status, whatever its body holds. What
// an answer says is checked: see expected.go.

// ask makes one request and decodes a 2xx answer into out: an [answerReader], a
// pointer that JSON decodes into, a *[]byte for the body as it is, or nil. what
// names the thing asked for, should it not exist. in is a body to send as JSON; []byte and
// json.RawMessage are sent as they are, nil sends none.
//
// It is a call of its own, and has a call's deadline.
func (c *Client) ask(ctx context.Context, method, path, what string, in, out any) error {
	ctx, cancel := c.transport.WithDeadline(ctx)
	defer cancel()
	_, err := c.answer(ctx, transport.Call{}, method, path, what, in, out)
	return err
}

// answer is ask for a request that is a part of call, for a caller that has more to say about
// the answer.
func (c *Client) answer(ctx context.Context, call transport.Call, method, path, what string, in, out any) (*transport.Answer, error) {
	body, err := encodeBody(in)
	if err != nil {
		return nil, err
	}
	var reader io.Reader // not a nil *bytes.Reader: that would be a body
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL()+path, reader)
	if err != nil {
		return nil, fmt.Errorf("registry: %s %q: %w", method, path, err)
	}
	got, err := c.transport.Do(req, call)
	if err != nil {
		return nil, err
	}
	return got, c.decode(got, method, what, out)
}

// encodeBody writes in as JSON. Characters are not escaped for HTML: some
// registries store the text of a schema as they got it.
func encodeBody(in any) ([]byte, error) {
	switch in := in.(type) {
	case nil:
		return nil, nil
	case []byte:
		return in, nil
	case json.RawMessage:
		return in, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(in); err != nil {
		return nil, fmt.Errorf("registry: the request: %w", err)
	}
	return b.Bytes(), nil
}

// decode decodes a 2xx answer into out, and makes an error of any other.
func (c *Client) decode(got *transport.Answer, method, what string, out any) error {
	if got.Status < 200 || got.Status > 299 {
		return c.errorResponse(got, method, what)
	}
	read := answerReader(func(body []byte) error { return json.Unmarshal(body, out) })
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = got.Body
		return nil
	case answerReader:
		if changed := method != http.MethodGet && method != http.MethodPost; changed && got.Status == http.StatusNoContent {
			return nil // it says all there is to say
		}
		read = out
	}
	if !validText(got.Body) { // encoding/json would replace what is not
		return c.malformed(got, method, what, exactjson.Fault("it is not valid UTF-8, or has half a surrogate pair"))
	}
	if err := read(got.Body); err != nil {
		return c.malformed(got, method, what, err)
	}
	return nil
}

// errorResponse is the error for an answer that is not 2xx.
func (c *Client) errorResponse(got *transport.Answer, method, what string) error {
	r := Response{Method: method, URL: got.URL, Status: got.Status}
	var message string
	r.Code, message = readErrorResponse(got.Body)
	message = got.Redact(message)
	r.Message = oneline.Short(message, maxMessage)
	if r.Message == "" {
		r.Message = http.StatusText(got.Status)
	}
	switch status := got.Status; {
	case status == http.StatusNotFound:
		return &NotFoundError{What: what, Response: r}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return &UnauthorizedError{Response: r}
	case status == http.StatusConflict:
		return &ConflictError{Response: r, Err: serverReasons(message)}
	case got.Temporary():
		return &UnavailableError{Response: r, RetryAfter: got.RetryAfter()}
	case status >= 300 && status < 400:
		r.Message = "redirected"
		if to, err := url.Parse(got.Header.Get("Location")); err == nil && to.Host != "" {
			r.Message += " to " + got.Redact(transport.ShowURL(to))
		}
	}
	return &InvalidError{Response: r}
}

// Messages are kept up to maxMessage bytes: one about an incompatible schema
// repeats that schema. Bodies of errors are read as JSON up to maxErrorBody bytes.
const (
	maxMessage   = 2 << 10
	maxErrorBody = 1 << 20
)

// readErrorResponse finds code and message in the body of an error. Registries send
// {"error_code": 40401, "message": "..."}; also seen are a message that is a
// list, a bare string, another name for either, HTML, and nothing.
func readErrorResponse(body []byte) (code int, message string) {
	if len(body) > maxErrorBody {
		return 0, oneline.First(body)
	}
	var object struct {
		ErrorCode json.RawMessage `json:"error_code"`
		Message   json.RawMessage `json:"message"`
		Detail    json.RawMessage `json:"detail"`
		Error     json.RawMessage `json:"error"`
	}
	if exactjson.Decode(body, &object) != nil {
		var text string
		if json.Unmarshal(body, &text) == nil {
			return 0, oneline.Of(text)
		}
		return 0, oneline.First(body)
	}
	if json.Unmarshal(object.ErrorCode, &code) != nil {
		code = 0
	}
	for _, raw := range []json.RawMessage{object.Message, object.Detail, object.Error} {
		if message = messageText(raw); message != "" {
			return code, message
		}
	}
	return code, oneline.First(body)
}

// messageText writes a message that is a string or a list on one line.
func messageText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return oneline.Of(text)
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return oneline.Of(string(raw))
	}
	parts := make([]string, len(list))
	for i, item := range list {
		if json.Unmarshal(item, &parts[i]) != nil {
			parts[i] = string(item)
		}
	}
	return oneline.Of(strings.Join(parts, "; "))
}
