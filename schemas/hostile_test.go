package schemas_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// allocated is how many bytes f allocates in all, freed ones included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// fill repeats item(i) until the text has about size bytes.
func fill(size int, separator string, item func(i int) string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(item(i))
	}
	return b.String()
}

const mebibyte = 1 << 20

// hostile are texts of about a mebibyte, the default limit, made to take as much
// of everything as a parser will give.
var hostile = []struct {
	name string
	text func() string
	err  string // "" where the text is a schema
}{
	{"arrays nested as deep as the text goes", func() string { return strings.Repeat("[", mebibyte) }, "nested deeper than 808 levels of JSON"},
	{"objects nested as deep as the text goes", func() string { return strings.Repeat(`{"type":`, mebibyte/8) }, "nested deeper than 808 levels of JSON"},
	{"array types nested deep", func() string {
		return strings.Repeat(`{"type":"array","items":`, 500) + `"int"` + strings.Repeat("}", 500)
	}, "types nest deeper than 200"},
	{"types that refer forwards, one to the next", func() string {
		return "[" + fill(mebibyte-100, ",", func(i int) string {
			return fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"f","type":"R%d"}]}`, i, i+1)
		}) + "]"
	}, "unknown type"},
	{"a chain of types, each used before it is defined", func() string {
		const n = 12_000
		var b strings.Builder
		b.WriteString("[")
		for i := range n {
			fmt.Fprintf(&b, `{"type":"record","name":"R%d","fields":[{"name":"f","type":"R%d"}]},`, i, i+1)
		}
		fmt.Fprintf(&b, `{"type":"fixed","name":"R%d","size":1}]`, n)
		return b.String()
	}, "types nest deeper than 200"},
	{"one value per two bytes", func() string {
		return `{"type":"int","x":[` + strings.Repeat("1,", mebibyte/2-20) + `1]}`
	}, ""},
	{"empty objects", func() string { return `{"type":"int","x":[` + strings.Repeat("{},", mebibyte/3-20) + `1]}` }, ""},
	{"an object with the same key again and again", func() string {
		return `{"type":"int"` + strings.Repeat(`,"":1`, mebibyte/5-10) + `}`
	}, ""},
	{"an object with many keys", func() string {
		return `{"type":"int",` + fill(mebibyte-100, ",", func(i int) string { return fmt.Sprintf(`"%x":1`, i) }) + `}`
	}, ""},
	{"short fields", func() string {
		return `{"type":"record","name":"R","fields":[` + fill(mebibyte-100, ",", func(i int) string { return fmt.Sprintf(`{"name":"a%x","type":"int"}`, i) }) + `]}`
	}, ""},
	{"symbols", func() string {
		return `{"type":"enum","name":"E","symbols":[` + fill(mebibyte-100, ",", func(i int) string { return fmt.Sprintf(`"a%x"`, i) }) + `]}`
	}, ""},
	{"nodes without a name", func() string {
		return `{"type":"record","name":"R","fields":[{"name":"a","type":` + "[" + fill(mebibyte-200, ",", func(i int) string { return fmt.Sprintf(`{"type":"fixed","name":"a%x","size":1}`, i) }) + "]}]}"
	}, ""},
	{"a long namespace inherited by many types", func() string {
		return `{"type":"record","name":"R","namespace":"` + strings.Repeat("a", mebibyte/2) + `","fields":[` +
			fill(mebibyte/2-100, ",", func(i int) string {
				return fmt.Sprintf(`{"name":"f%x","type":{"type":"fixed","name":"a%x","size":1}}`, i, i)
			}) + `]}`
	}, "full names of this schema are too long"},
	{"a long namespace inherited by many aliases", func() string {
		return `{"type":"record","name":"R","namespace":"` + strings.Repeat("a", mebibyte/2) + `","aliases":[` +
			fill(mebibyte/2-100, ",", func(i int) string { return fmt.Sprintf(`"a%x"`, i) }) + `],"fields":[]}`
	}, "full names of this schema are too long"},
	{"a long namespace in many references", func() string {
		return `{"type":"record","name":"R","namespace":"` + strings.Repeat("a", mebibyte/2) + `","fields":[` +
			fill(mebibyte/2-100, ",", func(i int) string { return fmt.Sprintf(`{"name":"f%x","type":"R"}`, i) }) + `]}`
	}, "full names of this schema are too long"},
	{"unions in unions for a default to try", func() string {
		var types, uses []string
		for i := range 60 {
			uses = append(uses, fmt.Sprintf(`"R%d"`, i))
		}
		all := "[" + strings.Join(uses, ",") + "]"
		for i := range 60 {
			types = append(types, fmt.Sprintf(`{"name":"t%d","type":{"type":"record","name":"R%d","fields":[{"name":"f","type":%s}]}}`, i, i, all))
		}
		return `{"type":"record","name":"Top","fields":[` + strings.Join(types, ",") +
			`,{"name":"d","type":"R0","default":` + strings.Repeat(`{"f":`, 400) + "1" + strings.Repeat("}", 400) + `}]}`
	}, "it takes too long to check"},
	{"defaults that double at each level", func() string {
		return `{"type":"record","name":"Top","fields":[{"name":"z","type":{"type":"fixed","name":"L60","size":1}}` + fill(0, "", func(int) string {
			var b strings.Builder
			for i := 59; i >= 0; i-- {
				d := fmt.Sprintf(`{"name":"%%s","type":"L%d","default":{}}`, i+1)
				if i == 59 {
					d = fmt.Sprintf(`{"name":"%%s","type":"L%d","default":"x"}`, i+1)
				}
				fmt.Fprintf(&b, `,{"name":"l%d","type":{"type":"record","name":"L%d","fields":[`+d+","+d+`]}}`, i, i, "a", "b")
			}
			return b.String()
		}) + `]}`
	}, ""},
	{"a default that contains itself", func() string {
		return `{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"],"default":{}}]}`
	}, "contains itself without end"},
	{"a comment that does not end", func() string { return "/*" + strings.Repeat("*", mebibyte-2) }, "want a JSON value"},
	{"a string that does not end", func() string { return `"` + strings.Repeat("a", mebibyte-1) }, "does not end"},
	{"a number as long as the text", func() string {
		return `{"type":"record","name":"R","fields":[{"name":"a","type":"long","default":` + strings.Repeat("9", mebibyte-200) + `}]}`
	}, "want a long"},
	{"more than the limit", func() string { return strings.Repeat(" ", mebibyte+1) }, "1048577 bytes of text, more than the limit of 1048576"},
}

func TestHostileText(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(16 * mebibyte)) // a stack overflow would kill the process
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			text := test.text()
			var err, lenientErr error
			used := allocated(func() {
				var s *schemas.Schema
				if s, err = schemas.Parse(text); err == nil {
					_ = s.Canonical()
				}
			})
			require.Less(t, used, uint64(64*mebibyte))
			if test.err == "" {
				require.NoError(t, err)
			} else {
				var parse *schemas.ParseError
				require.ErrorAs(t, err, &parse)
				require.ErrorContains(t, err, test.err)
				require.Less(t, len(err.Error()), 2000)
			}
			used = allocated(func() { _, lenientErr = schemas.Parse(text, schemas.Lenient()) })
			require.Less(t, used, uint64(64*mebibyte), "lenient: %v", lenientErr)
			t.Logf("%d KiB", used/1024)
		})
	}
}

// chainOfTypes is a cycle of n records that all have the same name but for their
// namespaces, each with count fields of the next type; the last one leads back.
func chainOfTypes(n, count int, last string) string {
	var b strings.Builder
	b.WriteString("[")
	for i := n - 1; i >= 0; i-- {
		next := fmt.Sprintf("n%d.R", i+1)
		if i == n-1 {
			next = last
		}
		fmt.Fprintf(&b, `{"type":"record","name":"n%d.R","fields":[%s]},`, i, fill(40*count, ",", func(j int) string {
			return fmt.Sprintf(`{"name":"f%d","type":%q,"default":{}}`, j, next)
		}))
	}
	return b.String() + `"null"]`
}

// manyRecords is a union of n records, each with a nullable field of the next.
func manyRecords(n int) string {
	records := make([]string, n)
	for i := range records {
		records[i] = fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"f","type":["null","R%d"]}]}`, i, (i+1)%n)
	}
	return "[" + strings.Join(records, ",") + "]"
}

// Types that refer to each other can make a comparison look at every pair.
func TestHostileCompat(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(64 * mebibyte))
	parse := func(text string) *schemas.Schema {
		s, err := schemas.Parse(text, schemas.Lenient(), schemas.WithMaxDepth(20_000))
		require.NoError(t, err)
		return s
	}
	var enums []string
	for i := range 1000 {
		enums = append(enums, fmt.Sprintf(`{"type":"enum","name":"n%d.E","symbols":["A"]}`, i))
	}
	tests := []struct {
		name           string
		reader, writer string
		tooLarge       bool
	}{
		{"cycles of lengths without a common divisor", chainOfTypes(5003, 1, "n0.R"), chainOfTypes(4999, 1, "n0.R"), true},
		{"reasons that multiply at each level", chainOfTypes(80, 10, "int"), chainOfTypes(80, 10, "string"), true},
		{"an enum of many symbols against many enums", "[" + strings.Join(enums, ",") + "]",
			`{"type":"enum","name":"E","symbols":[` + fill(mebibyte/2, ",", func(i int) string { return fmt.Sprintf(`"S%d"`, i) }) + `]}`, true},
		{"a union of thousands of records against itself", manyRecords(3000), manyRecords(3000), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reader, writer := parse(test.reader), parse(test.writer)
			var err error
			used := allocated(func() { err = schemas.CanRead(reader, writer) })
			require.Less(t, used, uint64(64*mebibyte))
			if test.tooLarge {
				require.ErrorIs(t, err, schemas.ErrTooLarge)
				require.ErrorIs(t, schemas.Full.Check(reader, []*schemas.Schema{writer}), schemas.ErrTooLarge)
			} else {
				require.NoError(t, err)
			}
		})
	}
}
