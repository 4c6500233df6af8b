package avrort

import (
	"strconv"

	"github.com/kavro/kavro/schemas"
)

// NamedSchema is the schema of a named type that another schema defines or refers
// to, with all that it uses written out. It is for generated code, and panics as
// [schemas.MustParse] does.
func NamedSchema(in *schemas.Schema, fullName string) *schemas.Schema {
	named := schemas.MustParse(strconv.Quote(fullName), schemas.Lenient(), schemas.WithReferences(in))
	text := named.PrintResolved()
	return schemas.MustParse(text, schemas.Lenient(), schemas.WithMaxBytes(max(len(text), 1<<20))) // as large as in is
}
