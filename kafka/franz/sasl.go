package franz

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/kavro/kavro/kafka"
)

// saslSettings is the part of settings that starts with "sasl.".
type saslSettings struct {
	mechanism          string
	username, password string
	method             string // default: Hooks.Token; oidc: the fields below
	clientID, secret   string
	endpoint           string
	scope              string
	extensions         string
}

// enabled reports whether protocol asks for SASL.
func (s *saslSettings) enabled(protocol string) bool {
	return strings.HasPrefix(protocol, "sasl_")
}

// check refuses mechanisms that are not here, and those that lack a part. Without
// SASL nothing is looked at.
func (s *saslSettings) check(protocol string, fail func(key, reason string)) {
	if !s.enabled(protocol) {
		return
	}
	switch s.mechanism {
	case "GSSAPI":
		fail("sasl.mechanism", "kafka/franz cannot honour GSSAPI (Kerberos), librdkafka's default; set PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, or use kafka/confluent")
	case "OAUTHBEARER":
		if s.method != "oidc" {
			return
		}
		if s.clientID == "" || s.secret == "" || s.endpoint == "" {
			fail("sasl.oauthbearer.method", "oidc needs sasl.oauthbearer.client.id, sasl.oauthbearer.client.secret and sasl.oauthbearer.token.endpoint.url")
		} else if u, err := url.Parse(s.endpoint); err != nil || u.Scheme == "" || u.Host == "" {
			fail("sasl.oauthbearer.token.endpoint.url", "is not an absolute URL")
		}
		for _, pair := range splitList(s.extensions) {
			if name, _, ok := strings.Cut(pair, "="); !ok || name == "" {
				fail("sasl.oauthbearer.extensions", fmt.Sprintf("%q: want name=value, separated by commas", pair))
			}
		}
	}
}

// build makes the mechanism. Only OAUTHBEARER looks at token.
func (s *saslSettings) build(token func(context.Context) (kafka.Token, error)) (sasl.Mechanism, error) {
	switch s.mechanism {
	case "PLAIN":
		return plain.Auth{User: s.username, Pass: s.password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.username, Pass: s.password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.username, Pass: s.password}.AsSha512Mechanism(), nil
	}
	if s.method == "oidc" {
		if token != nil {
			return nil, &kafka.ConfigError{Key: "sasl.oauthbearer.method", Reason: "is oidc, and Hooks.Token is given too: there is one source of tokens"}
		}
		token = s.oidc()
	}
	if token == nil {
		return nil, &kafka.ConfigError{Key: "sasl.mechanism", Reason: "OAUTHBEARER needs Hooks.Token, or sasl.oauthbearer.method=oidc"}
	}
	cache := &tokenCache{fetch: token}
	return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
		t, err := cache.get(ctx)
		return oauth.Auth{Token: t.Value, Extensions: t.Extensions}, err
	}), nil
}

// oidc asks the token endpoint with the client credentials grant (RFC 6749,
// section 4.4).
func (s *saslSettings) oidc() func(context.Context) (kafka.Token, error) {
	conf := clientcredentials.Config{ClientID: s.clientID, ClientSecret: s.secret, TokenURL: s.endpoint, Scopes: strings.Fields(s.scope)}
	extensions := map[string]string{}
	for _, pair := range splitList(s.extensions) {
		name, value, _ := strings.Cut(pair, "=")
		extensions[name] = value
	}
	client := &http.Client{Timeout: 30 * time.Second}
	return func(ctx context.Context) (kafka.Token, error) {
		t, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
		if err != nil {
			return kafka.Token{}, err
		}
		return kafka.Token{Value: t.AccessToken, Expires: t.Expiry, Extensions: extensions}, nil
	}
}

// tokenCache gives one token to all connections until four fifths of its
// lifetime have passed, as librdkafka does.
type tokenCache struct {
	fetch func(context.Context) (kafka.Token, error)

	mu    sync.Mutex
	token kafka.Token
	until time.Time
}

func (c *tokenCache) get(ctx context.Context) (kafka.Token, error) {
	c.mu.Lock()
	if time.Now().Before(c.until) {
		defer c.mu.Unlock()
		return c.token, nil
	}
	c.mu.Unlock() // a slow token endpoint must not hold up other connections

	token, err := c.fetch(ctx)
	if err != nil {
		return kafka.Token{}, err
	}
	if token.Value == "" {
		return kafka.Token{}, errors.New("Hooks.Token returned an empty token")
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.until = token, now.Add(token.Expires.Sub(now)*4/5)
	return token, nil
}
