package franz

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	kgooauth "github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/kavro/kavro/internal/oauth"
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

// check reports mechanisms that are not supported, and settings that are missing. Without SASL it
// checks nothing.
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

// build makes the mechanism. Only OAUTHBEARER uses token, until client ends.
func (s *saslSettings) build(client context.Context, token func(context.Context) (kafka.Token, error)) (sasl.Mechanism, error) {
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
	source := oauth.NewSource(func(ctx context.Context) (*kafka.Token, time.Time, error) {
		t, err := token(ctx)
		if err == nil && t.Value == "" {
			err = errors.New("Hooks.Token returned an empty token")
		}
		return &t, t.Expires, err
	})
	context.AfterFunc(client, source.Close)
	return kgooauth.Oauth(func(ctx context.Context) (kgooauth.Auth, error) {
		t, err := source.Fresh(ctx) // it has to last as long as the broker's session
		if err != nil {
			return kgooauth.Auth{}, err
		}
		return kgooauth.Auth{Token: t.Value, Extensions: t.Extensions}, nil
	}), nil
}

// oidc asks the token endpoint.
func (s *saslSettings) oidc() func(context.Context) (kafka.Token, error) {
	extensions := map[string]string{}
	for _, pair := range splitList(s.extensions) {
		name, value, _ := strings.Cut(pair, "=")
		extensions[name] = value
	}
	server := oauth.NewClient(s.endpoint, s.clientID, s.secret, strings.Fields(s.scope))
	return func(ctx context.Context) (kafka.Token, error) {
		t, err := server.Token(ctx)
		if err != nil {
			return kafka.Token{}, err
		}
		return kafka.Token{Value: t.AccessToken, Expires: t.Expiry, Extensions: extensions}, nil
	}
}
