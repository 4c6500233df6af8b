package registry

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/inprocess"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry/transport"
)

// settingsOf reads a configuration and applies what it amounts to.
func settingsOf(t *testing.T, conf map[string]any) (*Settings, settings) {
	t.Helper()
	s, err := FromConfig(conf)
	require.NoError(t, err)
	out := defaultSettings()
	for _, o := range s.Options {
		o.apply(&out)
	}
	require.NoError(t, out.check())
	return s, out
}

// Every key that is honoured, and what it changes. TestEveryKeyIsTested sees that
// none is missing.
func honouredKeys(t *testing.T) map[string]struct {
	conf map[string]any
	want func(t *testing.T, s settings)
} {
	ca := newCA(t)
	cert, key := ca.issue(t, "client")
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	caFile, certFile, keyFile, bothFile := file("ca.pem", ca.pem), file("cert.pem", cert), file("key.pem", key), file("both.pem", cert+key)
	encrypted, err := os.ReadFile("../internal/tlsconf/testdata/keys/aes-256-cbc-hmacWithSHA256.pem")
	require.NoError(t, err)
	type conf = map[string]any
	type test = struct {
		conf map[string]any
		want func(t *testing.T, s settings)
	}
	trusts := func(t *testing.T, s settings) {
		require.NotNil(t, s.transport.TLS)
		require.True(t, s.transport.TLS.RootCAs.Equal(poolOf(ca)))
	}
	presents := func(t *testing.T, s settings) {
		pair, err := s.transport.TLS.GetClientCertificate(nil)
		require.NoError(t, err)
		require.NotEmpty(t, pair.Certificate)
	}
	over := func(f func(t *testing.T, s transport.Settings)) func(*testing.T, settings) {
		return func(t *testing.T, s settings) { f(t, s.transport) }
	}
	oauth := func(t *testing.T, s transport.Settings) {
		require.Equal(t, &transport.ClientCredentials{TokenURL: "https://idp/token", ID: "me", Secret: "s e c", Scopes: []string{"a", "b"}}, s.OAuth)
		require.Equal(t, "lsrc-1", s.Header.Get("target-sr-cluster"))
		require.Equal(t, "pool-1", s.Header.Get("Confluent-Identity-Pool-Id"))
	}
	oauthConf := conf{
		"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.issuer.endpoint.url": "https://idp/token", "bearer.auth.client.id": "me",
		"bearer.auth.client.secret": "s e c", "bearer.auth.scope": "a b", "bearer.auth.logical.cluster": "lsrc-1", "bearer.auth.identity.pool.id": "pool-1",
	}
	bearer := func(t *testing.T, s transport.Settings) { require.Equal(t, "tok", s.Bearer) }
	basic := func(t *testing.T, s transport.Settings) {
		require.Equal(t, &transport.BasicAuth{User: "ann", Password: "p:w "}, s.Basic)
	}
	tests := map[string]test{
		"schema.registry.url":           {conf{"schema.registry.url": "http://a, http://b"}, func(*testing.T, settings) {}},
		"schema.registry.url.randomize": {conf{"schema.registry.url.randomize": true}, over(func(t *testing.T, s transport.Settings) { require.True(t, s.RandomURL) })},
		"url.randomize":                 {conf{"url.randomize": "true"}, over(func(t *testing.T, s transport.Settings) { require.True(t, s.RandomURL) })},

		"basic.auth.credentials.source":  {conf{"basic.auth.credentials.source": "SASL_INHERIT", "sasl.username": "ann", "sasl.password": "p:w ", "sasl.mechanism": "PLAIN"}, over(basic)},
		"basic.auth.user.info":           {conf{"basic.auth.user.info": "ann:p:w "}, over(basic)},
		"bearer.auth.credentials.source": {conf{"bearer.auth.credentials.source": "static_token", "bearer.auth.token": "tok"}, over(bearer)},
		"bearer.auth.token":              {conf{"bearer.auth.token": "tok"}, over(bearer)},
		"proxy":                          {conf{"proxy": "https://p:3128"}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, "https://p:3128", s.Proxy) })},
		"proxy.host":                     {conf{"proxy.host": "p", "proxy.port": 3128}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, "http://p:3128", s.Proxy) })},
		"proxy.port":                     {conf{"proxy.host": "::1", "proxy.port": "3128"}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, "http://[::1]:3128", s.Proxy) })},
		"request.header.*":               {conf{"request.header.X-Team": "payments: a"}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, "payments: a", s.Header.Get("X-Team")) })},

		"http.connect.timeout.ms":        {conf{"http.connect.timeout.ms": 7}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, 7*time.Millisecond, s.DialTimeout) })},
		"http.read.timeout.ms":           {conf{"http.read.timeout.ms": "7"}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, 7*time.Millisecond, s.AttemptTimeout) })},
		"schema.registry.timeout":        {conf{"schema.registry.timeout": 1.5}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, 1500*time.Millisecond, s.AttemptTimeout) })},
		"kavro.registry.call.timeout.ms": {conf{"kavro.registry.call.timeout.ms": 7 * time.Second}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, 7*time.Second, s.CallTimeout) })},
		"max.retries":                    {conf{"max.retries": 7}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, 7, s.Retries) })},
		"retries.wait.ms":                {conf{"retries.wait.ms": 7}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, 7*time.Millisecond, s.RetryWait) })},
		"retries.max.wait.ms":            {conf{"retries.max.wait.ms": 700}, over(func(t *testing.T, s transport.Settings) { require.Equal(t, 700*time.Millisecond, s.RetryMaxWait) })},

		"cache.capacity":                     {conf{"cache.capacity": 7}, func(t *testing.T, s settings) { require.Equal(t, 7, s.cacheSize) }},
		"latest.cache.size":                  {conf{"latest.cache.size": 7}, func(t *testing.T, s settings) { require.Equal(t, 7, s.latestSize) }},
		"latest.cache.ttl.sec":               {conf{"latest.cache.ttl.sec": -1}, func(t *testing.T, s settings) { require.Less(t, s.latestTTL, time.Duration(0)) }},
		"cache.latest.ttl.sec":               {conf{"cache.latest.ttl.sec": 7}, func(t *testing.T, s settings) { require.Equal(t, 7*time.Second, s.latestTTL) }},
		"kavro.registry.latest.max.stale.ms": {conf{"kavro.registry.latest.max.stale.ms": 7}, func(t *testing.T, s settings) { require.Equal(t, 7*time.Millisecond, s.latestMaxStale) }},
		"missing.id.cache.ttl.sec":           {conf{"missing.id.cache.ttl.sec": 7}, func(t *testing.T, s settings) { require.Equal(t, 7*time.Second, s.missingIDs) }},
		"missing.version.cache.ttl.sec":      {conf{"missing.version.cache.ttl.sec": 7 * time.Minute}, func(t *testing.T, s settings) { require.Equal(t, 7*time.Minute, s.missingVersions) }},
		"missing.schema.cache.ttl.sec":       {conf{"missing.schema.cache.ttl.sec": 0}, func(t *testing.T, s settings) { require.Zero(t, s.missingSchemas) }},
		"missing.cache.size":                 {conf{"missing.cache.size": 7}, func(t *testing.T, s settings) { require.Equal(t, 7, s.missingSize) }},
		"kavro.registry.max.schema.bytes":    {conf{"kavro.registry.max.schema.bytes": 5 << 20}, func(t *testing.T, s settings) { require.Equal(t, 5<<20, s.maxSchema) }},
		"kavro.registry.cache.dir":           {conf{"kavro.registry.cache.dir": "/tmp/x"}, func(t *testing.T, s settings) { require.Equal(t, "/tmp/x", s.cacheDir) }},

		"schema.registry.ssl.ca.location":                {conf{"schema.registry.ssl.ca.location": caFile}, trusts},
		"schema.registry.ssl.ca.pem":                     {conf{"schema.registry.ssl.ca.pem": ca.pem}, trusts},
		"schema.registry.ssl.truststore.certificates":    {conf{"schema.registry.ssl.truststore.certificates": ca.pem}, trusts},
		"schema.registry.ssl.truststore.location":        {conf{"schema.registry.ssl.truststore.location": caFile, "schema.registry.ssl.truststore.type": "PEM"}, trusts},
		"schema.registry.ssl.truststore.type":            {conf{"schema.registry.ssl.truststore.location": caFile, "schema.registry.ssl.truststore.type": "pem"}, trusts},
		"schema.registry.ssl.certificate.location":       {conf{"schema.registry.ssl.certificate.location": certFile, "schema.registry.ssl.key.location": keyFile}, presents},
		"schema.registry.ssl.key.location":               {conf{"schema.registry.ssl.certificate.pem": cert, "schema.registry.ssl.key.location": keyFile}, presents},
		"schema.registry.ssl.certificate.pem":            {conf{"schema.registry.ssl.certificate.pem": cert, "schema.registry.ssl.key.pem": key}, presents},
		"schema.registry.ssl.key.pem":                    {conf{"schema.registry.ssl.certificate.location": certFile, "schema.registry.ssl.key.pem": key}, presents},
		"schema.registry.ssl.keystore.certificate.chain": {conf{"schema.registry.ssl.keystore.certificate.chain": cert, "schema.registry.ssl.keystore.key": key}, presents},
		"schema.registry.ssl.keystore.key":               {conf{"schema.registry.ssl.keystore.certificate.chain": cert, "schema.registry.ssl.keystore.key": key}, presents},
		"schema.registry.ssl.keystore.location":          {conf{"schema.registry.ssl.keystore.location": bothFile, "schema.registry.ssl.keystore.type": "PEM"}, presents},
		"schema.registry.ssl.keystore.type":              {conf{"schema.registry.ssl.keystore.location": bothFile, "schema.registry.ssl.keystore.type": "PEM"}, presents},
		"schema.registry.enable.ssl.certificate.verification": {conf{"schema.registry.enable.ssl.certificate.verification": false}, over(func(t *testing.T, s transport.Settings) {
			require.True(t, s.TLS.InsecureSkipVerify)
		})},
		"schema.registry.ssl.endpoint.identification.algorithm": {conf{"schema.registry.ssl.endpoint.identification.algorithm": ""}, over(func(t *testing.T, s transport.Settings) {
			require.NotNil(t, s.TLS.VerifyConnection)
		})},
		"schema.registry.ssl.enabled.protocols": {conf{"schema.registry.ssl.enabled.protocols": "TLSv1.2, TLSv1.3"}, over(func(t *testing.T, s transport.Settings) {
			require.Equal(t, []uint16{tls.VersionTLS12, tls.VersionTLS13}, []uint16{s.TLS.MinVersion, s.TLS.MaxVersion})
		})},
		"schema.registry.ssl.key.password": {conf{"schema.registry.ssl.certificate.pem": selfSigned(t), "schema.registry.ssl.key.pem": string(encrypted), "schema.registry.ssl.key.password": "sesame"}, presents},
	}
	for key := range oauthConf {
		if _, ok := tests[key]; !ok {
			tests[key] = test{oauthConf, over(oauth)}
		}
	}
	return tests
}

func TestHonouredKeys(t *testing.T) {
	for key, test := range honouredKeys(t) {
		t.Run(key, func(t *testing.T) {
			conf := maps.Clone(test.conf)
			conf["bootstrap.servers"] = "a:9092"
			conf["auto.register.schemas"] = false
			before := maps.Clone(conf)
			s, settings := settingsOf(t, conf)
			test.want(t, settings)
			require.Equal(t, before, conf)
			require.Equal(t, slices.Sorted(slices.Values(slices.DeleteFunc(slices.Collect(maps.Keys(test.conf)), func(k string) bool {
				return strings.HasPrefix(k, "sasl.")
			}))), s.Keys)

			// The same with the namespace in front, and both: the long form wins.
			long := make(map[string]any)
			for k, v := range test.conf {
				if !strings.HasPrefix(k, "sasl.") && !strings.HasPrefix(k, namespace) {
					long[namespace+k] = v
				} else {
					long[k] = v
				}
			}
			_, settings = settingsOf(t, long)
			test.want(t, settings)
		})
	}
}

func TestEveryKeyIsTested(t *testing.T) {
	tested := honouredKeys(t)
	for _, k := range ConfigKeys() {
		require.NotEmpty(t, k.Doc, k.Name)
		name := strings.ReplaceAll(k.Name, "*", "x")
		switch k.Handling {
		case Honoured:
			require.Contains(t, tested, k.Name)
		case Ignored:
			s, err := FromConfig(map[string]any{name: "anything"})
			require.NoError(t, err, k.Name)
			require.Equal(t, []string{name}, s.Keys)
		case Refused:
			_, err := FromConfig(map[string]any{name: "anything"})
			var refused *kafka.ConfigError
			require.ErrorAs(t, err, &refused, k.Name)
			require.Equal(t, name, refused.Key)
			require.Equal(t, k.Doc, refused.Reason)
		}
	}
	for name := range tested {
		require.True(t, slices.ContainsFunc(ConfigKeys(), func(k Key) bool { return k.Name == name && k.Handling == Honoured }), name)
	}
}

// The defaults that the table shows are those of the code.
func TestDefaultsOfKeys(t *testing.T) {
	d := defaultSettings()
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	sec := func(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
	want := map[string]string{
		"http.connect.timeout.ms": ms(d.transport.DialTimeout), "http.read.timeout.ms": ms(d.transport.AttemptTimeout),
		"schema.registry.timeout": sec(d.transport.AttemptTimeout), "kavro.registry.call.timeout.ms": ms(d.transport.CallTimeout),
		"max.retries": strconv.Itoa(d.transport.Retries), "retries.wait.ms": ms(d.transport.RetryWait), "retries.max.wait.ms": ms(d.transport.RetryMaxWait),
		"cache.capacity": strconv.Itoa(d.cacheSize), "latest.cache.size": strconv.Itoa(d.latestSize), "latest.cache.ttl.sec": sec(d.latestTTL),
		"cache.latest.ttl.sec": sec(d.latestTTL), "kavro.registry.latest.max.stale.ms": ms(d.latestMaxStale),
		"missing.id.cache.ttl.sec": sec(d.missingIDs), "missing.version.cache.ttl.sec": sec(d.missingVersions),
		"missing.schema.cache.ttl.sec": sec(d.missingSchemas), "missing.cache.size": strconv.Itoa(d.missingSize),
	}
	for _, k := range ConfigKeys() {
		if w, ok := want[k.Name]; ok {
			require.Equal(t, w, k.Default, k.Name)
		}
	}
	_, settings := settingsOf(t, nil)
	d.logger, settings.logger = nil, nil // each has one of its own, which logs nothing
	require.Equal(t, fmt.Sprintf("%+v", d), fmt.Sprintf("%+v", settings))
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	type conf = map[string]any
	ca := newCA(t)
	for _, test := range []struct {
		name    string
		conf    conf
		key     string
		reason  string
		nearest string
	}{
		{"misspelt", conf{"schema.registry.ulr": "http://a"}, "schema.registry.ulr", "no such key", "schema.registry.url"},
		{"misspelt in basic.auth", conf{"basic.auth.userinfo": "a:b"}, "basic.auth.userinfo", "no such key", "basic.auth.user.info"},
		{"misspelt in bearer.auth", conf{"bearer.auth.clientid": "a"}, "bearer.auth.clientid", "no such key", "bearer.auth.client.id"},
		{"misspelt with the namespace", conf{"schema.registry.max.retires": 1}, "schema.registry.max.retires", "no such key", "schema.registry.max.retries"},
		{"like nothing", conf{"schema.registry.frobnicate.the.widgets": 1}, "schema.registry.frobnicate.the.widgets", "no such key", ""},
		{"no number", conf{"max.retries": "many"}, "max.retries", "whole number", ""},
		{"too small", conf{"max.retries": -1}, "max.retries", "too small", ""},
		{"negative time", conf{"retries.wait.ms": -1}, "retries.wait.ms", "is negative", ""},
		{"no time", conf{"http.read.timeout.ms": "soon"}, "http.read.timeout.ms", "milliseconds", ""},
		{"too long", conf{"latest.cache.ttl.sec": 1e12}, "latest.cache.ttl.sec", "too large", ""},
		{"of a wrong type", conf{"basic.auth.user.info": []int{1}}, "basic.auth.user.info", "cannot be a configuration value", ""},
		{"no boolean", conf{"url.randomize": "maybe"}, "url.randomize", "true or false", ""},
		{"a URL that is none", conf{"schema.registry.url": "registry:8081"}, "schema.registry.url", "want http://", ""},
		{"no colon", conf{"basic.auth.user.info": "hunter2"}, "basic.auth.user.info", "want user:password", ""},
		{"a source without info", conf{"basic.auth.credentials.source": "USER_INFO"}, "basic.auth.user.info", "want user:password", ""},
		{"two users", conf{"schema.registry.url": "http://a:b@c", "basic.auth.user.info": "ann:hunter2"}, "basic.auth.user.info", "has a user too", ""},
		{"URL, and yet info", conf{"basic.auth.credentials.source": "URL", "basic.auth.user.info": "ann:hunter2"}, "basic.auth.credentials.source", "is set", ""},
		{"unknown source", conf{"basic.auth.credentials.source": "VAULT"}, "basic.auth.credentials.source", "want URL, USER_INFO or SASL_INHERIT", ""},
		{"nothing to inherit", conf{"basic.auth.credentials.source": "SASL_INHERIT"}, "basic.auth.credentials.source", "needs sasl.username", ""},
		{"inherit from Kerberos", conf{"basic.auth.credentials.source": "SASL_INHERIT", "sasl.mechanisms": "GSSAPI"}, "basic.auth.credentials.source", "not GSSAPI", ""},
		{"basic and bearer", conf{"basic.auth.user.info": "ann:hunter2", "bearer.auth.credentials.source": "STATIC_TOKEN"}, "bearer.auth.credentials.source", "contradicts", ""},
		{"no token", conf{"bearer.auth.credentials.source": "STATIC_TOKEN"}, "bearer.auth.token", "is not set", ""},
		{"no issuer", conf{"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.client.id": "a", "bearer.auth.client.secret": "hunter2"}, "bearer.auth.issuer.endpoint.url", "is not set", ""},
		{"nothing to inherit for OAuth", conf{"bearer.auth.credentials.source": "SASL_OAUTHBEARER_INHERIT"}, "bearer.auth.credentials.source", "needs sasl.oauthbearer", ""},
		{"managed identity", conf{"bearer.auth.credentials.source": "UAMI"}, "bearer.auth.credentials.source", "WithTokenFunc", ""},
		{"unknown kind of token", conf{"bearer.auth.credentials.source": "KERBEROS"}, "bearer.auth.credentials.source", "want STATIC_TOKEN", ""},
		{"JKS", conf{"schema.registry.ssl.truststore.location": "/a.jks", "schema.registry.ssl.truststore.password": "hunter2"}, "schema.registry.ssl.truststore.location", "only a store of type PEM", ""},
		{"PKCS12", conf{"schema.registry.ssl.keystore.location": "/a.p12", "schema.registry.ssl.keystore.type": "PKCS12"}, "schema.registry.ssl.keystore.location", "openssl", ""},
		{"no such file", conf{"schema.registry.ssl.ca.location": "/no/such/file.pem"}, "schema.registry.ssl.ca.location", "no such file", ""},
		{"a key without a certificate", conf{"schema.registry.ssl.key.pem": "x", "schema.registry.ssl.ca.pem": ca.pem}, "schema.registry.ssl.key.pem", "without a certificate", ""},
		{"protocols", conf{"schema.registry.ssl.enabled.protocols": "SSLv3"}, "schema.registry.ssl.enabled.protocols", "want a list", ""},
		{"identification", conf{"schema.registry.ssl.endpoint.identification.algorithm": "ldaps"}, "schema.registry.ssl.endpoint.identification.algorithm", "want https or nothing", ""},
		{"a token of two lines", conf{"bearer.auth.token": "hunter2\nb"}, "bearer.auth.token", "line break", ""},
		{"an issuer that is no URL", conf{"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.issuer.endpoint.url": "idp", "bearer.auth.client.id": "a", "bearer.auth.client.secret": "hunter2"}, "bearer.auth.issuer.endpoint.url", "absolute URL", ""},
		{"a proxy that is no URL", conf{"proxy": "ftp://u:hunter2@p"}, "proxy", "want a URL", ""},
		{"half a proxy", conf{"proxy.host": "p"}, "proxy.port", "is not set", ""},
		{"a header with a line break", conf{"request.header.X": "a\r\nY: b"}, "request.header.X", "is not a header", ""},
		{"a URL without a scheme", conf{"schema.registry.url": "localhost:8081"}, "schema.registry.url", "as in http://localhost:8081", ""},
		{"a URL with a query", conf{"schema.registry.url": "http://a?token=hunter2"}, "schema.registry.url", "a query would have no effect", ""},
		{"a user without a password", conf{"schema.registry.url": "http://ann@a"}, "schema.registry.url", "the password is empty", ""},
		{"info without a password", conf{"basic.auth.user.info": "ann:"}, "basic.auth.user.info", "the password is empty", ""},
		{"info without a user", conf{"basic.auth.user.info": ":hunter2"}, "basic.auth.user.info", "the user is empty", ""},
		{"URL, and no user in it", conf{"basic.auth.credentials.source": "URL", "schema.registry.url": "http://a"}, "basic.auth.credentials.source", "has no user:password@", ""},
		{"inherit, and yet info", conf{"basic.auth.credentials.source": "SASL_INHERIT", "sasl.username": "a", "sasl.password": "b", "basic.auth.user.info": "ann:hunter2"}, "basic.auth.credentials.source", "is set", ""},
		{"inherit, and yet a user", conf{"basic.auth.credentials.source": "SASL_INHERIT", "sasl.username": "a", "sasl.password": "b", "schema.registry.url": "http://ann:hunter2@a"}, "basic.auth.credentials.source", "has a user too", ""},
		{"a token, and a user", conf{"bearer.auth.token": "hunter2", "schema.registry.url": "http://ann:hunter2@a"}, "bearer.auth.token", "contradicts the user in schema.registry.url", ""},
		{"a token and info", conf{"bearer.auth.token": "hunter2", "basic.auth.user.info": "ann:hunter2"}, "bearer.auth.token", "contradicts", ""},
		{"OAuth without its source", conf{"bearer.auth.client.id": "a"}, "bearer.auth.client.id", "has no effect without bearer.auth.credentials.source", ""},
		{"a cluster without a source", conf{"bearer.auth.logical.cluster": "a"}, "bearer.auth.logical.cluster", "has no effect without bearer.auth.credentials.source", ""},
		{"a pool without a source", conf{"bearer.auth.identity.pool.id": "a", "basic.auth.user.info": "a:hunter2"}, "bearer.auth.identity.pool.id", "has no effect", ""},
		{"OAuth with a token's source", conf{"bearer.auth.token": "hunter2", "bearer.auth.scope": "a"}, "bearer.auth.scope", "has no effect with bearer.auth.credentials.source=STATIC_TOKEN", ""},
		{"a token with OAuth's source", conf{"bearer.auth.credentials.source": "SASL_OAUTHBEARER_INHERIT", "bearer.auth.token": "hunter2"}, "bearer.auth.token", "has no effect with", ""},
		{"two authorities", conf{"schema.registry.ssl.ca.pem": ca.pem, "schema.registry.ssl.ca.location": "/a"}, "schema.registry.ssl.ca.location", "says what schema.registry.ssl.ca.pem says", ""},
		{"two authorities, one of Java's", conf{"schema.registry.ssl.ca.location": "/a", "schema.registry.ssl.truststore.location": "/b", "schema.registry.ssl.truststore.type": "PEM"}, "schema.registry.ssl.truststore.location", "says what", ""},
		{"two certificates", conf{"schema.registry.ssl.certificate.pem": "a", "schema.registry.ssl.keystore.certificate.chain": "b"}, "schema.registry.ssl.keystore.certificate.chain", "says what", ""},
		{"two keys", conf{"schema.registry.ssl.key.pem": "a", "schema.registry.ssl.keystore.key": "b"}, "schema.registry.ssl.keystore.key", "says what", ""},
		{"a password without a key", conf{"schema.registry.ssl.key.password": "hunter2"}, "schema.registry.ssl.key.password", "without a certificate and key", ""},
		{"a certificate without a key", conf{"schema.registry.ssl.certificate.pem": ca.pem}, "schema.registry.ssl.certificate.pem", "no key is given", ""},
		{"certificates for http", conf{"schema.registry.url": "http://a", "schema.registry.ssl.ca.pem": ca.pem}, "schema.registry.ssl.ca.pem", "has no URL that begins with https://", ""},
		{"versions with a gap", conf{"schema.registry.ssl.enabled.protocols": "TLSv1.1,TLSv1.3"}, "schema.registry.ssl.enabled.protocols", "leaves out a version", ""},
		{"a proxy twice", conf{"proxy": "http://p", "proxy.host": "q", "proxy.port": 1}, "proxy.host", "says what proxy says", ""},
		{"the port of no proxy", conf{"proxy.port": 3128}, "proxy.port", "has no effect without proxy.host", ""},
		{"a proxy with a path", conf{"proxy": "http://p/x"}, "proxy", "a path or a query", ""},
		{"the Host header", conf{"request.header.host": "a"}, "request.header.host", "is set by the HTTP client alone", ""},
		{"two timeouts", conf{"http.read.timeout.ms": 1, "schema.registry.timeout": 1}, "http.read.timeout.ms", "says what schema.registry.timeout says", ""},
		{"no time at all", conf{"http.read.timeout.ms": 0}, "http.read.timeout.ms", "above 0", ""},
		{"no time to connect", conf{"http.connect.timeout.ms": "0"}, "http.connect.timeout.ms", "above 0", ""},
		{"no time to call", conf{"kavro.registry.call.timeout.ms": 0}, "kavro.registry.call.timeout.ms", "above 0", ""},
		{"less than no time", conf{"schema.registry.timeout": -1}, "schema.registry.timeout", "above 0", ""},
		{"pauses the wrong way round", conf{"retries.wait.ms": 100, "retries.max.wait.ms": 10}, "retries.max.wait.ms", "is less than retries.wait.ms, 100", ""},
		{"two lifetimes", conf{"latest.cache.ttl.sec": 1, "cache.latest.ttl.sec": 2}, "cache.latest.ttl.sec", "says what latest.cache.ttl.sec says", ""},
		{"a negative lifetime", conf{"missing.id.cache.ttl.sec": -1}, "missing.id.cache.ttl.sec", "is negative", ""},
		{"no room", conf{"cache.capacity": 0}, "cache.capacity", "0 is too small: want 1 or more", ""},
		{"no authority in a text", conf{"schema.registry.ssl.truststore.certificates": "x"}, "schema.registry.ssl.truststore.certificates", "no certificate", ""},
		{"a key that is none", conf{"schema.registry.ssl.certificate.pem": ca.pem, "schema.registry.ssl.key.pem": "x"}, "schema.registry.ssl.certificate.pem", "certificate and key", ""},
		{"a kind of store without a store", conf{"schema.registry.ssl.keystore.type": "PKCS12"}, "schema.registry.ssl.keystore.type", "has no effect without", ""},
		{"a proxy's port that is none", conf{"proxy.host": "p", "proxy.port": "http"}, "proxy.port", "from 1 to 65535", ""},
		{"misspelt in kavro.registry", conf{"kavro.registry.cachedir": "/x"}, "kavro.registry.cachedir", "no such key", "kavro.registry.cache.dir"},
		{"cipher suites", conf{"schema.registry.ssl.cipher.suites": "TLS_AES_128_GCM_SHA256"}, "schema.registry.ssl.cipher.suites", "WithTLS", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := FromConfig(test.conf)
			var refused *kafka.ConfigError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, test.key, refused.Key)
			require.Contains(t, refused.Reason, test.reason)
			require.Equal(t, test.nearest, refused.Nearest)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestConfigurationsOfOthers(t *testing.T) {
	others := map[string]any{
		"bootstrap.servers": "a", "ssl.ca.location": "/kafka.pem", "ssl.key.password": "x", "sasl.username": "u", "retries": 3, "url": "x", "timeout": 3,
		"auto.register.schemas": true, "use.latest.version": true, "key.subject.name.strategy": "x", "latest.compatibility.strict": true, "schema.format": "x",
	}
	s, err := FromConfig(others)
	require.NoError(t, err)
	require.Empty(t, s.Keys)
	_, err = s.New()
	var unset *kafka.ConfigError
	require.ErrorAs(t, err, &unset)
	require.Equal(t, "schema.registry.url", unset.Key)
}

func TestSeveralMistakesAreAllReported(t *testing.T) {
	_, err := FromConfig(map[string]any{"schema.registry.ulr": "x", "max.retries": "y", "proxy.host": "z"})
	for _, key := range []string{"schema.registry.ulr", "max.retries", "proxy.port"} {
		require.ErrorContains(t, err, key)
	}
	require.True(t, errors.As(err, new(*kafka.ConfigError)))
}

// A value that is read in several places is reported once, and one that is empty is
// none: a variable that is not set.
func TestMistakesAreReportedOnce(t *testing.T) {
	for key, v := range map[string]any{"bearer.auth.token": []int{1}, "basic.auth.user.info": []int{1}, "proxy.host": []int{1}, "http.read.timeout.ms": -1, "missing.id.cache.ttl.sec": "x"} {
		_, err := FromConfig(map[string]any{key: v})
		require.Error(t, err, key)
		require.Equal(t, 1, strings.Count(err.Error(), key), "%v", err)
	}
	_, err := FromConfig(map[string]any{"bearer.auth.token": "", "basic.auth.user.info": "", "proxy": "", "schema.registry.ssl.ca.location": "", "bearer.auth.client.id": "", "kavro.registry.cache.dir": ""})
	require.NoError(t, err)
}

// A configuration stays as it is in tests, but for the URL.
func TestConfigurationOfAMock(t *testing.T) {
	ca := newCA(t)
	s, err := FromConfig(map[string]any{"schema.registry.url": "mock://config-test", "basic.auth.user.info": "ann:secret", "schema.registry.ssl.ca.pem": ca.pem, "max.retries": 1})
	require.NoError(t, err)
	_, handler := Hooks.NewMemory(0)
	c, err := s.New(WithResolver(func(scope string) (http.RoundTripper, error) {
		require.Equal(t, "config-test", scope)
		return inprocess.Transport{Handler: handler}, nil
	}))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	s, err = FromConfig(map[string]any{"schema.registry.url": "mock://config-test", "basic.auth.credentials.source": "URL"})
	require.NoError(t, err)
	require.Equal(t, "mock://config-test", s.URLs)
}

func TestClientFromConfig(t *testing.T) {
	f := newFixture()
	f.register(t, "users-value", userV1)
	s, err := FromConfig(map[string]any{"schema.registry.url": "http://registry", "schema.registry.basic.auth.user.info": "ann:secret", "request.header.X-A": "b"})
	require.NoError(t, err)
	c, err := s.New(WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
		user, password, _ := req.BasicAuth()
		require.Equal(t, "ann secret b", user+" "+password+" "+req.Header.Get("X-A"))
		return f.RoundTrip(req)
	})))
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Latest(t.Context(), "users-value")
	require.NoError(t, err)
}

// Whatever is in a configuration, reading it ends with settings that hold or an
// error that names a key, and does not change it.
func FuzzFromConfig(f *testing.F) {
	for _, k := range ConfigKeys() {
		f.Add(k.Name, k.Default, "schema.registry.url", "http://a")
	}
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		if strings.HasSuffix(k1, "location") || strings.HasSuffix(k2, "location") {
			return // no file that the fuzzer thinks of is read
		}
		conf := map[string]any{k1: v1, k2: v2}
		before := maps.Clone(conf)
		s, err := FromConfig(conf)
		require.Equal(t, before, conf)
		if err != nil {
			require.True(t, errors.As(err, new(*kafka.ConfigError)), "%v", err)
			return
		}
		out := defaultSettings()
		for _, o := range s.Options {
			o.apply(&out)
		}
		require.NoError(t, out.check())
		if s.URLs != "" && out.cacheDir == "" {
			c, err := s.New()
			require.NoError(t, err)
			require.NoError(t, c.Close())
		}
	})
}
