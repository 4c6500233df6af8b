package registry

import (
	"crypto/tls"
	"math"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kavro/kavro/base"
)

// read turns the keys that are given into URLs and options.
func (r *configReader) read() {
	r.readURLs()
	if r.bool("url.randomize", false) {
		r.use(WithRandomURL())
	}
	r.readAuth()
	r.readTLS()
	r.readProxy()
	r.readHeaders()
	r.readTimes()
	r.readCaches()
}

// readURLs checks the URLs, which stay one text.
func (r *configReader) readURLs() {
	if r.urls = r.text("url"); r.urls == "" {
		return
	}
	list, _, err := parseURLs(r.urls)
	if err != nil {
		r.fail(r.given["url"], strings.TrimPrefix(err.Error(), "registry: "))
	}
	r.userInURL = slices.ContainsFunc(list, func(h *host) bool { return h.auth != nil })
}

// readAuth finds the one way to authenticate.
func (r *configReader) readAuth() {
	source, bearer := r.word("basic.auth.credentials.source"), r.word("bearer.auth.credentials.source")
	info := r.has("basic.auth.user.info") && r.secret("basic.auth.user.info") != ""
	if source == "" && info {
		source = "USER_INFO"
	}
	if bearer == "" && r.text("bearer.auth.token") != "" {
		bearer = "STATIC_TOKEN"
	}
	if source != "" && source != "URL" && bearer != "" {
		r.fail(r.given["bearer.auth.credentials.source"], "contradicts the keys for basic authentication: there is one way to authenticate")
		return
	}
	switch source {
	case "", "URL":
		if info {
			r.fail(r.given["basic.auth.credentials.source"], "is URL, and yet "+r.given["basic.auth.user.info"]+" is set")
		}
	case "USER_INFO":
		user, password, ok := strings.Cut(r.secret("basic.auth.user.info"), ":")
		switch {
		case !ok:
			r.fail("basic.auth.user.info", "want user:password")
		case r.userInURL:
			r.fail(r.given["basic.auth.user.info"], "is set, and yet "+urlKey+" has a user too")
		default:
			r.use(WithBasicAuth(user, password))
		}
	case "SASL_INHERIT":
		r.inheritSASL()
	default:
		r.fail(r.given["basic.auth.credentials.source"], "want URL, USER_INFO or SASL_INHERIT")
	}
	r.readBearer(bearer)
}

// inheritSASL takes user and password from Kafka's keys, which stay Kafka's.
func (r *configReader) inheritSASL() {
	key := r.given["basic.auth.credentials.source"]
	user, err := r.conf.String("sasl.username", "")
	r.errs = appendError(r.errs, err)
	password, err := r.conf.String("sasl.password", "")
	r.errs = appendError(r.errs, err)
	mechanism := ""
	for _, k := range []string{"sasl.mechanisms", "sasl.mechanism"} {
		if v, _ := r.conf.String(k, ""); v != "" {
			mechanism = strings.ToUpper(v)
		}
	}
	switch {
	case mechanism == "GSSAPI" || mechanism == "OAUTHBEARER":
		r.fail(key, "SASL_INHERIT needs a mechanism with a password, not "+mechanism)
	case user == "" || password == "":
		r.fail(key, "SASL_INHERIT needs sasl.username and sasl.password")
	default:
		r.use(WithBasicAuth(user, password))
	}
}

// readBearer reads the keys for tokens.
func (r *configReader) readBearer(source string) {
	name := "bearer.auth.credentials.source"
	switch source {
	case "":
		return
	case "STATIC_TOKEN":
		switch token := r.text("bearer.auth.token"); {
		case token == "":
			r.fail("bearer.auth.token", "is not set")
		case strings.ContainsAny(token, "\r\n"):
			r.fail(r.given["bearer.auth.token"], "contains a line break")
		default:
			r.use(WithBearerToken(token))
		}
	case "OAUTHBEARER":
		r.useOAuth(r.given["bearer.auth.issuer.endpoint.url"], r.required("bearer.auth.issuer.endpoint.url"), r.required("bearer.auth.client.id"),
			r.required("bearer.auth.client.secret"), r.text("bearer.auth.scope"))
	case "SASL_OAUTHBEARER_INHERIT":
		inherit := func(key string) string {
			v, err := r.conf.String(key, "")
			r.errs = appendError(r.errs, err)
			if v == "" && key != "sasl.oauthbearer.scope" {
				r.fail(r.given[name], "SASL_OAUTHBEARER_INHERIT needs "+key)
			}
			return v
		}
		r.useOAuth("sasl.oauthbearer.token.endpoint.url", inherit("sasl.oauthbearer.token.endpoint.url"), inherit("sasl.oauthbearer.client.id"),
			inherit("sasl.oauthbearer.client.secret"), inherit("sasl.oauthbearer.scope"))
	case "CUSTOM", "UAMI", "OAUTHBEARER_AZURE_IMDS":
		r.fail(r.given[name], source+" is not built in: give registry.WithTokenFunc")
	default:
		r.fail(r.given[name], "want STATIC_TOKEN, OAUTHBEARER or SASL_OAUTHBEARER_INHERIT")
	}
	if cluster := r.text("bearer.auth.logical.cluster"); cluster != "" {
		r.use(WithHeader("target-sr-cluster", cluster))
	}
	if pool := r.text("bearer.auth.identity.pool.id"); pool != "" {
		r.use(WithHeader("Confluent-Identity-Pool-Id", pool))
	}
}

// useOAuth uses client credentials; key is where tokenURL is from.
func (r *configReader) useOAuth(key, tokenURL, id, secret, scopes string) {
	option := WithClientCredentials(tokenURL, id, secret, strings.FieldsFunc(scopes, func(c rune) bool { return c == ' ' || c == ',' })...)
	var s clientSettings
	option.apply(&s)
	if s.transport.auth.check() != nil && tokenURL != "" {
		r.fail(key, "is not an absolute URL")
	}
	r.use(option)
}

// required returns the value of a key that has to be set.
func (r *configReader) required(name string) string {
	v := r.secret(name)
	if v == "" {
		r.fail(name, "is not set")
	}
	return v
}

// readTLS reads the keys for certificates.
func (r *configReader) readTLS() {
	f := TLSFiles{
		CA:              r.first("ssl.ca.pem", "ssl.truststore.certificates"),
		Certificate:     r.first("ssl.certificate.pem", "ssl.keystore.certificate.chain"),
		CertificateFile: r.text("ssl.certificate.location"),
		Key:             r.first("ssl.key.pem", "ssl.keystore.key"),
		KeyFile:         r.text("ssl.key.location"),
		Insecure:        !r.bool("enable.ssl.certificate.verification", true),
	}
	if r.has("ssl.key.password") {
		f.KeyPassword = r.secret("ssl.key.password")
	}
	if off, isBool := r.conf[r.given["ssl.ca.location"]].(bool); isBool {
		f.Insecure = f.Insecure || !off
	} else {
		f.CAFile = r.text("ssl.ca.location")
	}
	if file := r.store("truststore"); file != "" {
		f.CAFile = file
	}
	if file := r.store("keystore"); file != "" {
		f.CertificateFile = file
	}
	if r.has("ssl.endpoint.identification.algorithm") {
		algorithm := r.word("ssl.endpoint.identification.algorithm")
		f.AnyHost = algorithm == "" || algorithm == "NONE"
		if !f.AnyHost && algorithm != "HTTPS" {
			r.fail(r.given["ssl.endpoint.identification.algorithm"], "want https or nothing")
		}
	}
	f.MinVersion, f.MaxVersion = r.protocols()
	if f == (TLSFiles{}) {
		return
	}
	conf, err := LoadTLS(f)
	if err != nil {
		r.errs = append(r.errs, &base.ConfigError{Key: namespace + "ssl.*", Reason: strings.TrimPrefix(err.Error(), "registry: ")})
		return
	}
	r.use(WithTLS(conf))
}

// first returns the value of the first of these keys that is set.
func (r *configReader) first(names ...string) string {
	for _, name := range names {
		if v := r.text(name); v != "" {
			return v
		}
	}
	return ""
}

// store returns the file of a Java key or trust store, if it is one in PEM.
func (r *configReader) store(kind string) string {
	location := "ssl." + kind + ".location"
	file := r.text(location)
	if file == "" {
		return ""
	}
	if t := r.word("ssl." + kind + ".type"); t != "PEM" {
		r.fail(r.given[location], "only a store of type PEM can be read; "+
			"convert it with: keytool -importkeystore -deststoretype PKCS12 ..., then: openssl pkcs12 -in ... -out ....pem")
		return ""
	}
	return file
}

// protocols returns the lowest and the highest version of TLS that is enabled,
// 0 and 0 if the configuration does not say.
func (r *configReader) protocols() (lowest, highest uint16) {
	versions := map[string]uint16{"TLSV1": tls.VersionTLS10, "TLSV1.1": tls.VersionTLS11, "TLSV1.2": tls.VersionTLS12, "TLSV1.3": tls.VersionTLS13}
	name := "ssl.enabled.protocols"
	for word := range strings.SplitSeq(r.word(name), ",") {
		word = strings.TrimSpace(word)
		version, known := versions[word]
		switch {
		case word == "":
			continue
		case !known:
			r.fail(r.given[name], "want a list of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3")
			return 0, 0
		case lowest == 0 || version < lowest:
			lowest = version
		}
		highest = max(highest, version)
	}
	return lowest, highest
}

// readProxy reads a proxy's URL, or its host and port.
func (r *configReader) readProxy() {
	proxy, host := r.secret("proxy"), r.text("proxy.host")
	if host != "" && proxy == "" {
		port := r.text("proxy.port")
		if port == "" {
			r.fail("proxy.port", "is not set")
			return
		}
		proxy = "http://" + net.JoinHostPort(host, port)
	}
	if proxy == "" {
		return
	}
	if !strings.Contains(proxy, "://") {
		proxy = "http://" + proxy
	}
	if _, err := proxyURL(proxy); err != nil {
		key := r.given["proxy"]
		if key == "" {
			key = r.given["proxy.host"]
		}
		r.fail(key, "want a URL with http, https or socks5 and a host")
		return
	}
	r.use(WithProxy(proxy))
}

// readHeaders reads request.header.*: what the star stands for is the name.
func (r *configReader) readHeaders() {
	const prefix = "request.header."
	for _, key := range r.conf.Keys() {
		name, ok := strings.CutPrefix(strings.TrimPrefix(key, namespace), prefix)
		if !ok || name == "" || r.given[prefix+name] != key {
			continue
		}
		value := r.secret(prefix + name)
		if !validHeader(name, value) {
			r.fail(key, "is not a header")
			continue
		}
		r.use(WithHeader(name, value))
	}
}

// readTimes reads timeouts and retries.
func (r *configReader) readTimes() {
	attempt := r.millis("http.read.timeout.ms", 0)
	if r.has("timeout") {
		attempt = r.seconds("timeout", 0)
	}
	r.use(WithTimeouts(r.millis("http.connect.timeout.ms", 0), attempt, r.millis("kavro.registry.call.timeout.ms", 0)))
	def := defaultSettings().transport
	if r.has("max.retries") || r.has("retries.wait.ms") || r.has("retries.max.wait.ms") {
		wait := r.millis("retries.wait.ms", def.retryWait)
		r.use(WithRetries(r.int("max.retries", def.retries, 0), wait, max(r.millis("retries.max.wait.ms", def.retryMaxWait), wait)))
	}
}

// readCaches reads sizes and lifetimes.
func (r *configReader) readCaches() {
	def := defaultSettings()
	r.use(WithCacheSize(r.int("cache.capacity", def.cacheSize, 1)))
	ttl := r.seconds("latest.cache.ttl.sec", def.latestTTL)
	if !r.has("latest.cache.ttl.sec") {
		ttl = r.seconds("cache.latest.ttl.sec", def.latestTTL)
	}
	r.use(WithLatest(ttl, r.millis("kavro.registry.latest.max.stale.ms", def.latestMaxStale), r.int("latest.cache.size", def.latestSize, 1)))
	r.use(WithMissing(
		r.seconds("missing.id.cache.ttl.sec", def.missingIDs),
		r.seconds("missing.version.cache.ttl.sec", def.missingVersions),
		r.seconds("missing.schema.cache.ttl.sec", def.missingSchemas),
		r.int("missing.cache.size", def.missingSize, 1)))
	r.use(WithMaxSchema(r.int("kavro.registry.max.schema.bytes", def.maxSchema, 1)))
	if dir := r.text("kavro.registry.cache.dir"); dir != "" {
		r.use(WithCacheDir(dir))
	}
}

// millis returns a time that is given in milliseconds.
func (r *configReader) millis(name string, def time.Duration) time.Duration {
	v, err := r.conf.Duration(r.given[name], def)
	r.errs = appendError(r.errs, err)
	if err == nil && v < 0 {
		r.fail(r.given[name], "is negative")
	}
	return v
}

// seconds returns a time that is given in seconds or as a time.Duration. Below 0
// means for ever where that makes sense, which the options know.
func (r *configReader) seconds(name string, def time.Duration) time.Duration {
	if d, ok := r.conf[r.given[name]].(time.Duration); ok {
		return d
	}
	v, err := r.conf.Float(r.given[name], def.Seconds())
	r.errs = appendError(r.errs, err)
	if err == nil && math.Abs(v) > 1e9 {
		r.fail(r.given[name], "is too large")
		return def
	}
	return time.Duration(v * float64(time.Second))
}
