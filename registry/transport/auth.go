package transport

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"golang.org/x/oauth2"

	"github.com/kavro/kavro/internal/oauth"
)

// BasicAuth is a user and a password (RFC 7617), both of them.
type BasicAuth struct{ User, Password string }

// Check returns an error if the two cannot be used. An empty one is more likely a variable
// without a value than meant so.
func (b *BasicAuth) Check() error {
	switch {
	case b.User == "":
		return errors.New("the user is empty")
	case b.Password == "":
		return errors.New("the password is empty")
	case strings.Contains(b.User, ":"):
		return errors.New("a user cannot contain a colon")
	}
	return nil
}

// header is the value of Authorization.
func (b *BasicAuth) header() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(b.User+":"+b.Password))
}

// A TokenFunc gets a bearer token. It is called when there is none, when four fifths of the last
// one's life are over, and after a 401: by one goroutine at a time, however many requests wait.
// ctx bounds it.
//
// A token without an expiry is not kept: the function is called for each request, and does its
// own keeping. The method Token of a clientcredentials.Config
// (golang.org/x/oauth2/clientcredentials) is one.
type TokenFunc func(ctx context.Context) (*oauth2.Token, error)

// ClientCredentials are for the OAuth server at TokenURL (RFC 6749, section 4.4). It is reached
// through the environment's proxy and trusted by the system's certificates; for anything else,
// use a clientcredentials.Config as a [TokenFunc].
type ClientCredentials struct {
	TokenURL   string
	ID, Secret string
	Scopes     []string
}

// Check returns an error if c is incomplete or TokenURL is not an absolute URL.
func (c *ClientCredentials) Check() error {
	if c.ID == "" || c.Secret == "" {
		return errors.New("want an id and a secret")
	}
	if u, err := url.Parse(c.TokenURL); err != nil || u.Host == "" {
		return errors.New("the token URL is not an absolute URL")
	}
	return nil
}

// authority puts credentials on requests. A nil *authority puts none.
type authority struct {
	fixed  string // value of Authorization; "" if tokens is set
	tokens *oauth.Source[oauth2.Token]
	last   atomic.Pointer[oauth2.Token] // of tokens
}

// newAuthority makes the authority that s asks for; nil if it asks for none.
func newAuthority(s *Settings, known secrets) *authority {
	switch {
	case s.Basic != nil:
		return &authority{fixed: s.Basic.header()}
	case s.Bearer != "":
		return &authority{fixed: "Bearer " + s.Bearer}
	case s.Token != nil:
		return &authority{tokens: newTokens(s.Token, known)}
	case s.OAuth != nil:
		client := oauth.NewClient(s.OAuth.TokenURL, s.OAuth.ID, s.OAuth.Secret, s.OAuth.Scopes)
		return &authority{tokens: newTokens(client.Token, known)}
	}
	return nil
}

// authorize sets the Authorization header, and returns the token that it used, if tokens change.
func (a *authority) authorize(ctx context.Context, h http.Header) (*oauth2.Token, error) {
	switch {
	case a == nil:
		return nil, nil
	case a.tokens == nil:
		h.Set("Authorization", a.fixed)
		return nil, nil
	}
	token, err := a.tokens.Token(ctx)
	if err != nil {
		return nil, err
	}
	a.last.Store(token)
	h.Set("Authorization", token.Type()+" "+token.AccessToken)
	return token, nil
}

// renew reports whether a request that was refused with token is worth repeating with another
// one.
func (a *authority) renew(token *oauth2.Token) bool {
	return a != nil && a.tokens != nil && token != nil && a.tokens.Drop(token)
}

// close ends a request for a token.
func (a *authority) close() {
	if a.tokens != nil {
		a.tokens.Close()
	}
}

// authorize puts h's own credentials on a request, or those for all hosts. It returns the token
// that it used, if tokens change.
func (t *Transport) authorize(ctx context.Context, h *host, header http.Header) (*oauth2.Token, error) {
	if h.url.Auth != nil {
		header.Set("Authorization", h.url.Auth.header())
		return nil, nil
	}
	return t.authority.authorize(ctx, header)
}
