package franz

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// authority issues certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	PEM  string
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	a.cert, a.key, a.PEM = a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// issue signs a certificate, its own if there is no authority yet.
func (a *authority) issue(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	require.NoError(a.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// pair issues a certificate for host with a key, both PEM.
func (a *authority) pair(host string) (cert, key string) {
	c := &x509.Certificate{Subject: pkix.Name{CommonName: "test"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if ip := net.ParseIP(host); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{host}
	}
	_, k, text := a.issue(c)
	der, err := x509.MarshalECPrivateKey(k)
	require.NoError(a.t, err)
	return text, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func keyFile(name string) string {
	return filepath.Join("..", "..", "internal", "tlsconf", "testdata", "keys", name)
}

// certify issues a certificate for the PKCS #8 key in file.
func (a *authority) certify(t *testing.T, file string) string {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "client"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, key.(*ecdsa.PrivateKey).Public(), a.key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func startBroker(t *testing.T, opts ...kfake.Opt) kafka.Config {
	k, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(1, "topic"))...)
	require.NoError(t, err)
	t.Cleanup(k.Close)
	return kafka.Config{"bootstrap.servers": strings.Join(k.ListenAddrs(), ",")}
}

// attempt produces one record. If that does not work it returns what Hooks.Error
// heard first.
func attempt(t *testing.T, broker, conf kafka.Config, hooks kafka.Hooks) error {
	c := kafka.Config{}
	for _, m := range []kafka.Config{broker, conf} {
		for k, v := range m {
			c[k] = v
		}
	}
	heard := make(chan error, 100)
	hooks.Error = func(err error) {
		select {
		case heard <- err:
		default:
		}
	}
	p, err := NewProducer(c, hooks)
	require.NoError(t, err)
	delivered := make(chan error, 1)
	require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: 0}, func(_ *kafka.Record, err error) { delivered <- err }))
	defer func() {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = p.Close(ctx) // the record may never leave
	}()
	select {
	case err := <-heard:
		return err
	case err := <-delivered:
		return err
	}
}

func TestTLS(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	serve := func(host string, clients bool) kafka.Config {
		cert, key := ours.pair(host)
		pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
		require.NoError(t, err)
		c := &tls.Config{Certificates: []tls.Certificate{pair}}
		if clients {
			c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
			c.ClientCAs.AddCert(ours.cert)
		}
		return startBroker(t, kfake.TLS(c))
	}
	named, misnamed, strict := serve("127.0.0.1", false), serve("elsewhere.test", false), serve("127.0.0.1", true)

	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	file := write("ca.pem", ours.PEM)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "many"), 0o700))
	write("many/others.pem", others.PEM)
	write("many/ours.pem", ours.PEM)
	write("many/readme.txt", "not a certificate")
	cert, key := ours.pair("client")
	block, _ := pem.Decode([]byte(key))
	locked, err := x509.EncryptPEMBlock(rand.Reader, block.Type, block.Bytes, []byte("secret"), x509.PEMCipherAES256) //nolint:staticcheck // what old key files are
	require.NoError(t, err)

	// eighth is a configuration with one of the keys of internal/tlsconf.
	eighth := func(file, password string) kafka.Config {
		conf := kafka.Config{"ssl.ca.pem": ours.PEM, "ssl.certificate.pem": ours.certify(t, keyFile("plain.pem")), "ssl.key.location": keyFile(file)}
		if password != "" {
			conf["ssl.key.password"] = password
		}
		return conf
	}

	tests := []struct {
		name   string
		broker kafka.Config
		conf   kafka.Config
		err    string
	}{
		{name: "authority as text", broker: named, conf: kafka.Config{"ssl.ca.pem": ours.PEM}},
		{name: "authority in a file", broker: named, conf: kafka.Config{"ssl.ca.location": file}},
		{name: "authority in a directory", broker: named, conf: kafka.Config{"ssl.ca.location": filepath.Join(dir, "many")}},
		{name: "another authority", broker: named, conf: kafka.Config{"ssl.ca.pem": others.PEM}, err: "certificate signed by unknown authority"},
		{name: "the system's authorities", broker: named, conf: kafka.Config{}, err: "certificate signed by unknown authority"},
		{name: "any authority", broker: named, conf: kafka.Config{"enable.ssl.certificate.verification": false}},
		{name: "another name", broker: misnamed, conf: kafka.Config{"ssl.ca.pem": ours.PEM}, err: "127.0.0.1"},
		{name: "any name", broker: misnamed, conf: kafka.Config{"ssl.ca.pem": ours.PEM, "ssl.endpoint.identification.algorithm": "none"}},
		{name: "any name, another authority", broker: misnamed, conf: kafka.Config{"ssl.ca.pem": others.PEM, "ssl.endpoint.identification.algorithm": "none"}, err: "certificate signed by unknown authority"},
		{name: "own certificate", broker: strict, conf: kafka.Config{"ssl.ca.pem": ours.PEM, "ssl.certificate.pem": cert, "ssl.key.pem": key}},
		{name: "own certificate in files", broker: strict, conf: kafka.Config{"ssl.ca.pem": ours.PEM, "ssl.certificate.location": write("c.pem", cert), "ssl.key.location": write("k.pem", key)}},
		{name: "locked key", broker: strict, conf: kafka.Config{"ssl.ca.pem": ours.PEM, "ssl.certificate.pem": cert, "ssl.key.pem": string(pem.EncodeToMemory(locked)), "ssl.key.password": "secret"}},
		{name: "PKCS #8 key", broker: strict, conf: eighth("plain.pem", "")},
		{name: "PKCS #8 key, AES-128", broker: strict, conf: eighth("aes-128-cbc-hmacWithSHA1.pem", "sesame")},
		{name: "PKCS #8 key, AES-256", broker: strict, conf: eighth("aes-256-cbc-hmacWithSHA512.pem", "sesame")},
		{name: "no certificate of our own", broker: strict, conf: kafka.Config{"ssl.ca.pem": ours.PEM}, err: "certificate required"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.conf["security.protocol"] = "SSL"
			err := attempt(t, tt.broker, tt.conf, kafka.Hooks{})
			if tt.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.err)
			var be *kafka.Error
			require.ErrorAs(t, err, &be)
			require.Equal(t, codeTransport, be.Code)
		})
	}
}

func TestTLSRefused(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.pair("client")
	_, otherKey := a.pair("client")
	block, _ := pem.Decode([]byte(key))
	locked, err := x509.EncryptPEMBlock(rand.Reader, block.Type, block.Bytes, []byte("secret"), x509.PEMCipherAES256) //nolint:staticcheck // what old key files are
	require.NoError(t, err)
	tests := []struct {
		name string
		conf kafka.Config
		key  string
	}{
		{name: "no such file", conf: kafka.Config{"ssl.ca.location": "/no/such/file"}, key: "ssl.ca.location"},
		{name: "not a certificate", conf: kafka.Config{"ssl.ca.pem": "x"}, key: "ssl.ca.pem"},
		{name: "an empty directory", conf: kafka.Config{"ssl.ca.location": t.TempDir()}, key: "ssl.ca.location"},
		{name: "certificate without key", conf: kafka.Config{"ssl.certificate.pem": cert}, key: "ssl.key.location"},
		{name: "key without certificate", conf: kafka.Config{"ssl.key.pem": key}, key: "ssl.certificate.location"},
		{name: "text and file", conf: kafka.Config{"ssl.key.pem": key, "ssl.key.location": "x", "ssl.certificate.pem": cert}, key: "ssl.key.pem"},
		{name: "somebody else's key", conf: kafka.Config{"ssl.certificate.pem": cert, "ssl.key.pem": otherKey}, key: "ssl.certificate.pem"},
		{name: "wrong password", conf: kafka.Config{"ssl.certificate.pem": cert, "ssl.key.pem": string(pem.EncodeToMemory(locked)), "ssl.key.password": "wrong"}, key: "ssl.key.password"},
		{name: "not a key", conf: kafka.Config{"ssl.certificate.pem": cert, "ssl.key.pem": "x"}, key: "ssl.key.pem"},
		{name: "no password", conf: kafka.Config{"ssl.certificate.pem": cert, "ssl.key.pem": string(pem.EncodeToMemory(locked))}, key: "ssl.key.password"},
		{name: "a password without a key", conf: kafka.Config{"ssl.key.password": "secret"}, key: "ssl.key.password"},
		{name: "PKCS #8, cut short", conf: kafka.Config{"ssl.certificate.pem": cert, "ssl.key.pem": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"}, key: "ssl.key.password"},
		{name: "PKCS #8, DES", conf: kafka.Config{"ssl.certificate.pem": a.certify(t, keyFile("plain.pem")), "ssl.key.location": keyFile("des3-hmacWithSHA256.pem"), "ssl.key.password": "sesame"}, key: "ssl.key.password"},
		{name: "PKCS #8, scrypt", conf: kafka.Config{"ssl.certificate.pem": a.certify(t, keyFile("plain.pem")), "ssl.key.location": keyFile("scrypt.pem"), "ssl.key.password": "sesame"}, key: "ssl.key.password"},
		{name: "a keystore", conf: kafka.Config{"ssl.keystore.location": "x.p12"}, key: "ssl.keystore.location"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.conf["bootstrap.servers"], tt.conf["security.protocol"] = "localhost:9092", "ssl"
			_, err := NewProducer(tt.conf, kafka.Hooks{})
			var ce *kafka.ConfigError
			require.ErrorAs(t, err, &ce)
			require.Equal(t, tt.key, ce.Key)
			_, err = NewConsumer(tt.conf, kafka.Hooks{})
			require.ErrorAs(t, err, &ce)
		})
	}
}

func TestSASL(t *testing.T) {
	broker := startBroker(t, kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "ada", "p"), kfake.Superuser("SCRAM-SHA-256", "bea", "q"), kfake.Superuser("SCRAM-SHA-512", "cal", "r"))
	tests := []struct {
		name                string
		mechanism, user, pw string
		code                int16
	}{
		{name: "plain", mechanism: "PLAIN", user: "ada", pw: "p"},
		{name: "scram 256", mechanism: "SCRAM-SHA-256", user: "bea", pw: "q"},
		{name: "scram 512", mechanism: "scram-sha-512", user: "cal", pw: "r"},
		// kfake hangs up, where Kafka would say why: see TestSASLRefused.
		{name: "wrong password", mechanism: "PLAIN", user: "ada", pw: "x", code: codeTransport},
		{name: "no such user", mechanism: "SCRAM-SHA-256", user: "nobody", pw: "x", code: codeTransport},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := attempt(t, broker, kafka.Config{
				"security.protocol": "sasl_plaintext", "sasl.mechanism": tt.mechanism, "sasl.username": tt.user, "sasl.password": tt.pw,
			}, kafka.Hooks{})
			if tt.code == 0 {
				require.NoError(t, err)
				return
			}
			var be *kafka.Error
			require.ErrorAs(t, err, &be)
			require.Equal(t, tt.code, be.Code, "%v", err)
		})
	}
}

// A broker that says that the password is wrong is heard with librdkafka's code.
func TestSASLRefused(t *testing.T) {
	k, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "p"))
	require.NoError(t, err)
	defer k.Close()
	k.ControlKey(int16(kmsg.SASLAuthenticate), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return resp, nil, true
	})
	err = attempt(t, kafka.Config{"bootstrap.servers": strings.Join(k.ListenAddrs(), ",")}, kafka.Config{
		"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": "ada", "sasl.password": "x",
	}, kafka.Hooks{})
	var be *kafka.Error
	require.ErrorAs(t, err, &be)
	require.Equal(t, codeAuthentication, be.Code, "%v", err)
	require.False(t, be.Retriable)
}

func TestOAuthNeedsAToken(t *testing.T) {
	conf := kafka.Config{"bootstrap.servers": "localhost:9092", "security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER"}
	_, err := NewProducer(conf, kafka.Hooks{})
	var ce *kafka.ConfigError
	require.ErrorAs(t, err, &ce)
	p, err := NewProducer(conf, kafka.Hooks{Token: func(context.Context) (kafka.Token, error) { return kafka.Token{}, nil }})
	require.NoError(t, err)
	require.NoError(t, p.Close(t.Context()))
}

// OIDC asks the endpoint as RFC 6749 says, and hands on what it gets.
func TestOIDC(t *testing.T) {
	var form, user string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form = r.PostForm.Encode()
		user, _, _ = r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "the token", "token_type": "Bearer", "expires_in": 300})
	}))
	defer server.Close()
	s := saslSettings{
		mechanism: "OAUTHBEARER", method: "oidc", clientID: "me", secret: "s",
		endpoint: server.URL, scope: "a b", extensions: "logicalCluster=lkc-1, identityPoolId=pool-2",
	}
	token, err := s.oidc()(t.Context())
	require.NoError(t, err)
	require.Equal(t, "the token", token.Value)
	require.Equal(t, map[string]string{"logicalCluster": "lkc-1", "identityPoolId": "pool-2"}, token.Extensions)
	require.True(t, token.Expires.After(time.Now()))
	require.Equal(t, "grant_type=client_credentials&scope=a+b", form)
	require.Equal(t, "me", user)

	mechanism, err := s.build(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "OAUTHBEARER", mechanism.Name())
	_, first, err := mechanism.Authenticate(t.Context(), "broker")
	require.NoError(t, err)
	require.Equal(t, "n,,\x01auth=Bearer the token\x01identityPoolId=pool-2\x01logicalCluster=lkc-1\x01\x01", string(first))
}

// Connections share a token until four fifths of its life are over.
func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		var fail error
		s := saslSettings{mechanism: "OAUTHBEARER"}
		mechanism, err := s.build(t.Context(), func(context.Context) (kafka.Token, error) {
			calls++
			return kafka.Token{Value: fmt.Sprint("token ", calls), Expires: time.Now().Add(100 * time.Second)}, fail
		})
		require.NoError(t, err)
		connect := func(token string) {
			t.Helper()
			_, first, err := mechanism.Authenticate(t.Context(), "broker")
			require.NoError(t, err)
			require.Equal(t, "n,,\x01auth=Bearer "+token+"\x01\x01", string(first))
		}
		for range 3 {
			connect("token 1")
		}
		time.Sleep(79 * time.Second)
		connect("token 1")
		time.Sleep(time.Second)
		fail = errors.New("down")
		connect("token 1") // it is still good
		time.Sleep(20 * time.Second)
		_, _, err = mechanism.Authenticate(t.Context(), "broker")
		require.ErrorIs(t, err, fail)
		fail = nil
		time.Sleep(time.Second)
		connect("token 4")
	})
}

func TestEmptyToken(t *testing.T) {
	s := saslSettings{mechanism: "OAUTHBEARER"}
	mechanism, err := s.build(t.Context(), func(context.Context) (kafka.Token, error) { return kafka.Token{}, nil })
	require.NoError(t, err)
	_, _, err = mechanism.Authenticate(t.Context(), "broker")
	require.EqualError(t, err, "Hooks.Token returned an empty token")
}
