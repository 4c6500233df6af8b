package tlsconf

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecryptPKCS8(t *testing.T) {
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join("testdata", "keys", name))
		require.NoError(t, err)
		block, _ := pem.Decode(text)
		return block.Bytes
	}
	want := read("plain.pem")
	for _, test := range []struct{ file, password, err string }{
		{"aes-128-cbc-hmacWithSHA1.pem", "sesame", ""},
		{"aes-192-cbc-hmacWithSHA256.pem", "sesame", ""},
		{"aes-256-cbc-hmacWithSHA256.pem", "sesame", ""},
		{"aes-256-cbc-hmacWithSHA512.pem", "sesame", ""},
		{"aes-256-cbc-hmacWithSHA256.pem", "Sesame", "password is wrong"},
		{"aes-256-cbc-hmacWithSHA256.pem", "", "password is wrong"},
		{"des3-hmacWithSHA256.pem", "sesame", "only AES-CBC and PBKDF2"},
		{"scrypt.pem", "sesame", "only AES-CBC and PBKDF2"},
	} {
		t.Run(test.file+" "+test.password, func(t *testing.T) {
			got, err := decryptPKCS8(read(test.file), test.password)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// Whatever the file holds, reading it ends with a key or an error: what comes
// out parses as one value.
func FuzzDecryptPKCS8(f *testing.F) {
	files, err := filepath.Glob("testdata/keys/*.pem")
	require.NoError(f, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		block, _ := pem.Decode(text)
		f.Add(block.Bytes)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if len(der) > 4096 {
			return // no key is as large
		}
		key, err := decryptPKCS8(der, "sesame")
		if err == nil && (len(key) == 0 || key[0] != 0x30) {
			t.Fatalf("not a key: %x", key)
		}
	})
}
