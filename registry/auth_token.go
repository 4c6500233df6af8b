package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/kavro/kavro/internal/oneline"
)

// A tokenKeeper asks for tokens as seldom as it can: once for all requests that
// wait, and again when four fifths of a token's life are over, while the token
// is still good.
type tokenKeeper struct {
	ask     TokenFunc
	group   *group
	flights flights[struct{}, *keptToken]
	last    atomic.Pointer[keptToken]
	failed  atomic.Pointer[absence] // the last answer, if it was no token
}

// keptToken is a token and the time to think of the next.
type keptToken struct {
	token   *oauth2.Token
	renewAt time.Time   // zero: not kept
	asking  atomic.Bool // somebody sees to the next one
}

func (k *keptToken) expired() bool { return !time.Now().Before(k.token.Expiry) }

// After a failure, the source is asked again no sooner than this: while there is
// no token, and while the old one is still good.
const (
	tokenPause = time.Second
	tokenRetry = 10 * time.Second
)

func newTokenKeeper(ask TokenFunc, g *group) *tokenKeeper {
	return &tokenKeeper{ask: ask, group: g}
}

// get returns a token that has not expired.
func (k *tokenKeeper) get(ctx context.Context) (*oauth2.Token, error) {
	if kept := k.last.Load(); kept != nil && !kept.renewAt.IsZero() && !kept.expired() {
		if time.Now().After(kept.renewAt) && kept.asking.CompareAndSwap(false, true) {
			if !k.group.spawn(func(ctx context.Context) { k.renewEarly(ctx, kept) }) {
				return nil, ErrClosed
			}
		}
		return kept.token, nil
	}
	kept, err := k.fetch(ctx)
	if err != nil {
		return nil, err
	}
	return kept.token, nil
}

// renewEarly replaces old, which is still good, or sees that somebody tries
// again later.
func (k *tokenKeeper) renewEarly(ctx context.Context, old *keptToken) {
	if _, err := k.fetch(ctx); err == nil {
		return
	}
	again := &keptToken{token: old.token, renewAt: time.Now().Add(tokenRetry)}
	k.last.CompareAndSwap(old, again)
}

// fetch asks for a token, or waits for whoever is asking already.
func (k *tokenKeeper) fetch(ctx context.Context) (*keptToken, error) {
	if f := k.failed.Load(); f != nil && time.Now().Before(f.until) {
		return nil, f.err
	}
	return k.flights.do(ctx, k.group, struct{}{}, func(ctx context.Context) (*keptToken, error) {
		if kept := k.last.Load(); kept != nil && time.Now().Before(kept.renewAt) {
			return kept, nil // another flight landed between the caller's look and this one
		}
		token, err := k.ask(ctx)
		if err != nil {
			err = tokenError(err)
			if ctx.Err() == nil {
				k.failed.Store(&absence{err, time.Now().Add(tokenPause)})
			}
			return nil, err
		}
		if token == nil || token.AccessToken == "" {
			return nil, &UnavailableError{Response: Response{Message: "the token source gave no token"}}
		}
		kept := &keptToken{token: token}
		if !token.Expiry.IsZero() {
			kept.renewAt = time.Now().Add(time.Until(token.Expiry) * 4 / 5)
		}
		k.last.Store(kept)
		return kept, nil
	})
}

// drop forgets token, which a registry refused. It reports whether asking for
// another one makes sense: not if the source is asked for each request anyway.
func (k *tokenKeeper) drop(token *oauth2.Token) bool {
	kept := k.last.Load()
	if kept == nil || kept.renewAt.IsZero() {
		return false
	}
	if kept.token == token {
		k.last.CompareAndSwap(kept, nil)
	}
	return true
}

// tokenError sorts the error of a token source by what a caller can do about
// it. The answer of an OAuth server is not repeated beyond its error code and
// status, since servers are known to echo what they were sent.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return &UnavailableError{Err: fmt.Errorf("no token: %w", err)}
	}
	status := refused.Response.StatusCode
	r := Response{Method: http.MethodPost, Status: status, Message: "no token: the OAuth server refuses"}
	if req := refused.Response.Request; req != nil {
		r.URL = displayURL(req.URL)
	}
	if refused.ErrorCode != "" {
		r.Message += ": " + oneline.First([]byte(refused.ErrorCode))
	}
	if temporaryStatus(status) {
		return &UnavailableError{Response: r, RetryAfter: retryAfter(refused.Response.Header)}
	}
	return &UnauthorizedError{r}
}

// oauthClient asks an OAuth server for tokens.
type oauthClient struct {
	tokenURL, id, secret string
	scopes               []string
	conf                 *clientcredentials.Config // made by open
	client               *http.Client
}

// Tokens that do not say how long they live are kept this long: there is the
// registry's 401 to go by.
const tokenLife = 10 * time.Minute

// open prepares o; close has to be called when it is no longer needed.
func (o *oauthClient) open() (opened *oauthClient, close func()) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	c := *o
	c.client = &http.Client{Transport: transport}
	c.conf = &clientcredentials.Config{ClientID: o.id, ClientSecret: o.secret, TokenURL: o.tokenURL, Scopes: o.scopes}
	return &c, transport.CloseIdleConnections
}

// fetch is a TokenFunc.
func (o *oauthClient) fetch(ctx context.Context) (*oauth2.Token, error) {
	token, err := o.conf.Token(context.WithValue(ctx, oauth2.HTTPClient, o.client))
	if err != nil {
		return nil, err
	}
	if token.Expiry.IsZero() {
		token.Expiry = time.Now().Add(tokenLife)
	}
	return token, nil
}
