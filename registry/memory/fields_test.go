package memory

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var anyKey = regexp.MustCompile(`"([A-Za-z_]+)":("[^"\\]*"|[a-z0-9]+|\[|\{|"\\"int\\"")`)

// The server takes keys in their exact case, wherever they are in a request; any other is unknown.
func TestKeysOfRequestsAreExact(t *testing.T) {
	const definition = `{"schema":"\"int\"","schemaType":"AVRO","references":[],"metadata":{"properties":{"a":"b"}},"ruleSet":{"domainRules":[{"name":"n","kind":"CONDITION","mode":"WRITE","type":"CEL"}]}}`
	for where, body := range map[string]string{
		"POST /subjects/s/versions":               definition,
		"POST /compatibility/subjects/s/versions": definition,
		"PUT /config/s":                           `{"compatibility":"FULL","normalize":true,"alias":"b","defaultMetadata":{"properties":{"a":"b"}},"defaultRuleSet":{"domainRules":[{"name":"n","kind":"CONDITION","mode":"WRITE","type":"CEL"}]}}`,
		"PUT /mode/s":                             `{"mode":"IMPORT"}`,
		"POST /associations":                      `{"resourceName":"t","resourceNamespace":"n","resourceId":"i","associations":[{"lifecycle":"STRONG","associationType":"value","schema":{"schema":"\"int\""}}]}`,
	} {
		method, path, _ := strings.Cut(where, " ")
		require.Equal(t, 200, sent(Handler(New()), method, path, body), where)
		eachKey(body, func(key string, with func(string) string) {
			if key == "a" {
				return
			}
			require.Equal(t, 200, sent(Handler(New()), method, path, with(`"`+strings.ToUpper(key)+`":{"x":[7]}`)), "%s: %s", where, key)
		})
	}
	require.Equal(t, 422, sent(Handler(New()), "POST", "/subjects/s/versions", `{"Schema":"\"int\""}`))
	require.Equal(t, 422, sent(Handler(New()), "PUT", "/mode/s", `{"Mode":"IMPORT"}`))
}

// eachKey calls f with body for every key in it: as it is with what follows, with what
// comes before more, put before that key.
func eachKey(body string, f func(key string, with func(more string) string)) {
	for _, at := range anyKey.FindAllStringSubmatchIndex(body, -1) {
		f(body[at[2]:at[3]], func(more string) string { return body[:at[0]] + more + "," + body[at[0]:] })
	}
}
