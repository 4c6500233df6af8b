package transport

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// knownSecrets lists what must not be shown, as it was given and as it travels.
func knownSecrets(s *Settings, list []URL) (secrets []string) {
	add := func(texts ...string) {
		for _, text := range texts {
			if len(text) >= 4 { // shorter ones are found in every text
				secrets = append(secrets, text)
			}
		}
	}
	basic := func(b *BasicAuth) {
		if b != nil {
			add(base64.StdEncoding.EncodeToString([]byte(b.User+":"+b.Password)), b.Password, url.QueryEscape(b.Password))
		}
	}
	basic(s.Basic)
	for _, u := range list {
		basic(u.Auth)
	}
	add(s.Bearer)
	if s.OAuth != nil {
		add(s.OAuth.Secret, url.QueryEscape(s.OAuth.Secret))
	}
	for name, values := range s.Header {
		if secretHeader(name) {
			add(values...)
		}
	}
	if u, err := url.Parse(s.Proxy); err == nil && u.User != nil {
		password, _ := u.User.Password()
		add(password)
	}
	return secrets
}

// secretHeader reports whether a header of this name is likely to hold one.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"auth", "token", "key", "secret", "cookie", "password"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// Redact removes from text what was sent to authenticate: a server may send back what it was
// sent.
func (a *Answer) Redact(text string) string {
	for _, secret := range a.secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}
