package registry

import "strings"

// Handling is what becomes of a configuration key.
type Handling uint8

// The ways to handle a key.
const (
	Honoured Handling = iota // it does here what it does elsewhere
	Ignored                  // it is accepted, and has no meaning here
	Refused                  // it is an error, since leaving it unheeded could do harm
)

// String returns "honoured", "ignored" or "refused".
func (h Handling) String() string {
	return [...]string{"honoured", "ignored", "refused"}[h]
}

// Key describes a configuration key of the registry's.
type Key struct {
	Name     string // a last "*" stands for anything
	Handling Handling
	Default  string // as the configuration would write it; "" if there is none
	Doc      string // what it does, or why it is ignored or refused
}

// canonical is the name without the registry's namespace.
func (k Key) canonical() string { return strings.TrimPrefix(k.Name, namespace) }

// matches reports whether name is k's.
func (k Key) matches(name string) bool {
	if stem, ok := strings.CutSuffix(k.Name, "*"); ok {
		return strings.HasPrefix(name, stem) && len(name) > len(stem)
	}
	return name == k.Name || name == k.canonical() && !k.kafkas()
}

// kafkas reports whether the name without the namespace is one of Kafka's own
// keys: then only the long form is the registry's.
func (k Key) kafkas() bool {
	name := k.canonical()
	return strings.HasPrefix(name, "ssl.") || name == "url" || name == "timeout" || name == "enable.ssl.certificate.verification"
}

// ConfigKeys returns the keys that [FromConfig] knows, in groups, as the
// configuration's documentation shows them. Those that do not begin with
// "schema.registry." may be written so too.
func ConfigKeys() []Key { return configKeys() }

func configKeys() []Key {
	return keyTable[:]
}

// keyTable is never changed.
var keyTable = [...]Key{
	{"schema.registry.url", Honoured, "", "URLs of the registry, separated by commas, or mock://scope for one in this process. A URL may carry user:password@."},
	{"schema.registry.url.randomize", Honoured, "false", "Begin with a random URL."},
	{"url.randomize", Honoured, "false", "The same."},

	{"basic.auth.credentials.source", Honoured, "URL", "URL: user and password are in the URL. USER_INFO: in basic.auth.user.info, which is also believed without this key. SASL_INHERIT: sasl.username and sasl.password."},
	{"basic.auth.user.info", Honoured, "", "user:password."},
	{"bearer.auth.credentials.source", Honoured, "STATIC_TOKEN", "STATIC_TOKEN: bearer.auth.token. OAUTHBEARER: OAuth client credentials from the keys below. SASL_OAUTHBEARER_INHERIT: from the sasl.oauthbearer keys. CUSTOM, UAMI and OAUTHBEARER_AZURE_IMDS are refused: give registry.WithTokenFunc."},
	{"bearer.auth.token", Honoured, "", "A token that never changes."},
	{"bearer.auth.issuer.endpoint.url", Honoured, "", "The OAuth server's token endpoint."},
	{"bearer.auth.client.id", Honoured, "", "OAuth client id."},
	{"bearer.auth.client.secret", Honoured, "", "OAuth client secret."},
	{"bearer.auth.scope", Honoured, "", "OAuth scopes, separated by spaces or commas."},
	{"bearer.auth.logical.cluster", Honoured, "", "Sent as the header target-sr-cluster."},
	{"bearer.auth.identity.pool.id", Honoured, "", "Sent as the header Confluent-Identity-Pool-Id."},
	{"bearer.auth.scope.claim.name", Ignored, "scope", "Tokens are not looked into."},
	{"bearer.auth.sub.claim.name", Ignored, "sub", "Tokens are not looked into."},
	{"bearer.auth.cache.expiry.buffer.seconds", Ignored, "300", "A token is replaced when four fifths of its life are over."},
	{"bearer.auth.custom.provider.*", Refused, "", "names code in another language: give registry.WithTokenFunc"},
	{"bearer.auth.uami.*", Refused, "", "managed identities are not built in: give registry.WithTokenFunc"},

	{"schema.registry.ssl.ca.location", Honoured, "", "File with the certificates to trust, in PEM, instead of the system's; false trusts any server (as in Python)."},
	{"schema.registry.ssl.ca.pem", Honoured, "", "The same as text."},
	{"schema.registry.ssl.certificate.location", Honoured, "", "File with the certificate to present, in PEM. It is read again when it changes."},
	{"schema.registry.ssl.certificate.pem", Honoured, "", "The same as text."},
	{"schema.registry.ssl.key.location", Honoured, "", "File with the certificate's key, in PEM. It is read again when it changes."},
	{"schema.registry.ssl.key.pem", Honoured, "", "The same as text."},
	{"schema.registry.ssl.key.password", Honoured, "", "Password of an encrypted key."},
	{"schema.registry.ssl.truststore.type", Honoured, "JKS", "PEM; anything else is refused once there is a location."},
	{"schema.registry.ssl.truststore.location", Honoured, "", "With type PEM, the same as ssl.ca.location."},
	{"schema.registry.ssl.truststore.certificates", Honoured, "", "The same as ssl.ca.pem."},
	{"schema.registry.ssl.truststore.password", Ignored, "", "PEM files with certificates have none."},
	{"schema.registry.ssl.keystore.type", Honoured, "JKS", "PEM; anything else is refused once there is a location."},
	{"schema.registry.ssl.keystore.location", Honoured, "", "With type PEM, a file with both certificate and key."},
	{"schema.registry.ssl.keystore.certificate.chain", Honoured, "", "The same as ssl.certificate.pem."},
	{"schema.registry.ssl.keystore.key", Honoured, "", "The same as ssl.key.pem."},
	{"schema.registry.ssl.keystore.password", Ignored, "", "PEM files have one for the key only: ssl.key.password."},
	{"schema.registry.ssl.endpoint.identification.algorithm", Honoured, "https", "An empty value or none does not compare the server's name with its certificate."},
	{"schema.registry.enable.ssl.certificate.verification", Honoured, "true", "false trusts any server."},
	{"schema.registry.ssl.enabled.protocols", Honoured, "TLSv1.2,TLSv1.3", "The versions of TLS to speak."},
	{"schema.registry.ssl.protocol", Ignored, "", "Java's name for the same."},
	{"schema.registry.ssl.provider", Ignored, "", "About Java."},
	{"schema.registry.ssl.keymanager.algorithm", Ignored, "", "About Java."},
	{"schema.registry.ssl.trustmanager.algorithm", Ignored, "", "About Java."},
	{"schema.registry.ssl.secure.random.implementation", Ignored, "", "About Java."},
	{"schema.registry.ssl.cipher.suites", Refused, "", "Go chooses the cipher suites: give registry.WithTLS"},
	{"schema.registry.ssl.crl.location", Refused, "", "revocation lists are not looked at: give registry.WithTLS"},
	{"schema.registry.ssl.engine.factory.class", Refused, "", "names a Java class: give registry.WithTLS"},

	{"proxy", Honoured, "", "URL of a proxy. The default is what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say."},
	{"proxy.host", Honoured, "", "Host of a proxy, with proxy.port."},
	{"proxy.port", Honoured, "", "Port of the proxy."},
	{"request.header.*", Honoured, "", "A header for every request: request.header.X-Team=payments."},
	{"http.connect.timeout.ms", Honoured, "5000", "How long connecting may take."},
	{"http.read.timeout.ms", Honoured, "10000", "How long one attempt may take."},
	{"schema.registry.timeout", Honoured, "10", "The same in seconds (Python's timeout)."},
	{"kavro.registry.call.timeout.ms", Honoured, "30000", "How long a call may take, with its retries."},
	{"max.retries", Honoured, "3", "How often a request is tried again after a network error, 408, 429 or 5xx."},
	{"retries.wait.ms", Honoured, "250", "The longest first pause before that; the pause is random."},
	{"retries.max.wait.ms", Honoured, "20000", "The longest pause before that."},
	{"use.apache.http.client", Ignored, "false", "About Java."},

	{"cache.capacity", Honoured, "10000", "Permanent answers kept, of each kind."},
	{"max.schemas.per.subject", Ignored, "1000", "Caches are bounded as a whole: cache.capacity."},
	{"latest.cache.size", Honoured, "1000", "Subjects whose latest version is kept."},
	{"latest.cache.ttl.sec", Honoured, "60", "For how long the latest version counts as new; -1 is for ever."},
	{"cache.latest.ttl.sec", Honoured, "60", "The same (Python's name)."},
	{"kavro.registry.latest.max.stale.ms", Honoured, "3600000", "For how much longer it is used while it is being replaced or the registry is down."},
	{"missing.id.cache.ttl.sec", Honoured, "10", "For how long an id that does not exist is not asked for again."},
	{"missing.version.cache.ttl.sec", Honoured, "1", "The same for versions of subjects."},
	{"missing.schema.cache.ttl.sec", Honoured, "1", "The same for schemas that are not registered."},
	{"missing.cache.size", Honoured, "10000", "How many such answers are kept, of each kind."},
	{"kavro.registry.max.schema.bytes", Honoured, "1048576", "The largest text of a schema that is read or registered."},
	{"kavro.registry.cache.dir", Honoured, "", "Directory for answers, which are used while the registry is down."},
}
