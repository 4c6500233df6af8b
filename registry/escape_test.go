package registry

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/schemas"
)

// Subjects that have broken somebody's client.
var hardSubjects = []string{
	"plain-value",
	"a/b", "/a", "a/", "a//b", "/",
	"a%b", "a%2Fb", "%", "%25",
	"a:b", "a;b=c", "a+b", "a b", " a ", "a?b=c&d", "a#b", "a,b", "a@b", "a=b", "a&b", "a$b", "a!b'(c)*",
	".", "..", "...", "../x", "a/../b", "./a",
	`a\b`, `a"b`, "a<b>", "a|b", "a^b`c{d}", "[a]", "~a",
	"größe", "заказы-value", "注文", "🦆",
	"latest", "versions", "-1",
	strings.Repeat("long/", 50),
}

// TestSubjectsOverHTTP takes each through every call that has it in a path.
func TestSubjectsOverHTTP(t *testing.T) {
	f := newFixture()
	c, _ := f.serve(t)
	for _, subject := range hardSubjects {
		t.Run(subject, func(t *testing.T) {
			ctx := t.Context()
			d := Definition{Text: userV1}
			s, err := c.Register(ctx, subject, d)
			require.NoError(t, err)
			require.Equal(t, 1, s.Version)
			c.known.drop(func(definitionKey) bool { return true })
			s, err = c.Lookup(ctx, subject, d)
			require.NoError(t, err)
			require.Equal(t, subject, s.Subject)
			s, err = c.Latest(ctx, subject)
			require.NoError(t, err)
			require.Equal(t, subject, s.Subject)
			s, err = c.Version(ctx, subject, 1)
			require.NoError(t, err)
			require.Equal(t, subject, s.Subject)
			s, err = c.SchemaByID(ctx, subject, s.ID)
			require.NoError(t, err)
			require.Equal(t, subject, s.Subject)
			text, err := c.Text(ctx, subject, 1)
			require.NoError(t, err)
			require.Equal(t, userV1, text)
			numbers, err := c.Versions(ctx, subject)
			require.NoError(t, err)
			require.Equal(t, []int{1}, numbers)
			numbers, err = c.Versions(ctx, subject, WithDeleted())
			require.NoError(t, err)
			require.Equal(t, []int{1}, numbers)
			names, err := c.Subjects(ctx, subject)
			require.NoError(t, err)
			require.Contains(t, names, subject)
			_, err = c.ReferencedBy(ctx, subject, 1)
			require.NoError(t, err)
			require.NoError(t, c.CheckCompatibility(ctx, subject, d))
			require.NoError(t, c.SetCompatibility(ctx, subject, schemas.Full))
			level, err := c.Compatibility(ctx, subject)
			require.NoError(t, err)
			require.Equal(t, schemas.Full, level)
			require.NoError(t, c.DeleteConfig(ctx, subject))
			require.NoError(t, c.SetMode(ctx, subject, ReadWrite))
			mode, err := c.Mode(ctx, subject)
			require.NoError(t, err)
			require.Equal(t, ReadWrite, mode)
			require.NoError(t, c.DeleteMode(ctx, subject))
			require.NoError(t, c.DeleteVersion(ctx, subject, 1))
			require.NoError(t, c.DeleteVersion(ctx, subject, 1, Permanent()))
			_, err = c.Register(ctx, subject, d)
			require.NoError(t, err)
			_, err = c.DeleteSubject(ctx, subject)
			require.NoError(t, err)
		})
	}
}

func TestPathSegment(t *testing.T) {
	for name, want := range map[string]string{
		"orders-value": "orders-value",
		"a/b":          "a%2Fb",
		"..":           "%2E%2E",
		".":            "%2E",
		"...":          "...",
		"a+b c":        "a%2Bb%20c",
		":.ctx:a":      ":.ctx:a",
		"größe":        "gr%C3%B6%C3%9Fe",
	} {
		require.Equal(t, want, pathSegment(name))
	}
}

func TestSubjectKey(t *testing.T) {
	for subject, want := range map[string]string{
		"": "", "a": "a", ":a": ":a", "a:b": "a:b", ":.:a": "a", ":.:": "", ":.ctx:a": ":.ctx:a", ":.ctx:": ":.ctx:", ":.ctx": ":.ctx:", ":.ctx:a:b": ":.ctx:a:b", ":*:a": ":*:a",
	} {
		require.Equal(t, want, subjectKey(subject), subject)
		require.Equal(t, subjectname.Full(subject), subjectKey(subject), subject)
	}
}

// A segment comes back as it went in, is one segment, and is left alone by the
// transport and by whoever cleans paths.
func FuzzPathSegment(f *testing.F) {
	for _, s := range hardSubjects {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		escaped := pathSegment(name)
		back, err := url.PathUnescape(escaped)
		require.NoError(t, err)
		require.Equal(t, name, back)
		require.NotContains(t, escaped, "/")
		require.NotContains(t, escaped, "+")
		path := "/subjects/" + escaped + "/versions"
		u, err := url.Parse("http://registry" + path)
		require.NoError(t, err)
		require.Equal(t, path, u.EscapedPath())
		require.Equal(t, "/subjects/"+name+"/versions", u.Path)
	})
}
