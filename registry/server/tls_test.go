package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry/server"
)

// authority signs certificates for a test.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	a := &authority{dir: t.TempDir()}
	var err error
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	require.NoError(t, err)
	a.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	writePEM(t, a.file("ca.pem"), "CERTIFICATE", der)
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// sign writes name.pem and name.key.
func (a *authority) sign(t *testing.T, name string) (cert, key string) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &k.PublicKey, a.key)
	require.NoError(t, err)
	writePEM(t, a.file(name+".pem"), "CERTIFICATE", der)
	der, err = x509.MarshalECPrivateKey(k)
	require.NoError(t, err)
	writePEM(t, a.file(name+".key"), "EC PRIVATE KEY", der)
	return a.file(name + ".pem"), a.file(name + ".key")
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

func TestTLS(t *testing.T) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	cert, key := ours.sign(t, "server")
	get := func(url string, conf *tls.Config) error {
		c := client(t)
		c.Transport.(*http.Transport).TLSClientConfig = conf
		resp, err := c.Get(strings.Replace(url, "http:", "https:", 1) + "/subjects")
		if err == nil {
			resp.Body.Close()
			require.Equal(t, 200, resp.StatusCode)
		}
		c.CloseIdleConnections()
		return err
	}

	conf, err := server.TLSFiles(cert, key, "")
	require.NoError(t, err)
	url, end, ended := start(t, newServer(t, server.WithTLS(conf)))
	require.NoError(t, get(url, &tls.Config{RootCAs: ours.pool()}))
	require.Error(t, get(url, &tls.Config{RootCAs: theirs.pool()}), "another authority")
	require.Error(t, get(url, &tls.Config{RootCAs: ours.pool(), MaxVersion: tls.VersionTLS11}), "an old version")
	end()
	require.NoError(t, <-ended)

	conf, err = server.TLSFiles(cert, key, ours.file("ca.pem"))
	require.NoError(t, err)
	url, end, ended = start(t, newServer(t, server.WithTLS(conf)))
	with := func(a *authority) *tls.Config {
		pair, err := tls.LoadX509KeyPair(a.sign(t, "client"))
		require.NoError(t, err)
		return &tls.Config{RootCAs: ours.pool(), Certificates: []tls.Certificate{pair}}
	}
	require.NoError(t, get(url, with(ours)))
	require.Error(t, get(url, with(theirs)), "signed by another authority")
	require.Error(t, get(url, &tls.Config{RootCAs: ours.pool()}), "without a certificate")
	end()
	require.NoError(t, <-ended)
}

func TestTLSFiles(t *testing.T) {
	a := newAuthority(t, "a")
	cert, key := a.sign(t, "server")
	_, err := server.TLSFiles(cert, a.file("none.key"), "")
	require.ErrorContains(t, err, cert)
	for _, half := range [][2]string{{cert, ""}, {"", key}, {"", ""}} {
		_, err = server.TLSFiles(half[0], half[1], cert)
		require.ErrorContains(t, err, "needs both a certificate and its key")
	}
	_, err = server.TLSFiles(cert, key, a.file("none.pem"))
	require.Error(t, err)
	_, err = server.TLSFiles(cert, key, key)
	require.ErrorContains(t, err, "no certificate in PEM")
}
