package schemas_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// work is what comparing two schemas takes of a budget.
func work(t *testing.T, reader, writer *schemas.Schema) int {
	b := schemas.NewBudget(schemas.CompareWork)
	if err := b.CanRead(t.Context(), reader, writer); err != nil {
		require.NotErrorIs(t, err, schemas.ErrTooLarge)
	}
	return schemas.CompareWork - b.Left()
}

// Whatever there is many of, what a comparison takes grows with it, not with its
// square.
func TestCompareWorkIsLinear(t *testing.T) {
	list := func(n int, format string) string {
		return fill(n*len(fmt.Sprintf(format, 10_000)), ",", func(i int) string { return fmt.Sprintf(format, 10_000+i) })
	}
	records := func(n int) string { return "[" + list(n, `{"type":"record","name":"W%[1]d","fields":[]}`) + "]" }
	aliases := func(n int, in string) string {
		return `{"type":"record","name":"R","fields":[` + in + `],"aliases":[` + list(n, `"Q%d"`) + `]}`
	}
	tests := []struct {
		name           string
		reader, writer func(n int) string
	}{
		{"a union against itself", records, records},
		{"a record of many aliases against a union", func(n int) string { return aliases(10*n, "") }, records},
		{"a union whose branches have aliases against a union", func(n int) string {
			return "[" + list(n, `{"type":"record","name":"R%[1]d","aliases":["W%[1]d"],"fields":[]}`) + "]"
		}, records},
		{"a field whose aliases all match", func(n int) string {
			return `{"type":"record","name":"R","fields":[{"name":"a","type":"int","aliases":[` + list(n, `"f%d"`) + `]}]}`
		}, func(n int) string {
			return `{"type":"record","name":"R","fields":[` + list(n, `{"name":"f%d","type":"int"}`) + `]}`
		}},
		{"an enum against itself", func(n int) string {
			return `{"type":"enum","name":"E","symbols":[` + list(n, `"S%d"`) + `]}`
		}, func(n int) string { return `{"type":"enum","name":"E","symbols":[` + list(n, `"S%d"`) + `]}` }},
		{"a union of many branches against primitive types", func(n int) string {
			return "[" + list(n, `{"type":"record","name":"W%[1]d","fields":[]}`) + `,"long"]`
		}, func(n int) string {
			return `{"type":"record","name":"R","fields":[` + list(n, `{"name":"f%d","type":"int"}`) + `]}`
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			at := func(n int) int { return work(t, parse(t, test.reader(n)), parse(t, test.writer(n))) }
			small, large := at(100), at(1000)
			require.Greater(t, large, 100, "what is looked at counts")
			require.Less(t, large, 13*small)
		})
	}
}

func parse(t *testing.T, text string) *schemas.Schema {
	s, err := schemas.Parse(text, schemas.WithMaxDepth(20_000))
	require.NoError(t, err)
	return s
}

// What cannot be done in less is refused: here each of many types is compared with
// a record whose fields are looked at every time.
func TestCompareWorkCounts(t *testing.T) {
	fields := fill(200_000, ",", func(i int) string { return fmt.Sprintf(`{"name":"f%d","type":"int","default":1}`, i) })
	aliases := fill(200_000, ",", func(i int) string { return fmt.Sprintf(`"a%d"`, i) })
	writer := parse(t, "["+fill(500_000, ",", func(i int) string { return fmt.Sprintf(`{"type":"record","name":"W%d","fields":[]}`, i) })+"]")
	for name, reader := range map[string]string{
		"fields":  `{"type":"record","name":"R","fields":[` + fields + `]}`,
		"aliases": `{"type":"record","name":"R","fields":[{"name":"f","type":"int","default":1,"aliases":[` + aliases + `]}]}`,
	} {
		require.ErrorIs(t, schemas.CanRead(parse(t, reader), writer), schemas.ErrTooLarge, name)
	}
}

// A budget is for all comparisons together.
func TestBudgetIsShared(t *testing.T) {
	s := parse(t, manyRecords(100))
	once := work(t, s, s)
	require.Positive(t, once)
	b := schemas.NewBudget(3*once + 1)
	for range 3 {
		require.NoError(t, b.CanRead(t.Context(), s, s))
	}
	require.Equal(t, 1, b.Left())
	require.ErrorIs(t, b.CanRead(t.Context(), s, s), schemas.ErrTooLarge)
	require.Zero(t, b.Left())

	// A level compares with all versions, and has one budget for them.
	big := parse(t, manyRecords(3000))
	versions := make([]*schemas.Schema, schemas.CompareWork/work(t, big, big)+1)
	for i := range versions {
		versions[i] = big
	}
	require.ErrorIs(t, schemas.BackwardTransitive.Check(big, versions), schemas.ErrTooLarge)
	require.NoError(t, schemas.Backward.Check(big, versions))
}

// endingContext ends when it has been asked a few times.
type endingContext struct {
	context.Context
	left int
}

func (c *endingContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func (*endingContext) Deadline() (time.Time, bool) { return time.Time{}, false }

// A comparison ends soon after the context does.
func TestBudgetEndsWithContext(t *testing.T) {
	s := parse(t, manyRecords(3000))
	all := work(t, s, s)
	b := schemas.NewBudget(schemas.CompareWork)
	ctx := &endingContext{Context: t.Context(), left: 1}
	require.ErrorIs(t, b.CanRead(ctx, s, s), context.Canceled)
	require.Greater(t, all, 100_000)
	require.Less(t, schemas.CompareWork-b.Left(), 3<<14)
	require.Positive(t, b.Left(), "what was not done is still there for others")
}
