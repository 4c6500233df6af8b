package franz

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kavro/kavro/base"
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

// config reads the files and makes the configuration for security.protocol
// ssl and sasl_ssl.
func (t *tlsSettings) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	var err error
	if c.RootCAs, err = t.roots(); err != nil {
		return nil, err
	}
	if c.Certificates, err = t.certificates(); err != nil {
		return nil, err
	}
	switch {
	case !t.verify:
		c.InsecureSkipVerify = true // asked for by enable.ssl.certificate.verification=false
	case t.endpointIdentification == "none":
		// The chain is still verified, only the name is not.
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(state tls.ConnectionState) error {
			return verifyChain(state, c.RootCAs)
		}
	}
	return c, nil
}

// roots returns nil, which means the system's, if nothing is configured.
func (t *tlsSettings) roots() (*x509.CertPool, error) {
	if t.caPEM == "" && (t.caLocation == "" || t.caLocation == "probe") {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if t.caPEM != "" {
		if !pool.AppendCertsFromPEM([]byte(t.caPEM)) {
			return nil, &base.ConfigError{Key: "ssl.ca.pem", Reason: "no certificate in it"}
		}
		return pool, nil
	}

	bad := func(err error) error {
		return &base.ConfigError{Key: "ssl.ca.location", Reason: err.Error()}
	}
	files := []string{t.caLocation}
	info, err := os.Stat(t.caLocation)
	if err != nil {
		return nil, bad(err)
	}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(t.caLocation, "*")); err != nil {
			return nil, bad(err)
		}
	}
	found := false
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil && len(files) == 1 {
			return nil, bad(err)
		}
		found = pool.AppendCertsFromPEM(text) || found
	}
	if !found {
		return nil, bad(fmt.Errorf("no certificate in %s", t.caLocation))
	}
	return pool, nil
}

// certificates returns the client's own certificate, if there is one.
func (t *tlsSettings) certificates() ([]tls.Certificate, error) {
	cert, err := pemOrFile("ssl.certificate.pem", t.certPEM, "ssl.certificate.location", t.certLocation)
	if err != nil {
		return nil, err
	}
	key, err := pemOrFile("ssl.key.pem", t.keyPEM, "ssl.key.location", t.keyLocation)
	if err != nil {
		return nil, err
	}
	switch {
	case cert == nil && key == nil:
		return nil, nil
	case cert == nil:
		return nil, &base.ConfigError{Key: "ssl.certificate.location", Reason: "is required with a key"}
	case key == nil:
		return nil, &base.ConfigError{Key: "ssl.key.location", Reason: "is required with a certificate"}
	}
	if key, err = decryptKey(key, t.keyPassword); err != nil {
		return nil, &base.ConfigError{Key: "ssl.key.password", Reason: err.Error()}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, &base.ConfigError{Key: "ssl.certificate.location", Reason: err.Error()}
	}
	return []tls.Certificate{pair}, nil
}

// pemOrFile returns nil if neither is given.
func pemOrFile(pemKey, text, fileKey, file string) ([]byte, error) {
	switch {
	case text != "" && file != "":
		return nil, &base.ConfigError{Key: pemKey, Reason: "excludes " + fileKey}
	case text != "":
		return []byte(text), nil
	case file != "":
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, &base.ConfigError{Key: fileKey, Reason: err.Error()}
		}
		return data, nil
	}
	return nil, nil
}

// decryptKey removes the encryption of RFC 1423 from a PEM key, if it has one.
func decryptKey(text []byte, password string) ([]byte, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, fmt.Errorf("the key is not PEM")
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return nil, fmt.Errorf("base/franz cannot read keys encrypted as PKCS #8; decrypt the file (openssl pkcs8)")
	case !x509.IsEncryptedPEMBlock(block): //nolint:staticcheck // weak, and what existing key files use
		return text, nil
	}
	der, err := x509.DecryptPEMBlock(block, []byte(password)) //nolint:staticcheck // see above
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), nil
}

// verifyChain verifies the broker's certificate as crypto/tls does, but for the
// name it is for.
func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	intermediates := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		intermediates.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates})
	return err
}
