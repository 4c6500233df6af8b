// Package tlsconf is what the configurations of TLS of the registry's client and of
// Kafka's have in common: private keys, and certificates whose name is not verified.
package tlsconf

import (
	"encoding/pem"
	"errors"
)

// PlainKey returns the private key in text, which is PEM, decrypted if it has to
// be. Text that is no encrypted key comes back as it is: tls.X509KeyPair says what
// is wrong with it.
func PlainKey(text []byte, password string) ([]byte, error) {
	for rest := text; ; {
		block, after := pem.Decode(rest)
		if block == nil {
			return text, nil
		}
		rest = after
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY":
			if password == "" {
				return nil, errors.New("it is encrypted, and no password is given")
			}
			der, err := decryptPKCS8(block.Bytes, password)
			if err != nil {
				return nil, err
			}
			return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
		case block.Headers["DEK-Info"] != "":
			return nil, errors.New("it is encrypted in a way that is no longer safe; " +
				"rewrite it with: openssl pkcs8 -topk8 -v2 aes256 -in old.key -out new.key")
		}
	}
}
