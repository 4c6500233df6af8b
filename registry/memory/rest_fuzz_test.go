package memory

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
)

// FuzzHandler sends any request. Whatever comes, the answer is JSON with a status
// that says what happened, and never an internal error.
func FuzzHandler(f *testing.F) {
	f.Add("POST", "/subjects/s/versions", `{"schema":"\"int\"","references":[{"name":"a","subject":"s","version":-1}],"metadata":{"tags":{"a":["b"]}},"ruleSet":{"domainRules":[{"name":"r","type":"t"}]},"id":7,"version":3}`)
	f.Add("POST", "/subjects/s?normalize=true&deleted=true", `{"schema":"[\"null\",{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"R\"}]}]"}`)
	f.Add("GET", "/schemas/ids/1?subject=:.c:s&format=resolved&fetchMaxId=true", "")
	f.Add("PUT", "/config/s", `{"compatibility":"FULL","alias":"t","normalize":true,"defaultMetadata":{"properties":{"a":"b"}}}`)
	f.Add("PUT", "/mode/:.c:", `{"mode":"IMPORT"}`)
	f.Add("POST", "/contexts/.c/compatibility/subjects/s/versions/latest?verbose=true", `{"schema":"\"long\"","schemaType":"JSON"}`)
	f.Add("POST", "/associations", `{"resourceName":"t","resourceNamespace":"n","resourceId":"i","associations":[{"subject":"s","lifecycle":"STRONG","schema":{"schema":"\"int\""}}]}`)
	f.Add("DELETE", "/subjects/s%2F/versions/latest?permanent=true", "")
	f.Add("GET", "/schemas?subjectPrefix=:*:&aliases=true&lifecycle=NONE&limit=5", "")
	f.Fuzz(func(t *testing.T, method, target, body string) {
		req, err := http.NewRequest(method, "http://registry", strings.NewReader(body))
		if err != nil {
			return
		}
		u, err := req.URL.Parse(target)
		if err != nil {
			return
		}
		req.URL = u
		m := New(WithMaxText(4096))
		h := Handler(m, WithMaxBody(1<<16))
		for _, subject := range []string{"s", ":.c:s"} {
			for _, text := range []string{`"int"`, `"long"`} {
				_, err := m.Register(t.Context(), subject, registry.Definition{Text: text})
				require.NoError(t, err)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		text, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		if w.Code != http.StatusNoContent {
			require.True(t, json.Valid(text), "%s %s: %s", method, target, text)
		}
		if w.Code >= 500 {
			require.Contains(t, target, "schema", "only the text of an id that does not exist")
			require.Equal(t, http.MethodGet, method)
		}
		// What it did, a log can hold and give back.
		log, at := []byte(logMagic), firstPosition()
		for _, e := range m.state.events() {
			log, err = appendRecord(log, &at, []event{e}, maxRecord)
			require.NoError(t, err)
		}
		again := newStore()
		_, _, _, err = again.replay(log, false)
		require.NoError(t, err)
		require.Equal(t, picture(t, m), picture(t, &Registry{state: again}))
	})
}
