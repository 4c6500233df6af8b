package franz

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kavro/kavro/internal/tlsconf"
)

// tlsSettings is the part of settings that starts with "ssl.".
type tlsSettings struct {
	caLocation, caPEM      string
	certLocation, certPEM  string
	keyLocation, keyPEM    string
	keyPassword            string
	verify                 bool
	endpointIdentification string
}

// config reads the files and makes the configuration for security.protocol ssl and sasl_ssl. It
// calls fail for each key that cannot be used.
func (t *tlsSettings) config(fail func(key, reason string)) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	c.RootCAs = t.roots(fail)
	c.Certificates = t.certificates(fail)
	switch {
	case !t.verify:
		c.InsecureSkipVerify = true // asked for by enable.ssl.certificate.verification=false
	case t.endpointIdentification == "none":
		tlsconf.VerifyChainOnly(c)
	}
	return c
}

// roots returns the certificates to trust; nil, the system's, if none are configured.
func (t *tlsSettings) roots(fail func(key, reason string)) *x509.CertPool {
	pool := x509.NewCertPool()
	switch {
	case t.caPEM != "":
		if !pool.AppendCertsFromPEM([]byte(t.caPEM)) {
			fail("ssl.ca.pem", "no certificate in it")
		}
		return pool
	case t.caLocation == "" || t.caLocation == "probe":
		return nil
	}
	files := []string{t.caLocation}
	info, err := os.Stat(t.caLocation)
	if err == nil && info.IsDir() {
		files, err = filepath.Glob(filepath.Join(t.caLocation, "*"))
	}
	found := false
	for _, f := range files {
		text, readErr := os.ReadFile(f)
		if readErr != nil && len(files) == 1 {
			err = readErr
		}
		found = pool.AppendCertsFromPEM(text) || found
	}
	switch {
	case err != nil:
		fail("ssl.ca.location", err.Error())
	case !found:
		fail("ssl.ca.location", "no certificate in "+t.caLocation)
	}
	return pool
}

// certificates returns the client's certificate, if there is one. kafkaconf has checked that
// certificate and key are both set, each in one form.
func (t *tlsSettings) certificates(fail func(key, reason string)) []tls.Certificate {
	cert, certErr := pemOrFile(t.certPEM, t.certLocation)
	key, keyErr := pemOrFile(t.keyPEM, t.keyLocation)
	if certErr != nil {
		fail("ssl.certificate.location", certErr.Error())
	}
	if keyErr != nil {
		fail("ssl.key.location", keyErr.Error())
	}
	if cert == nil || key == nil {
		return nil
	}
	if block, _ := pem.Decode(key); block == nil {
		name := "ssl.key.location"
		if t.keyPEM != "" {
			name = "ssl.key.pem"
		}
		fail(name, "no key in it: want PEM")
		return nil
	}
	key, err := decryptKey(key, t.keyPassword)
	if err != nil {
		fail("ssl.key.password", err.Error())
		return nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		key := "ssl.certificate.location"
		if t.certPEM != "" {
			key = "ssl.certificate.pem"
		}
		fail(key, err.Error())
		return nil
	}
	return []tls.Certificate{pair}
}

// pemOrFile returns text, or the content of file, or nil if neither is set.
func pemOrFile(text, file string) ([]byte, error) {
	if text != "" {
		return []byte(text), nil
	}
	if file == "" {
		return nil, nil
	}
	return os.ReadFile(file)
}

// decryptKey returns the decrypted key: of PKCS #8, or of the older format of RFC 1423, which
// librdkafka reads as well.
func decryptKey(text []byte, password string) ([]byte, error) {
	for rest := text; ; {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		if x509.IsEncryptedPEMBlock(block) { //nolint:staticcheck // weak, and existing key files use it
			if password == "" {
				return nil, errors.New("is not set, and the key is encrypted")
			}
			der, err := x509.DecryptPEMBlock(block, []byte(password)) //nolint:staticcheck // see above
			if err != nil {
				return nil, fmt.Errorf("the key cannot be decrypted: %w", err)
			}
			return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), nil
		}
		rest = after
	}
	plain, err := tlsconf.PlainKey(text, password)
	if err != nil {
		return nil, fmt.Errorf("the key cannot be read: %w", err)
	}
	return plain, nil
}
