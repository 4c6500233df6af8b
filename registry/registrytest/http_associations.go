package registrytest

import "net/http"

func httpAssociations(s *httpSuite) {
	// Nothing is associated yet: clients then use the name of the topic.
	s.do("GET", "/associations/resources/-/{r}?resourceType=topic&associationType=value", "").ok(`[]`)

	weak := `{"resourceName":"{r}","resourceNamespace":"lkc","resourceId":"id-{r}","associations":[{"subject":"{r}-shared"}]}`
	s.do("POST", "/associations", weak).no(409, 40907)
	s.do("POST", "/subjects/{r}-shared/versions", schema(`"int"`)).ok("")
	s.do("POST", "/associations", weak).ok(`{"resourceName":"{r}","resourceType":"topic","associations":[{"subject":"{r}-shared","associationType":"value","lifecycle":"WEAK"}]}`)
	s.do("POST", "/associations", weak).ok("")
	for _, path := range []string{"/associations/resources/-/{r}", "/associations/resources/lkc/{r}", "/associations/resources/id-{r}", "/associations/subjects/{r}-shared"} {
		s.do("GET", path+"?associationType=value", "").ok(`[{"subject":"{r}-shared","resourceName":"{r}","resourceNamespace":"lkc","resourceId":"id-{r}","resourceType":"topic","associationType":"value","lifecycle":"WEAK"}]`)
		s.do("GET", path+"?associationType=key", "").ok(`[]`)
	}
	s.do("DELETE", "/subjects/{r}-shared", "").no(409, 40904)
	s.do("DELETE", "/subjects/{r}-shared/versions/1", "").no(409, 40907)
	s.do("PUT", "/associations/resources/id-{r}", `{"resourceName":"{r}","resourceNamespace":"lkc","associations":[{"subject":"{r}-other"}]}`).no(422, 42212)
	s.Equal(http.StatusNoContent, s.do("DELETE", "/associations/resources/id-{r}", "").status)
	s.do("DELETE", "/associations/resources/id-{r}", "").no(404, 40410)
	s.do("DELETE", "/subjects/{r}-shared", "").ok("")

	// A strong one comes with its schema, and takes it along.
	strong := `{"resourceName":"{r}s","resourceNamespace":"ns{r}","resourceId":"strong-{r}","associations":[{"lifecycle":"STRONG","schema":{"schema":"\"int\""}}]}`
	broken := `{"resourceName":"{r}s","resourceNamespace":"ns{r}","associations":[{"lifecycle":"STRONG","schema":{"schema":"{"}}]}`
	s.do("POST", "/associations?dryRun=true", broken).no(422, 42201)
	s.do("POST", "/associations?dryRun=true", strong).ok("")
	s.do("GET", "/associations/resources/strong-{r}", "").ok(`[]`)
	s.do("POST", "/associations", strong).ok(`{"associations":[{"subject":":.ns{r}:{r}s-value","lifecycle":"STRONG","schema":{"version":1}}]}`)
	s.do("GET", "/subjects/:.ns{r}:{r}s-value/versions", "").ok(`[1]`)
	s.do("POST", "/associations", strong).ok("")
	s.do("DELETE", "/associations/resources/strong-{r}", "").no(409, 40908)
	s.Equal(http.StatusNoContent, s.do("DELETE", "/associations/resources/strong-{r}?cascadeLifecycle=true", "").status)
	s.do("GET", "/subjects/:.ns{r}:{r}s-value/versions?deleted=true", "").no(404, 40401)

	for _, bad := range []string{
		`{}`, `{"resourceName":"a b","resourceNamespace":"n","resourceId":"i","associations":[{"subject":"s"}]}`,
		`{"resourceName":"a","resourceNamespace":"n","resourceId":"i","associations":[]}`,
		`{"resourceName":"a","resourceNamespace":"n","resourceId":"i","resourceType":"queue","associations":[{"subject":"s"}]}`,
		`{"resourceName":"a","resourceNamespace":"n","resourceId":"i","associations":[{"subject":"s","associationType":"both"}]}`,
		`{"resourceName":"a","resourceNamespace":"n","resourceId":"i","associations":[{"subject":"s"},{"subject":"t"}]}`,
		`{"resourceName":"a","resourceNamespace":"n","resourceId":"i","associations":[{"subject":"s","lifecycle":"WEAK","frozen":true}]}`,
		`{"resourceName":"a","resourceNamespace":"n","associations":[{"subject":"s"}]}`,
		`{"resourceName":"a","resourceNamespace":"n","resourceId":"i","associations":[{"lifecycle":"STRONG"}]}`,
	} {
		s.do("POST", "/associations", bad).no(422, 42212)
	}
}
