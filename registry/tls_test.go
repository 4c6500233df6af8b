package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry/transport"
)

// authority is a certificate authority for one test.
type testCA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newCA(t testing.TB) *testCA {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &testCA{cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// issue makes a certificate for a host, as PEM.
func (ca *testCA) issue(t testing.TB, host string) (cert, key string) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &k.PublicKey, ca.key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

// secureServer serves f over TLS as host; it wants a client's certificate by ca
// if require is set.
func secureServer(t testing.TB, f *fixture, ca *testCA, host string, mutual bool) *httptest.Server {
	cert, key := ca.issue(t, host)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(f.Faults)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail are what some tests are about
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	if mutual {
		server.TLS.ClientAuth = tls.RequireAndVerifyClientCert
		server.TLS.ClientCAs = x509.NewCertPool()
		server.TLS.ClientCAs.AddCert(ca.cert)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestMutualTLS(t *testing.T) {
	ca, other := newCA(t), newCA(t)
	cert, key := ca.issue(t, "client")
	foreign, foreignKey := other.issue(t, "client")
	for _, test := range []struct {
		name   string
		host   string // of the server's certificate
		mutual bool
		files  transport.TLSFiles
		err    string // "" is none
	}{
		{"trusted", "127.0.0.1", false, transport.TLSFiles{CA: ca.pem}, ""},
		{"not asked for", "127.0.0.1", false, transport.TLSFiles{CA: ca.pem, Certificate: cert, Key: key}, ""},
		{"required and there", "127.0.0.1", true, transport.TLSFiles{CA: ca.pem, Certificate: cert, Key: key}, ""},
		{"certificate and key in one text", "127.0.0.1", true, transport.TLSFiles{CA: ca.pem, Certificate: key + cert}, ""},
		{"required and missing", "127.0.0.1", true, transport.TLSFiles{CA: ca.pem}, "certificate required"},
		{"by another authority", "127.0.0.1", true, transport.TLSFiles{CA: ca.pem, Certificate: foreign, Key: foreignKey}, "tls: "},
		{"the server's authority is not trusted", "127.0.0.1", false, transport.TLSFiles{CA: other.pem}, "certificate signed by unknown authority"},
		{"the system's authorities", "127.0.0.1", false, transport.TLSFiles{}, "certificate signed by unknown authority"},
		{"another host's certificate", "registry.test", false, transport.TLSFiles{CA: ca.pem}, "cannot validate certificate for 127.0.0.1"},
		{"another host's, any host will do", "registry.test", false, transport.TLSFiles{CA: ca.pem, AnyHost: true}, ""},
		{"any host, but not any authority", "registry.test", false, transport.TLSFiles{CA: other.pem, AnyHost: true}, "certificate signed by unknown authority"},
		{"anything", "registry.test", false, transport.TLSFiles{Insecure: true}, ""},
		{"only an old version", "127.0.0.1", false, transport.TLSFiles{CA: ca.pem, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture()
			server := secureServer(t, f, ca, test.host, test.mutual)
			conf, err := transport.LoadTLS(test.files)
			require.NoError(t, err)
			patience := WithTimeouts(time.Minute, time.Minute, time.Minute)
			byOption, err := New(server.URL, WithTLS(conf), quick(), patience)
			require.NoError(t, err)
			settings, err := FromConfig(keysOf(test.files))
			require.NoError(t, err)
			settings.URLs = server.URL
			byKeys, err := settings.New(quick(), patience)
			require.NoError(t, err)
			for _, c := range []*Client{byOption, byKeys} {
				defer c.Close()
				_, err = c.Types(within(t))
				if test.err == "" {
					require.NoError(t, err)
					continue
				}
				var unavailable *UnavailableError
				require.ErrorAs(t, err, &unavailable)
				require.ErrorContains(t, err, test.err)
				require.Zero(t, f.Total())
			}
		})
	}
}

// keysOf says what files says by the ecosystem's keys.
func keysOf(files transport.TLSFiles) map[string]any {
	conf := map[string]any{}
	for key, text := range map[string]string{"ca.pem": files.CA, "certificate.pem": files.Certificate, "key.pem": files.Key} {
		if text != "" {
			conf["schema.registry.ssl."+key] = text
		}
	}
	if files.AnyHost {
		conf["schema.registry.ssl.endpoint.identification.algorithm"] = ""
	}
	if files.Insecure {
		conf["schema.registry.enable.ssl.certificate.verification"] = false
	}
	if files.MaxVersion == tls.VersionTLS12 {
		conf["schema.registry.ssl.enabled.protocols"] = "TLSv1.2"
	}
	return conf
}

// A certificate that is replaced under a running program is presented from the
// next connection on.
func TestCertificateIsReadAgain(t *testing.T) {
	ca := newCA(t)
	dir := t.TempDir()
	files := transport.TLSFiles{CAFile: filepath.Join(dir, "ca.pem"), CertificateFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}
	write := func(name, text string, at time.Time) {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(name, at, at))
	}
	write(files.CAFile, ca.pem, time.Now())
	cert, key := ca.issue(t, "first")
	write(files.CertificateFile, cert, time.Unix(1, 0))
	write(files.KeyFile, key, time.Unix(1, 0))
	conf, err := transport.LoadTLS(files)
	require.NoError(t, err)
	presented := func() string {
		pair, err := conf.GetClientCertificate(nil)
		require.NoError(t, err)
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		require.NoError(t, err)
		return leaf.Subject.CommonName
	}
	require.Equal(t, "first", presented())
	cert, key = ca.issue(t, "second")
	write(files.CertificateFile, cert, time.Unix(2, 0))
	require.Equal(t, "first", presented(), "half replaced")
	write(files.KeyFile, key, time.Unix(2, 0))
	require.Equal(t, "second", presented())
	require.NoError(t, os.Remove(files.KeyFile))
	require.Equal(t, "second", presented(), "gone")
}

func TestLoadTLSErrors(t *testing.T) {
	ca := newCA(t)
	cert, _ := ca.issue(t, "a")
	_, otherKey := ca.issue(t, "b")
	for _, test := range []struct {
		name  string
		files transport.TLSFiles
		err   string
	}{
		{"no such file", transport.TLSFiles{CAFile: filepath.Join(t.TempDir(), "none.pem")}, "CA certificates: open"},
		{"not PEM", transport.TLSFiles{CA: "hello"}, "no certificate in PEM found"},
		{"file and text", transport.TLSFiles{CA: ca.pem, CAFile: "x"}, "both a text and a file"},
		{"a key alone", transport.TLSFiles{Key: otherKey}, "a key is given without a certificate"},
		{"a certificate alone", transport.TLSFiles{Certificate: cert}, "certificate and key"},
		{"of another key", transport.TLSFiles{Certificate: cert, Key: otherKey}, "private key does not match public key"},
		{"encrypted, no password", transport.TLSFiles{Certificate: cert, Key: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"}, "no password is given"},
		{"encrypted, not really", transport.TLSFiles{Certificate: cert, KeyPassword: "x", Key: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"}, "not an encrypted key"},
		{
			"encrypted as long ago",
			transport.TLSFiles{Certificate: cert, KeyPassword: "x", Key: "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n"},
			"openssl pkcs8",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := transport.LoadTLS(test.files)
			require.ErrorContains(t, err, test.err)
		})
	}
}

func poolOf(ca *testCA) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// selfSigned is a certificate for the key in testdata.
func selfSigned(t testing.TB) string {
	text, err := os.ReadFile("../internal/tlsconf/testdata/keys/plain.pem")
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.(*ecdsa.PrivateKey).Public(), key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
