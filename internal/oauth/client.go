package oauth

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// defaultLife is how long a token is taken to live whose server does not say it. A server
// that refuses it sooner ends it, see [Source.Drop].
const defaultLife = 10 * time.Minute

// Client asks an OAuth server for tokens by the client credentials grant (RFC 6749, section
// 4.4).
type Client struct {
	conf clientcredentials.Config
	http *http.Client
}

// NewClient makes a client. It needs no network, and nothing has to be closed: connections
// last for one request each, since there are few.
func NewClient(tokenURL, id, secret string, scopes []string) *Client {
	return &Client{
		conf: clientcredentials.Config{TokenURL: tokenURL, ClientID: id, ClientSecret: secret, Scopes: scopes},
		http: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true}},
	}
}

// Token asks for a token, within ctx. It always has an Expiry. The error is an
// [*oauth2.RetrieveError] if the server has answered with one.
func (c *Client) Token(ctx context.Context) (*oauth2.Token, error) {
	token, err := c.conf.Token(context.WithValue(ctx, oauth2.HTTPClient, c.http))
	if err != nil {
		return nil, err
	}
	if token.Expiry.IsZero() {
		token.Expiry = time.Now().Add(defaultLife)
	}
	return token, nil
}
