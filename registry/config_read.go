package registry

import (
	"crypto/tls"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kavro/kavro/registry/transport"
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
	list, err := transport.ParseURLs(r.urls)
	if err != nil {
		r.fail(r.given["url"], strings.TrimPrefix(err.Error(), "registry: "))
		return
	}
	r.userInURL = slices.ContainsFunc(list, func(u transport.URL) bool { return u.Auth != nil })
	r.network = list[0].Scope == ""
	r.tls = slices.ContainsFunc(list, func(u transport.URL) bool { return u.Scheme == "https" })
}

// readAuth finds the one way to authenticate.
func (r *configReader) readAuth() {
	source, bearer := r.word("basic.auth.credentials.source"), r.word("bearer.auth.credentials.source")
	info := r.set("basic.auth.user.info")
	if source == "" && info {
		source = "USER_INFO"
	}
	if bearer == "" && r.set("bearer.auth.token") {
		bearer = "STATIC_TOKEN"
	}
	if source != "" && source != "URL" && bearer != "" {
		r.fail(r.firstSet("bearer.auth.credentials.source", "bearer.auth.token"), "contradicts the keys for basic authentication: there is one way to authenticate")
		return
	}
	switch source {
	case "", "URL":
		switch {
		case info:
			r.fail(r.given["basic.auth.credentials.source"], "is URL, and yet "+r.given["basic.auth.user.info"]+" is set")
		case source == "URL" && r.network && !r.userInURL:
			r.fail(r.given["basic.auth.credentials.source"], "is URL, and yet "+r.given["url"]+" has no user:password@")
		case bearer != "" && r.userInURL:
			r.fail(r.firstSet("bearer.auth.credentials.source", "bearer.auth.token"), "contradicts the user in "+r.given["url"]+": there is one way to authenticate")
			return
		}
	case "USER_INFO":
		user, password, ok := strings.Cut(r.secret("basic.auth.user.info"), ":")
		switch fault := (&transport.BasicAuth{User: user, Password: password}).Check(); {
		case !ok:
			r.fail(r.name("basic.auth.user.info"), "want user:password")
		case fault != nil:
			r.fail(r.given["basic.auth.user.info"], "want user:password: "+fault.Error())
		case r.userInURL:
			r.fail(r.given["basic.auth.user.info"], "is set, and yet "+urlKey+" has a user too")
		default:
			r.use(WithBasicAuth(user, password))
		}
	case "SASL_INHERIT":
		if info {
			r.fail(r.given["basic.auth.credentials.source"], "is SASL_INHERIT, and yet "+r.given["basic.auth.user.info"]+" is set")
		}
		if r.userInURL {
			r.fail(r.given["basic.auth.credentials.source"], "is SASL_INHERIT, and yet "+r.given["url"]+" has a user too")
			return
		}
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
	r.unused(source)
	switch source {
	case "":
		return
	case "STATIC_TOKEN":
		switch token := r.text("bearer.auth.token"); {
		case token == "":
			r.fail(r.name("bearer.auth.token"), "is not set")
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

// unused reports the keys for tokens that are set and have no effect with source.
func (r *configReader) unused(source string) {
	wants := map[string]string{
		"bearer.auth.issuer.endpoint.url": "OAUTHBEARER", "bearer.auth.client.id": "OAUTHBEARER", "bearer.auth.client.secret": "OAUTHBEARER", "bearer.auth.scope": "OAUTHBEARER",
		"bearer.auth.token": "STATIC_TOKEN", "bearer.auth.logical.cluster": source, "bearer.auth.identity.pool.id": source,
	}
	key := r.name("bearer.auth.credentials.source")
	for _, name := range sortedKeys(wants) {
		switch want := wants[name]; {
		case !r.set(name):
		case source == "":
			r.fail(r.given[name], "has no effect without "+key)
		case want != source:
			r.fail(r.given[name], "has no effect with "+key+"="+source)
		}
	}
}

// useOAuth uses client credentials; key is where tokenURL is from.
func (r *configReader) useOAuth(key, tokenURL, id, secret, scopes string) {
	r.use(WithClientCredentials(tokenURL, id, secret, strings.FieldsFunc(scopes, func(c rune) bool { return c == ' ' || c == ',' })...))
	if u, err := url.Parse(tokenURL); tokenURL != "" && (err != nil || u.Host == "") {
		r.fail(key, "is not an absolute URL")
	}
}

// required returns the value of a key that has to be set.
func (r *configReader) required(name string) string {
	v := r.secret(name)
	if v == "" {
		r.fail(r.name(name), "is not set")
	}
	return v
}

// readTLS reads the keys for certificates.
func (r *configReader) readTLS() {
	r.either("ssl.ca.pem", "ssl.ca.location", "ssl.truststore.certificates", "ssl.truststore.location")
	r.either("ssl.certificate.pem", "ssl.certificate.location", "ssl.keystore.certificate.chain", "ssl.keystore.location")
	r.either("ssl.key.pem", "ssl.key.location", "ssl.keystore.key")
	f := transport.TLSFiles{
		CA:              r.text(r.which("ssl.ca.pem", "ssl.truststore.certificates")),
		Certificate:     r.text(r.which("ssl.certificate.pem", "ssl.keystore.certificate.chain")),
		CertificateFile: r.text("ssl.certificate.location"),
		Key:             r.text(r.which("ssl.key.pem", "ssl.keystore.key")),
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
	if f == (transport.TLSFiles{}) {
		return
	}
	if r.network && !r.tls {
		for _, name := range r.names("ssl.", "enable.ssl.") {
			r.fail(r.given[name], "has no effect: "+r.given["url"]+" has no URL that begins with https://")
			return
		}
	}
	conf, err := transport.LoadTLS(f)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "registry: ")
		r.fail(r.tlsKey(reason), reason)
		return
	}
	r.use(WithTLS(conf))
}

// tlsKey is the key, as it is written, that a fault of LoadTLS is about.
func (r *configReader) tlsKey(reason string) string {
	own := []string{"ssl.certificate.pem", "ssl.certificate.location", "ssl.keystore.certificate.chain", "ssl.keystore.location"}
	keys := []string{"ssl.key.pem", "ssl.key.location", "ssl.keystore.key"}
	var names []string
	switch {
	case strings.HasPrefix(reason, "CA "):
		names = []string{"ssl.ca.pem", "ssl.ca.location", "ssl.truststore.certificates", "ssl.truststore.location"}
	case strings.HasPrefix(reason, "a key"), strings.HasPrefix(reason, "key:"):
		names = slices.Concat(keys, own)
	default:
		names = slices.Concat(own, keys)
	}
	if key := r.firstSet(append(names, "ssl.key.password")...); key != "" {
		return key
	}
	return namespace + "ssl.*"
}

// either reports the second of these keys that is set: they say the same thing, and
// one of them would be dropped.
func (r *configReader) either(names ...string) {
	first := ""
	for _, name := range names {
		switch {
		case !r.set(name):
		case first == "":
			first = r.given[name]
		default:
			r.fail(r.given[name], "says what "+first+" says: set one of them")
		}
	}
}

// which is the first of these keys that is set, or the first.
func (r *configReader) which(names ...string) string {
	for _, name := range names {
		if r.set(name) {
			return name
		}
	}
	return names[0]
}

// firstSet is the first of these keys that is set, as it is written.
func (r *configReader) firstSet(names ...string) string { return r.given[r.which(names...)] }

// name is a key as it is written, or would be if it is not set.
func (r *configReader) name(name string) string {
	if key := r.given[name]; key != "" {
		return key
	}
	return name
}

// names are the keys that are set and begin so, sorted.
func (r *configReader) names(prefixes ...string) (names []string) {
	for _, name := range sortedKeys(r.given) {
		if r.set(name) && slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			names = append(names, name)
		}
	}
	return names
}

// store returns the file of a Java key or trust store, if it is one in PEM.
func (r *configReader) store(kind string) string {
	location := "ssl." + kind + ".location"
	file := r.text(location)
	if file == "" {
		// PEM goes with texts as well, and JKS is the default.
		if t := r.word("ssl." + kind + ".type"); t != "" && t != "PEM" && t != "JKS" {
			r.fail(r.given["ssl."+kind+".type"], "has no effect without "+r.name(location))
		}
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
	var enabled []uint16
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
		if !slices.Contains(enabled, version) {
			enabled = append(enabled, version)
		}
	}
	if lowest != 0 && len(enabled) != int(highest-lowest)+1 {
		r.fail(r.given[name], "leaves out a version between others, which cannot be honoured")
	}
	return lowest, highest
}

// readProxy reads a proxy's URL, or its host and port.
func (r *configReader) readProxy() {
	proxy, host := r.secret("proxy"), r.text("proxy.host")
	r.either("proxy", "proxy.host")
	if r.set("proxy.port") && host == "" {
		r.fail(r.given["proxy.port"], "has no effect without proxy.host")
	}
	if host != "" && proxy == "" {
		port := r.text("proxy.port")
		if port == "" {
			r.fail(r.name("proxy.port"), "is not set")
			return
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			r.fail(r.given["proxy.port"], "want a number from 1 to 65535")
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
	if err := transport.CheckProxy(proxy); err != nil {
		r.fail(r.firstSet("proxy", "proxy.host"), err.Error())
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
		if err := transport.CheckHeader(name, value); err != nil {
			r.fail(key, strings.TrimLeft(strings.TrimPrefix(err.Error(), name), " "))
			continue
		}
		r.use(WithHeader(name, value))
	}
}

// readTimes reads timeouts and retries.
func (r *configReader) readTimes() {
	r.either("timeout", "http.read.timeout.ms")
	attempt := r.millis("http.read.timeout.ms", 0)
	if r.has("timeout") {
		attempt = r.seconds("timeout", 0)
	}
	connect, call := r.millis("http.connect.timeout.ms", 0), r.millis("kavro.registry.call.timeout.ms", 0)
	for name, d := range map[string]time.Duration{r.which("timeout", "http.read.timeout.ms"): attempt, "http.connect.timeout.ms": connect, "kavro.registry.call.timeout.ms": call} {
		if r.set(name) && (d == 0 || name == "timeout" && d < 0) {
			r.fail(r.given[name], "want a time above 0")
		}
	}
	if connect != 0 || attempt != 0 || call != 0 {
		r.use(WithTimeouts(connect, attempt, call))
	}
	def := transport.Defaults()
	if r.has("max.retries") || r.has("retries.wait.ms") || r.has("retries.max.wait.ms") {
		wait, longest := r.millis("retries.wait.ms", def.RetryWait), r.millis("retries.max.wait.ms", def.RetryMaxWait)
		if r.set("retries.max.wait.ms") && longest < wait {
			r.fail(r.given["retries.max.wait.ms"], "is less than "+r.name("retries.wait.ms")+", "+strconv.FormatInt(wait.Milliseconds(), 10))
		}
		r.use(WithRetries(r.int("max.retries", def.Retries, 0), wait, max(longest, wait)))
	}
}

// readCaches reads sizes and lifetimes.
func (r *configReader) readCaches() {
	def := defaultSettings()
	r.use(WithCacheSize(r.int("cache.capacity", def.cacheSize, 1)))
	r.either("latest.cache.ttl.sec", "cache.latest.ttl.sec")
	ttl := r.seconds(r.which("latest.cache.ttl.sec", "cache.latest.ttl.sec"), def.latestTTL)
	r.use(WithLatest(ttl, r.millis("kavro.registry.latest.max.stale.ms", def.latestMaxStale), r.int("latest.cache.size", def.latestSize, 1)))
	missing := func(name string, def time.Duration) time.Duration {
		d := r.seconds(name, def)
		if d < 0 {
			r.fail(r.given[name], "is negative")
		}
		return d
	}
	r.use(WithMissing(
		missing("missing.id.cache.ttl.sec", def.missingIDs),
		missing("missing.version.cache.ttl.sec", def.missingVersions),
		missing("missing.schema.cache.ttl.sec", def.missingSchemas),
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
