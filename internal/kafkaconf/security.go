package kafkaconf

import (
	"slices"
	"strings"
)

// CheckSecurity adds errors for keys of TLS and SASL that have no effect, and for keys without another one
// that they need: a password that is set and not used is a mistake. It opens no file.
func (v *View) CheckSecurity() {
	protocol := v.protocol()
	if !slices.Contains(protocols, protocol) {
		return // the driver reports it
	}
	if !strings.HasSuffix(protocol, "ssl") {
		v.unused(protocol, "ssl or sasl_ssl", func(key string) bool {
			return strings.HasPrefix(key, "ssl.") || key == "enable.ssl.certificate.verification"
		})
	} else {
		v.checkCertificate()
	}
	if !strings.HasPrefix(protocol, "sasl_") {
		v.unused(protocol, "sasl_ssl or sasl_plaintext", func(key string) bool {
			return strings.HasPrefix(key, "sasl.") || key == "enable.sasl.oauthbearer.unsecure.jwt"
		})
		return
	}
	v.checkMechanism()
}

// unused adds errors for keys that have an effect under other protocols alone.
func (v *View) unused(protocol, protocols string, concerns func(key string) bool) {
	for _, name := range Names() {
		key, _ := Find(name)
		if key.Main != name || !concerns(name) || !v.Changed(name) {
			continue
		}
		if name == "ssl.ca.location" && v.Get(name) == "probe" {
			continue // the system's certificates, as without it
		}
		reason := "has no effect"
		if !v.Given("security.protocol") {
			reason += ": security.protocol is not set, and " + protocol + " by default; set it to " + protocols
		} else {
			reason += " with " + v.Name("security.protocol") + "=" + protocol + "; it needs " + protocols
		}
		v.Fail(name, reason)
	}
}

// checkCertificate adds errors for a certificate without a key, a key without a certificate, and the like.
func (v *View) checkCertificate() {
	certificate := v.one("ssl.certificate.pem", "ssl.certificate.location")
	key := v.one("ssl.key.pem", "ssl.key.location")
	v.one("ssl.ca.pem", "ssl.ca.location")
	store := v.Given("ssl.keystore.location")
	switch {
	case store && (certificate != "" || key != ""):
		v.Fail("ssl.keystore.location", "holds certificate and key: leave "+v.Name(first(certificate, key))+" out")
	case certificate != "" && key == "":
		v.Fail("ssl.key.location", "is required with "+certificate+" (or ssl.key.pem); a file with both certificate and key is named twice")
	case key != "" && certificate == "":
		v.Fail("ssl.certificate.location", "is required with "+key+" (or ssl.certificate.pem); a file with both certificate and key is named twice")
	case v.Given("ssl.key.password") && key == "" && !store:
		v.Fail("ssl.key.password", "is set without a key: set ssl.key.location or ssl.key.pem")
	}
	if v.Given("ssl.keystore.password") && !store {
		v.Fail("ssl.keystore.password", "is set without ssl.keystore.location")
	}
}

// one returns which of two keys is given, "" if neither is. Both are an error.
func (v *View) one(pem, location string) string {
	switch {
	case v.Given(pem) && v.Given(location) && v.Get(location) != "probe":
		v.Fail(pem, "excludes "+location+": it is the same as text")
		return pem
	case v.Given(pem):
		return pem
	case v.Given(location):
		return location
	}
	return ""
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// The keys that only OpenID Connect reads (sasl.oauthbearer.method=oidc).
var oidcKeys = []string{"sasl.oauthbearer.client.id", "sasl.oauthbearer.client.secret", "sasl.oauthbearer.token.endpoint.url",
	"sasl.oauthbearer.scope", "sasl.oauthbearer.extensions"}

// checkMechanism adds errors for credentials that are missing, and for those that the mechanism does not
// use.
func (v *View) checkMechanism() {
	const mechanisms = "sasl.mechanisms" // librdkafka's own name
	mechanism := strings.ToUpper(v.Get(mechanisms))
	user, password := v.Given("sasl.username"), v.Given("sasl.password")
	credentials := user || password
	switch {
	case mechanism == "PLAIN" || strings.HasPrefix(mechanism, "SCRAM-"):
		switch {
		case !user:
			v.Fail("sasl.username", "is required by "+mechanism)
		case !password:
			v.Fail("sasl.password", "is required by "+mechanism)
		}
	case credentials:
		key := "sasl.username"
		if !user {
			key = "sasl.password"
		}
		if v.Given(mechanisms) {
			v.Fail(key, "has no effect with "+v.Name(mechanisms)+"="+mechanism+"; it is for PLAIN and SCRAM")
		} else {
			v.Fail(key, "has no effect: sasl.mechanism is not set, and GSSAPI (Kerberos) by default; set it to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
		}
	}
	if mechanism != "OAUTHBEARER" {
		v.unusedBy(mechanism, "OAUTHBEARER", "sasl.oauthbearer.")
	} else if !strings.EqualFold(v.Get("sasl.oauthbearer.method"), "oidc") {
		for _, key := range oidcKeys {
			if v.Given(key) {
				v.Fail(key, "has no effect without sasl.oauthbearer.method=oidc")
			}
		}
	}
	if mechanism != "GSSAPI" {
		v.unusedBy(mechanism, "GSSAPI", "sasl.kerberos.")
	}
}

// unusedBy adds errors for keys with this prefix, which another mechanism alone reads.
func (v *View) unusedBy(mechanism, other, prefix string) {
	for _, name := range Names() {
		key, _ := Find(name)
		if key.Main == name && strings.HasPrefix(name, prefix) && v.Changed(name) {
			v.Fail(name, "has no effect with sasl.mechanism="+mechanism+"; it needs "+other)
		}
	}
}
