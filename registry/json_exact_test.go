package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/schemas"
)

// everyAnswer is all that answers of some types may hold.
const (
	everyRule     = `{"name":"n","doc":"d","kind":"CONDITION","mode":"WRITE","type":"CEL","tags":["t"],"params":{"p":"q"},"expr":"e","onSuccess":"NONE","onFailure":"ERROR","disabled":true}`
	everyRuleSet  = `{"migrationRules":[` + everyRule + `],"domainRules":[` + everyRule + `],"encodingRules":[` + everyRule + `],"enableAt":"x"}`
	everyMetadata = `{"tags":{"a":["b"]},"properties":{"team":"a"},"sensitive":["c"]}`
	everySchema   = `{"subject":"s","version":3,"id":41,"guid":"` + aGUID + `","schemaType":"AVRO","schema":"\"int\"","references":[{"name":"n","subject":"r","version":1}],"metadata":` + everyMetadata + `,"ruleSet":` + everyRuleSet + `,"deleted":false}`
	everyConfig   = `{"alias":"a","aliasForDeks":"d","normalize":true,"validateFields":true,"validateNewSchemas":true,"validateRules":true,"compatibilityLevel":"FULL","compatibilityPolicy":"STRICT","compatibilityGroup":"g","defaultMetadata":` + everyMetadata + `,"overrideMetadata":` + everyMetadata + `,"defaultRuleSet":` + everyRuleSet + `,"overrideRuleSet":` + everyRuleSet + `,"compatibility":"FULL"}`
	everyLink     = `{"subject":"s","resourceName":"t","resourceNamespace":"c","resourceId":"i","associationType":"value","lifecycle":"WEAK","frozen":true}`
)

// exactAnswer is a call and an answer to it that has every key that is known.
type exactAnswer struct {
	path, body string
	call       func(c *Client) (any, error)
}

func exactAnswers(t *testing.T) map[string]exactAnswer {
	schema := func(s *SubjectSchema, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		out := *s
		out.Schema = nil
		return out, nil
	}
	d, ctx := Definition{Text: `"int"`}, t.Context()
	return map[string]exactAnswer{
		"by id":   {"/schemas/ids/41", everySchema, func(c *Client) (any, error) { return schema(c.SchemaByID(ctx, "s", 41)) }},
		"by GUID": {"/schemas/guids/" + aGUID, everySchema, func(c *Client) (any, error) { return schema(c.SchemaByGUID(ctx, aGUID)) }},
		"version": {"/subjects/s/versions/3", everySchema, func(c *Client) (any, error) { return schema(c.Version(ctx, "s", 3)) }},
		"latest":  {"/subjects/s/versions/latest", everySchema, func(c *Client) (any, error) { return schema(c.Latest(ctx, "s")) }},
		"metadata": {"/subjects/s/metadata", everySchema, func(c *Client) (any, error) {
			return schema(c.LatestWithMetadata(ctx, "s", map[string]string{"team": "a"}))
		}},
		"text":     {"/subjects/s/versions/3", everySchema, func(c *Client) (any, error) { return c.Text(ctx, "s", 3) }},
		"lookup":   {"/subjects/s", everySchema, func(c *Client) (any, error) { return schema(c.Lookup(ctx, "s", d)) }},
		"register": {"/subjects/s/versions", everySchema, func(c *Client) (any, error) { return schema(c.Register(ctx, "s", d)) }},
		"schemas": {"/schemas", "[" + everySchema + "]", func(c *Client) (any, error) {
			list, err := c.Schemas(ctx, "")
			if err != nil {
				return nil, err
			}
			return schema(list[0], nil)
		}},
		"versions":      {"/schemas/ids/41/versions", `[{"subject":"s","version":3}]`, func(c *Client) (any, error) { return c.VersionsByID(ctx, "", 41) }},
		"ids":           {"/schemas/guids/" + aGUID + "/ids", `[{"context":".","id":41}]`, func(c *Client) (any, error) { return c.IDsByGUID(ctx, aGUID) }},
		"associated":    {"/associations/resources/c/t", "[" + everyLink + "]", func(c *Client) (any, error) { return c.Associated(ctx, "c", "t", "value") }},
		"config":        {"/config/s", everyConfig, func(c *Client) (any, error) { conf, err := c.Config(ctx, "s"); conf.Raw = nil; return conf, err }},
		"level":         {"/config/s", everyConfig, func(c *Client) (any, error) { return c.Compatibility(ctx, "s") }},
		"set config":    {"/config/s", everyConfig, func(c *Client) (any, error) { l := schemas.Full; return nil, c.SetConfig(ctx, "s", Config{Level: &l}) }},
		"mode":          {"/mode/s", `{"mode":"IMPORT"}`, func(c *Client) (any, error) { return c.Mode(ctx, "s") }},
		"set mode":      {"/mode/s", `{"mode":"IMPORT"}`, func(c *Client) (any, error) { return nil, c.SetMode(ctx, "s", Import) }},
		"compatibility": {"/compatibility/subjects/s/versions", `{"is_compatible":true,"messages":["m"]}`, func(c *Client) (any, error) { return nil, c.CheckCompatibility(ctx, "s", d) }},
	}
}

var anyKey = regexp.MustCompile(`"([A-Za-z_]+)":("[^"\\]*"|[a-z0-9]+|\[|\{|"\\"int\\"")`)

// eachKey calls f with body for every key in it: as it is with what follows, with what
// comes before more, put before that key.
func eachKey(body string, f func(key string, with func(more string) string)) {
	for _, at := range anyKey.FindAllStringSubmatchIndex(body, -1) {
		f(body[at[2]:at[3]], func(more string) string { return body[:at[0]] + more + "," + body[at[0]:] })
	}
}

// one answers one path, and any other with a schema that it may refer to.
func one(t *testing.T, path string, body func() string, opts ...Option) *Client {
	c, err := New("http://registry", append(opts, quick(), WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == path {
			return reply(200, body()), nil
		}
		return reply(200, `{"subject":"r","version":1,"id":1,"schema":"{\"type\":\"fixed\",\"name\":\"n\",\"size\":1}"}`), nil
	})))...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// A known key counts in its exact case, and once, in every answer and however deep.
func TestKeysAreExact(t *testing.T) {
	for name, test := range exactAnswers(t) {
		t.Run(name, func(t *testing.T) {
			ask := func(body string) (any, error) {
				return test.call(one(t, test.path, func() string { return body }))
			}
			want, err := ask(test.body)
			require.NoError(t, err)
			keys := 0
			eachKey(test.body, func(key string, with func(string) string) {
				keys++
				_, err := ask(with(`"` + key + `":null`))
				malformed, ok := errors.AsType[*MalformedResponseError](err)
				require.True(t, ok, "%s twice: %v", key, err)
				require.Contains(t, malformed.Reason, `"`+key+`" is there twice`)
				escaped := `"\u00` + hex.EncodeToString([]byte(key[:1])) + key[1:] + `":null`
				_, err = ask(with(escaped))
				require.ErrorContains(t, err, `"`+key+`" is there twice`, "escaped")
				if slices.Contains([]string{"a", "p", "team"}, key) {
					return // data: any other key is one more
				}
				for _, other := range []string{strings.ToUpper(key), strings.ToUpper(key[:1]) + key[1:], strings.ReplaceAll(strings.ToUpper(key), "S", "\u017f")} {
					if other == key {
						continue
					}
					got, err := ask(with(`"` + other + `":{"x":[7]},"` + other + `":7`))
					require.NoError(t, err, other)
					require.Equal(t, want, got, other)
				}
			})
			require.Positive(t, keys)
		})
	}
	for body, message := range map[string]string{
		`{"Id":41,"version":3,"schema":"\"int\""}`:           "it has no id",
		`{"id":41,"Version":3,"schema":"\"int\""}`:           "it has no version",
		`{"id":41,"version":3,"SCHEMA":"\"int\""}`:           "it has no schema",
		`{"\u0049d":41,"version":3,"schema":"\"int\""}`:      "it has no id",
		`{"x":{"id":41},"version":3,"schema":"\"int\""}`:     "it has no id",
		`{"x":{"id":1,"id":2},"id":1,"id":2,"version":3}`:    `"id" is there twice`,
		`{"x":[{"id":1,"id":2}],"version":3,"schema":"int"}`: "it has no id",
	} {
		_, err := one(t, "/subjects/s/versions/latest", func() string { return body }).Latest(t.Context(), "s")
		require.ErrorContains(t, err, message, body)
	}
	_, err := one(t, "/schemas", func() string { return "[" + everySchema + `,{"id":1,"id":1}]` }).Schemas(t.Context(), "")
	require.ErrorContains(t, err, `item 1: "id" is there twice`)
}

// An error is told by its status: a code under another key, or two codes, are none.
func TestKeysOfErrorsAreExact(t *testing.T) {
	for body, want := range map[string]int{
		`{"error_code":40401,"message":"m"}`:                    40401,
		`{"error_code":40401,"Error_Code":40403,"message":"m"}`: 40401,
		`{"Error_Code":40401,"message":"m"}`:                    0,
		`{"error_code":40401,"error_code":40403}`:               0,
	} {
		code, message := readErrorResponse([]byte(body))
		require.Equal(t, want, code, body)
		require.NotEmpty(t, message)
	}
}

// A file that was kept is read as an answer is.
func TestKeysOfKeptAnswersAreExact(t *testing.T) {
	f := newFixture()
	f.down.Store(true)
	dir := t.TempDir()
	key := latestKey{subject: "s"}.full()
	file := fileName("latest", key)
	s := &storedAnswer{Kind: "latest", Key: key, Where: "s", At: time.Now()}
	require.NoError(t, json.Unmarshal([]byte(everySchema), &s.Answer))
	s.Answer.References = nil
	content, err := s.encode()
	require.NoError(t, err)
	_, body, _ := bytes.Cut(content, []byte("\n"))
	ask := func(body string) (*SubjectSchema, error) {
		sum := sha256.Sum256([]byte(body))
		content := []byte(fileHead + hex.EncodeToString(sum[:]) + "\n" + body)
		c := f.client(t, quick(), WithCacheDir(dir))
		require.NoError(t, os.WriteFile(filepath.Join(c.files.dir, file), content, 0o600))
		kept, err := c.Latest(t.Context(), "s")
		seeded, failed := f.client(t, quick(), WithSeed(fstest.MapFS{file: {Data: content}})).Latest(t.Context(), "s")
		require.Equal(t, err == nil, failed == nil)
		if err == nil {
			require.Equal(t, kept.Definition, seeded.Definition)
		}
		return kept, err
	}
	want, err := ask(string(body))
	require.NoError(t, err)
	eachKey(string(body), func(key string, with func(string) string) {
		_, err := ask(with(`"` + key + `":null`))
		require.Error(t, err, "%s twice", key)
		if slices.Contains([]string{"a", "p", "team"}, key) {
			return
		}
		got, err := ask(with(`"` + strings.ToUpper(key[:1]) + key[1:] + `":7`))
		require.NoError(t, err, key)
		require.Equal(t, want.Definition, got.Definition, key)
		require.Equal(t, want.ID, got.ID, key)
	})
}

// Keys are looked at in time and space that grow as the body does.
func TestKeysOfLargeBodies(t *testing.T) {
	s := exactjson.KeysOf(reflect.TypeFor[schemaAnswer]())
	require.Len(t, slices.Collect(maps.Keys(s.Fields)), 10)
	for name, body := range map[string]string{
		"unknown keys":   `{` + strings.Repeat(`"subjecu":1,`, 1<<18) + `"x":1}`,
		"folded keys":    `{` + strings.Repeat(`"SUBJECT":1,`, 1<<18) + `"x":1}`,
		"a long key":     `{"` + strings.Repeat("s", 1<<22) + `":1}`,
		"deep":           strings.Repeat(`{"references":[`, 1<<20),
		"closed at once": strings.Repeat(`]`, 1<<22),
		"a string open":  `{"id` + strings.Repeat(`\`, 1<<20),
	} {
		cost := testing.AllocsPerRun(1, func() { _, err := exactjson.Keys([]byte(body), s); require.NoError(t, err, name) })
		require.Less(t, cost, 100.0, name)
	}
}

// Whatever a body is, decoding it exactly agrees with decoding it where all its keys are.
func FuzzExactKeys(f *testing.F) {
	f.Add([]byte(everySchema))
	f.Add([]byte(`{"Id":1,"id":2,"references":[{"Name":"a","name":"b"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		out, err := exactjson.Keys(body, exactjson.KeysOf(reflect.TypeFor[schemaAnswer]()))
		if err != nil || !json.Valid(body) {
			return
		}
		require.True(t, json.Valid(out))
		require.Len(t, out, len(body))
		again, err := exactjson.Keys(out, exactjson.KeysOf(reflect.TypeFor[schemaAnswer]()))
		require.NoError(t, err)
		require.Equal(t, out, again)
	})
}
