package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

// VerifyChainOnly makes conf verify who has signed a server's certificate, and not the name
// that it is for. conf.RootCAs must be set before.
func VerifyChainOnly(conf *tls.Config) {
	conf.InsecureSkipVerify = true // replaced by VerifyConnection
	roots := conf.RootCAs
	conf.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the server has no certificate")
		}
		opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range state.PeerCertificates[1:] {
			opts.Intermediates.AddCert(c)
		}
		_, err := state.PeerCertificates[0].Verify(opts)
		return err
	}
}
