package transport

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"github.com/kavro/kavro/internal/oneline"
)

// secrets are texts that must not be shown, in the forms in which they travel, longest first. A
// server, or something between, may send back what it was sent.
type secrets []string

// knownSecrets lists those of a transport's settings.
func knownSecrets(s *Settings, list []URL) secrets {
	var known []string
	basic := func(b *BasicAuth) {
		if b != nil {
			known = append(known, base64.StdEncoding.EncodeToString([]byte(b.User+":"+b.Password)), b.Password)
		}
	}
	basic(s.Basic)
	for _, u := range list {
		basic(u.Auth)
	}
	known = append(known, s.Bearer)
	if s.OAuth != nil {
		basic(&BasicAuth{url.QueryEscape(s.OAuth.ID), url.QueryEscape(s.OAuth.Secret)}) // RFC 6749, section 2.3.1
		known = append(known, s.OAuth.Secret)
	}
	for name, values := range s.Header {
		if !secretHeader(name) {
			continue
		}
		for _, value := range values {
			_, credentials, _ := strings.Cut(value, " ") // behind a scheme
			known = append(known, value, credentials)
		}
	}
	if u, err := url.Parse(s.Proxy); err == nil && u.User != nil {
		password, _ := u.User.Password()
		basic(&BasicAuth{u.User.Username(), password})
	}
	return newSecrets(known...)
}

// newSecrets makes secrets of texts, in all of their forms.
func newSecrets(known ...string) (all secrets) {
	for _, text := range known {
		if len(text) < 4 { // it is found in every text
			continue
		}
		asJSON, _ := json.Marshal(text) // a string always can be
		quoted := strconv.Quote(text)
		all = append(all, text, url.QueryEscape(text), url.PathEscape(text), quoted[1:len(quoted)-1], string(asJSON[1:len(asJSON)-1]), oneline.Of(text))
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(all)
}

// with are all and a token that was sent, which may be nil.
func (all secrets) with(token *oauth2.Token) secrets {
	if token == nil {
		return all
	}
	return append(newSecrets(token.AccessToken), all...)
}

// redact removes them from text; from a short one, which may have been cut by package oneline,
// also the beginning of a secret that is left there.
func (all secrets) redact(text string) string {
	const hidden, cut, short = "***", "...", 8 << 10
	for _, secret := range all {
		for n := len(secret) - 1; n >= 4 && len(text) <= short && strings.Contains(text, cut); n-- {
			text = strings.ReplaceAll(text, secret[:n]+cut, hidden+cut)
		}
	}
	for _, secret := range all {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return text
}

// response is r without them.
func (all secrets) response(r Response) Response {
	r.URL, r.Message = all.redact(r.URL), all.redact(r.Message)
	return r
}

// error is err without them: itself if its text has none.
func (all secrets) error(err error) error {
	if err == nil || all.redact(err.Error()) == err.Error() {
		return err
	}
	switch e := err.(type) {
	case *UnavailableError:
		return &UnavailableError{Response: all.response(e.Response), RetryAfter: e.RetryAfter, Err: all.error(e.Err)}
	case *UnauthorizedError:
		return &UnauthorizedError{all.response(e.Response)}
	case *InvalidError:
		return &InvalidError{Response: all.response(e.Response), Err: all.error(e.Err)}
	}
	return &redactedError{text: all.redact(err.Error()), err: err}
}

// redactedError stands for an error whose text has a secret. It is what that is, and does not
// give it out.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }

// secretHeader reports whether a header of this name is likely to hold one.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"auth", "token", "key", "secret", "cookie", "password"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// Redact removes from text, which has to do with the answer, what was sent to authenticate.
func (a *Answer) Redact(text string) string { return a.secrets.with(a.token).redact(text) }

// Redact removes from text what requests send to authenticate, the last of tokens that change.
func (t *Transport) Redact(text string) string { return t.known().redact(text) }

// known are the secrets, with the last of tokens that change.
func (t *Transport) known() secrets {
	if t.authority == nil {
		return t.secrets
	}
	return t.secrets.with(t.authority.last.Load())
}
