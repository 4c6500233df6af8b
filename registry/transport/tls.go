package transport

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/tlsconf"
)

// TLSFiles says what connections to a registry trust and present, all in PEM.
// Each thing is the name of a file or the text itself; the zero value trusts what
// the system trusts and presents nothing.
type TLSFiles struct {
	CAFile, CA                   string // certificates to trust, instead of the system's
	CertificateFile, Certificate string // to present, with those up to its root
	KeyFile, Key                 string // of the certificate; if both are empty, it is beside the certificate
	KeyPassword                  string // of an encrypted key (PKCS #8, PBES2 with PBKDF2 and AES-CBC)
	AnyHost                      bool   // do not compare the server's name with its certificate
	Insecure                     bool   // believe any certificate: for tests only
	MinVersion, MaxVersion       uint16 // tls.VersionTLS12 and the like; 0: Go's defaults
}

// LoadTLS makes a configuration for Settings.TLS. A certificate that comes from
// files is read again when they have changed, at the next connection: short-lived
// ones may be replaced under a running program.
func LoadTLS(f TLSFiles) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: f.MinVersion, MaxVersion: f.MaxVersion, InsecureSkipVerify: f.Insecure}
	ca, err := pemText("CA certificates", f.CA, f.CAFile)
	if err != nil {
		return nil, err
	}
	if ca != nil {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("registry: CA certificates: no certificate in PEM found")
		}
	}
	if f.AnyHost && !f.Insecure {
		tlsconf.VerifyChainOnly(conf)
	}
	if f.MaxVersion != 0 && f.MaxVersion < f.MinVersion {
		return nil, errors.New("registry: the highest version of TLS is lower than the lowest")
	}
	if f.Certificate == "" && f.CertificateFile == "" {
		if f.Key != "" || f.KeyFile != "" {
			return nil, errors.New("registry: a key is given without a certificate")
		}
		if f.KeyPassword != "" {
			return nil, errors.New("registry: the password of a key is given without a certificate and key")
		}
		return conf, nil
	}
	own := &ownCertificate{files: f}
	if err := own.load(); err != nil {
		return nil, err
	}
	conf.GetClientCertificate = own.get
	return conf, nil
}

// pemText returns text, or the content of file; nil if both are empty.
func pemText(what, text, file string) ([]byte, error) {
	switch {
	case text != "" && file != "":
		return nil, fmt.Errorf("registry: %s: both a text and a file are given", what)
	case text != "":
		return []byte(text), nil
	case file == "":
		return nil, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("registry: %s: %w", what, err)
	}
	return content, nil
}

// ownCertificate is what we present, kept up to date with its files.
type ownCertificate struct {
	files TLSFiles

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]time.Time // when the files were last changed
}

// get is for tls.Config. If new files cannot be read, as while they are being
// replaced, the certificate that was read before goes on being used.
func (o *ownCertificate) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stamp != o.files.stamp() {
		o.load() // on an error: the old one
	}
	return o.current, nil
}

// load reads certificate and key. The caller holds mu, or is the only one.
func (o *ownCertificate) load() error {
	f := &o.files
	stamp := f.stamp()
	certificate, err := pemText("certificate", f.Certificate, f.CertificateFile)
	if err != nil {
		return err
	}
	key, err := pemText("key", f.Key, f.KeyFile)
	if err != nil {
		return err
	}
	if key == nil {
		if key = certificate; !bytes.Contains(key, []byte("PRIVATE KEY-----")) {
			return errors.New("registry: certificate and key: no key is given, and none is beside the certificate")
		}
	}
	if key, err = tlsconf.PlainKey(key, f.KeyPassword); err != nil {
		return fmt.Errorf("registry: key: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return fmt.Errorf("registry: certificate and key: %w", err)
	}
	o.current, o.stamp = &pair, stamp
	return nil
}

// stamp is when the files of certificate and key were last changed; zero times
// where there is no file.
func (f *TLSFiles) stamp() (stamp [2]time.Time) {
	for i, name := range []string{f.CertificateFile, f.KeyFile} {
		if name == "" {
			continue
		}
		if info, err := os.Stat(name); err == nil {
			stamp[i] = info.ModTime()
		}
	}
	return stamp
}
