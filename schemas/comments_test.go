package schemas_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

func ExampleStripComments() {
	fmt.Print(schemas.StripComments(`/* Copyright: nobody. */
{"type": "record", "name": "Metric", "fields": [ // what was measured
  {"name": "value", /* in seconds */ "type": "double", "doc": "see https://example.org"}
]}
`))
	// Output:
	// {"type": "record", "name": "Metric", "fields": [
	//   {"name": "value",  "type": "double", "doc": "see https://example.org"}
	// ]}
}

// What stands before the first token, between any two and after the last.
func TestCommentsAnywhere(t *testing.T) {
	tokens := []string{
		`{`, `"type"`, `:`, `"record"`, `,`, `"name"`, `:`, `"R"`, `,`, `"fields"`, `:`, `[`, `{`, `"name"`, `:`, `"a"`, `,`, `"type"`, `:`,
		`[`, `"null"`, `,`, `"int"`, `]`, `,`, `"default"`, `:`, `null`, `}`, `]`, `,`, `"x"`, `:`, `{`, `"b"`, `:`, `[`, `1e3`, `,`, `true`, `]`, `}`, `}`,
	}
	plain := schemas.MustParse(strings.Join(tokens, ""))
	for name, comment := range map[string]string{
		"block": "/* { \" , */", "empty block": "/**/", "stars": "/***/", "lines": "/*\n\r\n*/", "line": "// \" [ /*\n", "carriage return": "//\r",
		"two": "/*/*/ // */ /*\n", "beyond ASCII": "/* é\x80\xff\x00 */", "spaces": " \t/* */ \t",
	} {
		all := comment
		for i, token := range tokens {
			one := strings.Join(tokens[:i], "") + comment + strings.Join(tokens[i:], "")
			s, err := schemas.Parse(one)
			require.NoError(t, err, "%s before token %d", name, i)
			require.Equal(t, plain.Print(), s.Print(), "%s before token %d", name, i)
			all += token + comment
		}
		s, err := schemas.Parse(all)
		require.NoError(t, err, name)
		require.Equal(t, plain.Print(), s.Print(), name)
		require.Equal(t, schemas.StripComments(all), s.String(), name)
		again, err := schemas.Parse(s.String())
		require.NoError(t, err, name)
		require.Equal(t, s.String(), again.String(), "%s: nothing is left to strip", name)
		require.NotContains(t, s.String(), "*/", name)
	}
}

func TestStripComments(t *testing.T) {
	for text, want := range map[string]string{
		`"int"`:                        `"int"`,
		"\"int\"\n":                    "\"int\"\n",
		"\ufeff\"int\"":                `"int"`,
		"\ufeff// a\n\"int\"":          `"int"`,
		"// a\r\n\"int\" // b\r\n":     "\"int\"\r\n",
		"  /* a */\n\t// b\n\"int\"\n": "\"int\"\n",
		"[ /* a */ \"int\" ]":          "[  \"int\" ]",
		`{"doc":"// /* \" // */"}`:     `{"doc":"// /* \" // */"}`,
		`{"doc":"\\"}//"`:              `{"doc":"\\"}`,
		`"http://example.org`:          `"http://example.org`,
		`"int" /* a`:                   `"int" /* a`,
		`"int" / 2`:                    `"int" / 2`,
		`//`:                           ``,
		``:                             ``,
	} {
		require.Equal(t, want, schemas.StripComments(text), text)
	}
}

// What is wrong stands where it is in the text with the comments.
func TestPositionsAmongComments(t *testing.T) {
	for text, want := range map[string]string{
		"/* a\n b */ {\"type\": /* c */ \"strng\"}":                  `line 2, column 24 (/type): unknown type "strng"; did you mean "string"?`,
		"// é\n[\"int\", /* é */ 7]":                                 `line 2, column 18 (/1): a schema is a name`,
		"{\"type\":\"int\" // a\n// b\n \"x\":1}":                    `line 3, column 2: want ',' or '}', found '"'`,
		record(`{"name":"a","type":"int", /* "x" */ "default":"x"}`): `column 85 (/fields/0/default): the default of field a does not fit`,
		"\n \"int\" /* never":                                        `line 2, column 8: the value has ended, found a comment that does not end`,
		"/* never":                                                   `line 1, column 1: want a JSON value, found a comment that does not end`,
		"[/* a */ /* b":                                              `line 1, column 10: want a JSON value, found a comment that does not end`,
		"{ /":                                                        `line 1, column 3: want a quoted key, found '/'`,
		"\"int\" # no comment":                                       `line 1, column 7: the value has ended, found '#'`,
		"\"in/* */t\"":                                               `unknown type "in/* */t"`,
		"\"in\"/* */\"t\"":                                           `column 10: the value has ended, found '"'`,
		"1/**/2":                                                     `found '2'`,
	} {
		_, err := schemas.Parse(text)
		var parse *schemas.ParseError
		require.ErrorAs(t, err, &parse, text)
		require.ErrorContains(t, err, want, text)
	}
}

// Values that are kept as JSON are JSON.
func TestCommentsWithinKeptValues(t *testing.T) {
	s := schemas.MustParse(record(`{"name":"a","type":{"type":"array","items":"int"},"default":[1, /* two */ 2],"x":{"y":/**/1}}`))
	def, _ := s.Root().Fields()[0].Default()
	require.JSONEq(t, `[1,2]`, string(def))
	require.JSONEq(t, `{"y":1}`, string(s.Root().Fields()[0].Props()[0].Value))
	require.Equal(t, record(`{"name":"a","type":{"type":"array","items":"int"},"default":[1,2],"x":{"y":1}}`), s.Print())
}
