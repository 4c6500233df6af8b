package schemas

import (
	"crypto/md5"
	"crypto/sha256"
)

// emptyFingerprint is the fingerprint of no bytes, and the polynomial of the
// code ("Schema Fingerprints", Avro 1.12 specification).
const emptyFingerprint = 0xc15d213aa4d7a795

var fingerprintTable = func() (table [256]uint64) {
	for i := range table {
		fp := uint64(i)
		for range 8 {
			fp = fp>>1 ^ emptyFingerprint&-(fp&1)
		}
		table[i] = fp
	}
	return table
}()

// Fingerprint returns the CRC-64-AVRO of the canonical form: 0x7275d51a3f395c8f
// for "int". Single-object encoding writes it in little-endian byte order.
func (s *Schema) Fingerprint() uint64 {
	fp := uint64(emptyFingerprint)
	canonical := s.Canonical()
	for i := range len(canonical) {
		fp = fp>>8 ^ fingerprintTable[byte(fp)^canonical[i]]
	}
	return fp
}

// SHA256 returns the SHA-256 of the canonical form.
func (s *Schema) SHA256() [32]byte { return sha256.Sum256([]byte(s.Canonical())) }

// MD5 returns the MD5 of the canonical form. It identifies the schema, and is not secure.
func (s *Schema) MD5() [16]byte { return md5.Sum([]byte(s.Canonical())) }
