package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// A TokenFunc gets a bearer token. It is asked when there is none, a while
// before the last one expires, and after a 401: by one goroutine at a time,
// whatever the number of requests. ctx bounds the wait.
//
// A token without an expiry is not kept: the function is asked for each
// request, and does its own keeping. The method Token of a
// clientcredentials.Config (golang.org/x/oauth2/clientcredentials) is one.
type TokenFunc func(ctx context.Context) (*oauth2.Token, error)

// WithBasicAuth sends user and password, both of them, with each request. A URL
// that carries its own is sent those instead. It is an error if every URL does.
func WithBasicAuth(user, password string) TransportOption {
	return func(s *transportSettings) {
		s.given.once("WithBasicAuth")
		s.auth.basic = &basicAuth{user, password}
	}
}

// WithBearerToken sends a token that never changes. For tokens that expire, see
// [WithTokenFunc].
func WithBearerToken(token string) TransportOption {
	return func(s *transportSettings) {
		if s.given.some("WithBearerToken", token) {
			s.auth.static = &token
		}
	}
}

// WithTokenFunc sends tokens from f.
func WithTokenFunc(f TokenFunc) TransportOption {
	return func(s *transportSettings) {
		if s.given.some("WithTokenFunc", f) {
			s.auth.token = f
		}
	}
}

// WithTokenSource sends tokens from src, which is asked as a [TokenFunc] is.
func WithTokenSource(src oauth2.TokenSource) TransportOption {
	return func(s *transportSettings) {
		if s.given.some("WithTokenSource", src) {
			s.auth.token = func(context.Context) (*oauth2.Token, error) { return src.Token() }
		}
	}
}

// WithClientCredentials sends tokens that the OAuth server at tokenURL gives
// for a client's id and secret (RFC 6749, section 4.4). The server is reached
// through the environment's proxy and trusted by the system's certificates; for
// anything else, give a clientcredentials.Config to [WithTokenFunc].
func WithClientCredentials(tokenURL, id, secret string, scopes ...string) TransportOption {
	return func(s *transportSettings) {
		s.given.once("WithClientCredentials")
		if id == "" || secret == "" {
			s.given.fault("WithClientCredentials: want an id and a secret")
		}
		s.auth.oauth = &oauthClient{tokenURL: tokenURL, id: id, secret: secret, scopes: append([]string(nil), scopes...)}
	}
}

// authSettings holds at most one way to authenticate.
type authSettings struct {
	basic  *basicAuth
	static *string
	token  TokenFunc
	oauth  *oauthClient
}

type basicAuth struct{ user, password string }

// fault is what is wrong with user and password, "" if nothing is. An empty one is
// more likely a variable that is not set than meant so.
func (b *basicAuth) fault() string {
	switch {
	case b.user == "":
		return "the user is empty"
	case b.password == "":
		return "the password is empty"
	case strings.Contains(b.user, ":"):
		return "a user cannot contain a colon"
	}
	return ""
}

// header is the value of Authorization.
func (b *basicAuth) header() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(b.user+":"+b.password))
}

// ways names the options that were used.
func (a *authSettings) ways() (given []string) {
	if a.basic != nil {
		given = append(given, "WithBasicAuth")
	}
	if a.static != nil {
		given = append(given, "WithBearerToken")
	}
	if a.token != nil {
		given = append(given, "WithTokenFunc")
	}
	if a.oauth != nil {
		given = append(given, "WithClientCredentials")
	}
	return given
}

func (a *authSettings) check() error {
	if a.basic != nil {
		if fault := a.basic.fault(); fault != "" {
			return errors.New("registry: WithBasicAuth: " + fault)
		}
	}
	if a.static != nil {
		if strings.ContainsAny(*a.static, "\r\n") {
			return errors.New("registry: WithBearerToken: the token contains a line break")
		}
	}
	if a.oauth != nil {
		if u, err := url.Parse(a.oauth.tokenURL); err != nil || u.Host == "" {
			return errors.New("registry: WithClientCredentials: the token URL is not an absolute URL")
		}
	}
	if given := a.ways(); len(given) > 1 {
		return fmt.Errorf("registry: %s exclude each other", strings.Join(given, " and "))
	}
	return nil
}

// authority puts credentials on requests. A nil *authority puts none.
type authority struct {
	fixed  string // value of Authorization; "" if tokens is set
	tokens *tokenKeeper
}

// newAuthority makes the authority that a asks for; nil if it asks for none.
func newAuthority(a *authSettings, g *group) *authority {
	switch {
	case a.basic != nil:
		return &authority{fixed: a.basic.header()}
	case a.static != nil:
		return &authority{fixed: "Bearer " + *a.static}
	case a.token != nil:
		return &authority{tokens: newTokenKeeper(a.token, g)}
	case a.oauth != nil:
		return &authority{tokens: newTokenKeeper(a.oauth.fetch, g)}
	}
	return nil
}

// authorize sets the Authorization header, and returns the token that it used,
// if tokens change.
func (a *authority) authorize(ctx context.Context, h http.Header) (*oauth2.Token, error) {
	switch {
	case a == nil:
		return nil, nil
	case a.tokens == nil:
		h.Set("Authorization", a.fixed)
		return nil, nil
	}
	token, err := a.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	h.Set("Authorization", token.Type()+" "+token.AccessToken)
	return token, nil
}

// renew reports whether a request that was refused with token is worth
// repeating with another one.
func (a *authority) renew(token *oauth2.Token) bool {
	return a != nil && a.tokens != nil && token != nil && a.tokens.drop(token)
}

// authorize puts h's own credentials on a request, or those for all hosts. It
// returns the token that it used, if tokens change.
func (t *Transport) authorize(ctx context.Context, h *host, header http.Header) (*oauth2.Token, error) {
	if h.auth != nil {
		header.Set("Authorization", h.auth.header())
		return nil, nil
	}
	return t.authority.authorize(ctx, header)
}
