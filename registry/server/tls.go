package server

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLSFiles reads a certificate with its chain, and its key, from PEM files. If
// clientCA is not "", clients must show a certificate that one of the authorities
// in that file has signed. The result allows TLS 1.2 and newer.
func TLSFiles(cert, key, clientCA string) (*tls.Config, error) {
	if cert == "" || key == "" {
		return nil, errors.New("server: TLS needs both a certificate and its key")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("server: certificate %s with key %s: %w", cert, key, err)
	}
	conf := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if clientCA == "" {
		return conf, nil
	}
	text, err := os.ReadFile(clientCA)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	conf.ClientCAs, conf.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !conf.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("server: %s: no certificate in PEM", clientCA)
	}
	return conf, nil
}
