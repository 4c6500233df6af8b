package tlsconf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

// Encrypted private keys as "openssl genpkey -aes256" and "openssl pkcs8 -topk8"
// write them: EncryptedPrivateKeyInfo (RFC 5958, section 3) by PBES2 with PBKDF2
// and AES-CBC (RFC 8018, appendix A).
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Params struct {
	KeyDerivation pkix.AlgorithmIdentifier
	Encryption    pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// keyLengths are the sizes of AES keys in bytes, by the cipher's OID
// (2.16.840.1.101.3.4.1.x, AES in CBC mode).
var keyLengths = map[string]int{
	"2.16.840.1.101.3.4.1.2":  16,
	"2.16.840.1.101.3.4.1.22": 24,
	"2.16.840.1.101.3.4.1.42": 32,
}

// prfs are HMAC's hashes, by OID; "" is the default.
var prfs = map[string]func() hash.Hash{
	"":                    sha1.New,
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

// maxIterations bounds what reading a key may cost: seconds.
const maxIterations = 5_000_000

var errWrongPassword = errors.New("the password is wrong, or the key is damaged")

// decryptPKCS8 returns the PKCS #8 key in der.
func decryptPKCS8(der []byte, password string) ([]byte, error) {
	var outer encryptedKey
	var scheme pbes2Params
	var kdf pbkdf2Params
	var iv []byte
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, errors.New("it is not an encrypted key")
	}
	if !outer.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, fmt.Errorf("encrypted by a scheme that is not supported (%v)", outer.Algorithm.Algorithm)
	}
	if _, err := asn1.Unmarshal(outer.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, errors.New("it is not an encrypted key")
	}
	keyLength, known := keyLengths[scheme.Encryption.Algorithm.String()]
	if !known || !scheme.KeyDerivation.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("encrypted by %v with a key by %v: only AES-CBC and PBKDF2 are supported",
			scheme.Encryption.Algorithm, scheme.KeyDerivation.Algorithm)
	}
	if _, err := asn1.Unmarshal(scheme.KeyDerivation.Parameters.FullBytes, &kdf); err != nil {
		return nil, errors.New("it is not an encrypted key")
	}
	prf, known := prfs[kdf.PRF.Algorithm.String()]
	if !known || kdf.Iterations < 1 || kdf.Iterations > maxIterations {
		return nil, errors.New("its key derivation is not supported")
	}
	if _, err := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv); err != nil || len(iv) != aes.BlockSize {
		return nil, errors.New("it is not an encrypted key")
	}
	if len(outer.Data) == 0 || len(outer.Data)%aes.BlockSize != 0 {
		return nil, errors.New("it is cut short")
	}
	key, err := pbkdf2.Key(prf, password, kdf.Salt, kdf.Iterations, keyLength)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(outer.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, outer.Data)
	return unpad(plain)
}

// unpad removes the padding of CBC (RFC 8018, section 6.1.1), and checks that
// what is left begins like a key.
func unpad(plain []byte) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n < 1 || n > aes.BlockSize {
		return nil, errWrongPassword
	}
	for _, b := range plain[len(plain)-n:] {
		if int(b) != n {
			return nil, errWrongPassword
		}
	}
	plain = plain[:len(plain)-n]
	var any asn1.RawValue
	if rest, err := asn1.Unmarshal(plain, &any); err != nil || len(rest) > 0 || any.Tag != asn1.TagSequence {
		return nil, errWrongPassword
	}
	return plain, nil
}
