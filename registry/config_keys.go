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
	{"schema.registry.url", Honoured, "", "URLs of the registry, separated by commas, or mock://scope for one in the process. A URL may contain user:password@."},
	{"schema.registry.url.randomize", Honoured, "false", "true starts with a random URL."},
	{"url.randomize", Honoured, "false", "Another name of schema.registry.url.randomize."},

	{"basic.auth.credentials.source", Honoured, "URL", "URL: user and password are in the URL. USER_INFO: in basic.auth.user.info, which is used without this key too. SASL_INHERIT: sasl.username and sasl.password."},
	{"basic.auth.user.info", Honoured, "", "User and password, as user:password."},
	{"bearer.auth.credentials.source", Honoured, "STATIC_TOKEN", "STATIC_TOKEN: bearer.auth.token. OAUTHBEARER: OAuth client credentials from the keys below. SASL_OAUTHBEARER_INHERIT: from the sasl.oauthbearer keys. CUSTOM, UAMI and OAUTHBEARER_AZURE_IMDS are refused: give registry.WithTokenFunc."},
	{"bearer.auth.token", Honoured, "", "A constant token."},
	{"bearer.auth.issuer.endpoint.url", Honoured, "", "The OAuth server's token endpoint."},
	{"bearer.auth.client.id", Honoured, "", "OAuth client id."},
	{"bearer.auth.client.secret", Honoured, "", "OAuth client secret."},
	{"bearer.auth.scope", Honoured, "", "OAuth scopes, separated by spaces or commas."},
	{"bearer.auth.logical.cluster", Honoured, "", "Sent as the header target-sr-cluster."},
	{"bearer.auth.identity.pool.id", Honoured, "", "Sent as the header Confluent-Identity-Pool-Id."},
	{"bearer.auth.scope.claim.name", Ignored, "scope", "Tokens are not parsed."},
	{"bearer.auth.sub.claim.name", Ignored, "sub", "Tokens are not parsed."},
	{"bearer.auth.cache.expiry.buffer.seconds", Ignored, "300", "A token is renewed after four fifths of its life."},
	{"bearer.auth.custom.provider.*", Refused, "", "names code in another language: give registry.WithTokenFunc"},
	{"bearer.auth.uami.*", Refused, "", "managed identities are not built in: give registry.WithTokenFunc"},

	{"schema.registry.ssl.ca.location", Honoured, "", "File with the certificates to trust, in PEM, instead of the system's; false trusts any server (as in Python)."},
	{"schema.registry.ssl.ca.pem", Honoured, "", "The certificates to trust, as PEM text."},
	{"schema.registry.ssl.certificate.location", Honoured, "", "File with the certificate to present, in PEM. It is read again when it changes."},
	{"schema.registry.ssl.certificate.pem", Honoured, "", "The certificate to present, as PEM text."},
	{"schema.registry.ssl.key.location", Honoured, "", "File with the certificate's key, in PEM. It is read again when it changes."},
	{"schema.registry.ssl.key.pem", Honoured, "", "The certificate's key, as PEM text."},
	{"schema.registry.ssl.key.password", Honoured, "", "Password of an encrypted key."},
	{"schema.registry.ssl.truststore.type", Honoured, "JKS", "PEM; other types are refused if there is a location."},
	{"schema.registry.ssl.truststore.location", Honoured, "", "With type PEM, the same as ssl.ca.location."},
	{"schema.registry.ssl.truststore.certificates", Honoured, "", "The same as ssl.ca.pem."},
	{"schema.registry.ssl.truststore.password", Ignored, "", "PEM files with certificates have none."},
	{"schema.registry.ssl.keystore.type", Honoured, "JKS", "PEM; other types are refused if there is a location."},
	{"schema.registry.ssl.keystore.location", Honoured, "", "With type PEM, a file with both certificate and key."},
	{"schema.registry.ssl.keystore.certificate.chain", Honoured, "", "The same as ssl.certificate.pem."},
	{"schema.registry.ssl.keystore.key", Honoured, "", "The same as ssl.key.pem."},
	{"schema.registry.ssl.keystore.password", Ignored, "", "PEM files have one for the key only: ssl.key.password."},
	{"schema.registry.ssl.endpoint.identification.algorithm", Honoured, "https", "https compares the server's name with its certificate; an empty value or none does not."},
	{"schema.registry.enable.ssl.certificate.verification", Honoured, "true", "false trusts any server."},
	{"schema.registry.ssl.enabled.protocols", Honoured, "TLSv1.2,TLSv1.3", "Versions of TLS."},
	{"schema.registry.ssl.protocol", Ignored, "", "Java's version of TLS; ssl.enabled.protocols applies."},
	{"schema.registry.ssl.provider", Ignored, "", "A setting of Java."},
	{"schema.registry.ssl.keymanager.algorithm", Ignored, "", "A setting of Java."},
	{"schema.registry.ssl.trustmanager.algorithm", Ignored, "", "A setting of Java."},
	{"schema.registry.ssl.secure.random.implementation", Ignored, "", "A setting of Java."},
	{"schema.registry.ssl.cipher.suites", Refused, "", "Go chooses the cipher suites: give registry.WithTLS"},
	{"schema.registry.ssl.crl.location", Refused, "", "revocation lists are not looked at: give registry.WithTLS"},
	{"schema.registry.ssl.engine.factory.class", Refused, "", "names a Java class: give registry.WithTLS"},

	{"proxy", Honoured, "", "URL of a proxy. The default is that of HTTPS_PROXY, HTTP_PROXY and NO_PROXY."},
	{"proxy.host", Honoured, "", "Host of a proxy, with proxy.port."},
	{"proxy.port", Honoured, "", "Port of the proxy."},
	{"request.header.*", Honoured, "", "A header for every request: request.header.X-Team=payments."},
	{"http.connect.timeout.ms", Honoured, "5000", "Timeout of a connection attempt."},
	{"http.read.timeout.ms", Honoured, "10000", "Timeout of one attempt."},
	{"schema.registry.timeout", Honoured, "10", "Timeout of one attempt in seconds (Python's timeout)."},
	{"kavro.registry.call.timeout.ms", Honoured, "30000", "Timeout of a call, with its retries."},
	{"max.retries", Honoured, "3", "Retries of a request after a network error, 408, 429 or 5xx."},
	{"retries.wait.ms", Honoured, "250", "The longest first pause before a retry; pauses are random."},
	{"retries.max.wait.ms", Honoured, "20000", "The longest pause before a retry."},
	{"use.apache.http.client", Ignored, "false", "A setting of Java."},

	{"cache.capacity", Honoured, "10000", "Permanent responses in the cache, for each kind of request."},
	{"max.schemas.per.subject", Ignored, "1000", "Caches are bounded as a whole: cache.capacity."},
	{"latest.cache.size", Honoured, "1000", "Subjects with a cached latest version."},
	{"latest.cache.ttl.sec", Honoured, "60", "How long a cached latest version is fresh; -1 is without limit."},
	{"cache.latest.ttl.sec", Honoured, "60", "Python's name of latest.cache.ttl.sec."},
	{"kavro.registry.latest.max.stale.ms", Honoured, "3600000", "How much longer a cached latest version is used, during its refresh or an outage of the registry."},
	{"missing.id.cache.ttl.sec", Honoured, "10", "How long a missing id is cached."},
	{"missing.version.cache.ttl.sec", Honoured, "1", "How long a missing version of a subject is cached."},
	{"missing.schema.cache.ttl.sec", Honoured, "1", "How long a missing registration of a schema is cached."},
	{"missing.cache.size", Honoured, "10000", "Cached missing ids, versions and schemas, of each kind."},
	{"kavro.registry.max.schema.bytes", Honoured, "1048576", "The largest text of a schema to read or register."},
	{"kavro.registry.cache.dir", Honoured, "", "Directory for responses, used while the registry is unavailable."},
}
