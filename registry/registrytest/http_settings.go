package registrytest

import "net/http"

func httpSettings(s *httpSuite) {
	s.do("PUT", "/config/{r}", `{"compatibility":"Full_Transitive","normalize":true,"alias":"other","compatibilityGroup":"g","defaultMetadata":{"properties":{"a":"b"}}}`).
		ok(`{"compatibility":"FULL_TRANSITIVE","normalize":true,"alias":"other"}`)
	s.do("PUT", "/config/{r}", `{"normalize":false,"alias":null}`).ok(`{"compatibility":"FULL_TRANSITIVE","normalize":false}`)
	got := s.do("GET", "/config/{r}", "").ok(`{"compatibilityLevel":"FULL_TRANSITIVE","normalize":false,"compatibilityGroup":"g","defaultMetadata":{"properties":{"a":"b"}}}`)
	s.NotContains(got.body, "alias")
	s.do("PUT", "/config/{r}", `{"compatibility":"x"}`).no(422, 42203)
	s.do("PUT", "/config/{r}", `{`).no(400, 400)
	s.do("PUT", "/config/{r}", `{"overrideRuleSet":{"domainRules":[{"name":"a b","type":"CEL"}]}}`).no(422, 42210)
	s.do("PUT", "/config/__EMPTY", `{"compatibility":"FULL"}`).no(422, 42208)
	s.do("DELETE", "/config/{r}", "").ok(`{"compatibilityLevel":"FULL_TRANSITIVE"}`)
	// A configuration without a level has the default one.
	s.do("PUT", "/config/{r}", `{"normalize":true}`).ok(`{"normalize":true}`)
	s.do("GET", "/config/{r}", "").ok(`{"compatibilityLevel":"BACKWARD","normalize":true}`)
	s.do("DELETE", "/config/{r}", "").ok("")
	s.do("DELETE", "/config/{r}", "").no(404, 40401)

	// New schemas keep all rules, unless the configuration says otherwise.
	lax := schema(`{"type":"record","name":"n{r}.L","fields":[{"name":"a","type":"int","default":"x"}]}`)
	s.do("POST", "/subjects/{r}-lax/versions", lax).no(422, 42201)
	s.do("PUT", "/config/{r}-lax", `{"validateNewSchemas":false}`).ok("")
	s.do("POST", "/subjects/{r}-lax/versions", lax).ok(`{"version":1}`)
	s.do("DELETE", "/config/{r}-lax", "").ok("")
	s.do("POST", "/subjects/{r}-lax/versions", lax).ok(`{"version":1}`)

	// A level can be passed over once.
	s.do("POST", "/subjects/{r}-lax/versions", schema(`"string"`)).no(409, 40901)
	s.do("POST", "/subjects/{r}-lax/versions?force=true", schema(`"string"`)).ok(`{"version":2}`)
}

func httpModes(s *httpSuite) {
	s.do("GET", "/mode/{r}", "").no(404, 40409)
	s.do("PUT", "/mode/{r}", `{"mode":"readonly"}`).ok(`{"mode":"readonly"}`)
	s.do("GET", "/mode/{r}", "").ok(`{"mode":"READONLY"}`)
	s.do("POST", "/subjects/{r}/versions", schema(`"int"`)).no(422, 42205)
	s.do("PUT", "/mode/{r}", `{"mode":"SIDEWAYS"}`).no(422, 42204)
	s.do("PUT", "/mode/{r}", `{"mode":"FORWARD"}`).no(422, 42204)
	s.do("DELETE", "/mode/{r}", "").ok(`{"mode":"READONLY"}`)
	s.do("DELETE", "/mode/{r}", "").no(404, 40401)
	s.do("PUT", "/mode/{r}", `{"mode":"IMPORT"}`).ok("")
	s.do("POST", "/subjects/{r}/versions", `{"schema":"\"int\"","id":123456,"version":3}`).ok(`{"id":123456,"version":3}`)
	s.do("POST", "/subjects/{r}/versions", `{"schema":"\"int\"","id":123456,"version":3}`).ok(`{"id":123456,"version":3}`)
	s.do("POST", "/subjects/{r}/versions", `{"schema":"\"long\"","id":123456,"version":4}`).no(422, 42205)
	s.do("PUT", "/mode/{r}", `{"mode":null}`).ok("")
	s.do("GET", "/mode/{r}", "").no(404, 40409)
	s.do("POST", "/subjects/{r}/versions", `{"schema":"\"bytes\"","version":6}`).no(409, 40901)
	s.do("POST", "/subjects/{r}/versions", `{"schema":"\"long\"","version":6}`).no(422, 42201)
	s.do("POST", "/subjects/{r}/versions", `{"schema":"\"long\"","version":4}`).ok(`{"version":4,"metadata":{"properties":{"confluent:version":"4"}}}`)
}

func httpContexts(s *httpSuite) {
	s.do("POST", "/contexts/.{r}/subjects/a/versions", schema(`"int"`)).ok(`{"id":1,"version":1}`)
	s.do("POST", "/contexts/:.{r}:/subjects/b/versions", schema(`"long"`)).ok(`{"id":2,"version":1}`)
	s.do("GET", "/subjects/:.{r}:a/versions/1", "").ok(`{"subject":":.{r}:a","id":1}`)
	s.do("GET", "/subjects/%3A.{r}%3Aa/versions/1", "").ok(`{"subject":":.{r}:a","id":1}`)
	s.do("GET", "/contexts/.{r}/subjects", "").ok(`[":.{r}:a",":.{r}:b"]`)
	s.do("GET", "/contexts/.{r}/subjects?subjectPrefix=b", "").ok(`[":.{r}:b"]`)
	s.do("GET", "/subjects?subjectPrefix=:.{r}:", "").ok(`[":.{r}:a",":.{r}:b"]`)
	s.do("GET", "/contexts/.{r}/schemas/ids/2", "").ok(`{"subject":":.{r}:b","schema":"\"long\""}`)
	s.do("GET", "/schemas/ids/2?subject=:.{r}:", "").ok(`{"subject":":.{r}:b","schema":"\"long\""}`)
	s.do("GET", "/schemas/ids/2?subject=:.{r}:a", "").no(404, 40403)
	s.do("GET", "/contexts/.{r}/schemas", "").ok(`[{"subject":":.{r}:a"},{"subject":":.{r}:b"}]`)
	s.do("PUT", "/contexts/.{r}/config", `{"compatibility":"NONE"}`).ok("")
	s.do("GET", "/config/:.{r}:", "").ok(`{"compatibilityLevel":"NONE"}`)
	s.do("GET", "/contexts/.{r}/config/a?defaultToGlobal=true", "").ok(`{"compatibilityLevel":"NONE"}`)
	s.do("PUT", "/contexts/.{r}/mode", `{"mode":"READONLY"}`).ok("")
	s.do("POST", "/contexts/.{r}/subjects/c/versions", schema(`"int"`)).no(422, 42205)
	s.do("DELETE", "/contexts/.{r}/mode", "").ok("")
	s.do("GET", "/contexts?contextPrefix=.{r}", "").ok(`[".{r}"]`)
	s.do("GET", "/contexts/a:b/subjects", "").no(400, 400)

	s.do("DELETE", "/contexts/.{r}", "").no(422, 42211)
	for _, name := range []string{"a", "b"} {
		s.do("DELETE", "/contexts/.{r}/subjects/"+name, "").ok("")
		s.do("DELETE", "/contexts/.{r}/subjects/"+name+"?permanent=true", "").ok("")
	}
	s.Equal(http.StatusNoContent, s.do("DELETE", "/contexts/.{r}", "").status)
	s.do("GET", "/contexts?contextPrefix=.{r}", "").ok(`[]`)
}
