package schemas

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/jsontext"
)

// What a text is that is no schema, as far as its start tells. Who gives the wrong
// file is helped more by that than by the first byte that is no JSON.

// beginnings are how other formats begin.
var beginnings = []struct{ start, hint string }{
	{"Obj\x01", "an Avro data file; its schema is in its header"},
	{"\xff\xfe", inUTF16},
	{"\xfe\xff", inUTF16},
	{"\x1f\x8b", "compressed with gzip"},
	{"\x28\xb5\x2f\xfd", "compressed with zstandard"},
	{"PK\x03\x04", "a zip or jar archive"},
	{"PAR1", "a Parquet file"},
	{"<", "HTML or XML, such as the error page of a server"},
	{"---", "YAML"},
}

const (
	inUTF16 = "text in UTF-16: save it as UTF-8"
	nothing = "nothing"
)

var (
	idlStart   = regexp.MustCompile(`^(@\w+\(|(protocol|namespace|schema|record|enum|import)\s+[\w.<"` + "`" + `])`)
	protoStart = regexp.MustCompile(`^(syntax\s*=|message\s+\w+\s*\{)`)
	yamlStart  = regexp.MustCompile(`^[\w.-]+:(\s|$)`)
)

// foreign says what a text is that is no JSON; "" if that cannot be told.
func foreign(text string) string {
	text = strings.TrimLeft(strings.TrimPrefix(text, byteOrderMark), " \t\r\n")
	for _, b := range beginnings {
		if strings.HasPrefix(text, b.start) {
			return b.hint
		}
	}
	start := text[:min(len(text), 512)]
	switch {
	case text == "":
		return nothing
	case len(text) > 3 && (text[0] == 0 && text[2] == 0 || text[1] == 0 && text[3] == 0) && (text[0] != 0 || text[1] != 0):
		return inUTF16
	case strings.ContainsFunc(start, isBinary):
		return "a binary file"
	case protoStart.MatchString(start):
		return "a Protobuf file"
	case idlStart.MatchString(start):
		return "Avro IDL: Apache Avro's tool idl2schemata makes .avsc files of it"
	case yamlStart.MatchString(start):
		return "YAML"
	}
	return ""
}

// isBinary reports whether no text has this character.
func isBinary(r rune) bool {
	return r < ' ' && !strings.ContainsRune("\t\r\n\f\v\x1b", r)
}

// foreignObject says what the object at the top of a text is that is no schema;
// "" if that cannot be told.
func (p *parser) foreignObject() string {
	if p.Kind(0) != jsontext.Object {
		return ""
	}
	has := func(keys ...string) bool {
		return slices.ContainsFunc(keys, func(key string) bool {
			_, ok := p.get(0, key)
			return ok
		})
	}
	schema, wrapped := p.get(0, "schema")
	switch {
	case has("fields", "symbols", "items", "values", "size"):
		return "" // a schema, if not a good one
	case has("protocol"):
		return "; this is an Avro protocol: its types are under \"types\""
	case has("$schema", "properties", "$ref"):
		return "; this is a JSON Schema, not an Avro schema"
	case wrapped && p.Kind(schema) == jsontext.String:
		return "; this is what a registry sends and takes: the schema is the text of its \"schema\""
	case has("error_code"):
		return "; this is an error of a registry"
	}
	return ""
}

// hint is what a text seems to be, for the end of a message; "" if that cannot be
// told.
func hint(text string) string {
	switch what := foreign(text); what {
	case "":
		return ""
	case nothing:
		return "; the text is empty"
	default:
		return "; this is " + what
	}
}
