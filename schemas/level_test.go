package schemas_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

func ExampleLevel_Check() {
	v1 := schemas.MustParse(`{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}`)
	v2 := schemas.MustParse(`{"type":"record","name":"R","fields":[{"name":"b","type":"int","default":0}]}`)
	next := schemas.MustParse(`{"type":"record","name":"R","fields":[{"name":"b","type":"int"}]}`)

	fmt.Println(schemas.Backward.Check(next, []*schemas.Schema{v1, v2}))
	fmt.Println(schemas.BackwardTransitive.Check(next, []*schemas.Schema{v1, v2}))
	// Output:
	// <nil>
	// incompatible schema at level BACKWARD_TRANSITIVE: the new schema cannot read data of version 1: field b is not in the writer's schema and needs a default
}

func TestLevelCheck(t *testing.T) {
	none := record()
	required := record(`{"name":"a","type":"int"}`)
	optional := record(`{"name":"a","type":"int","default":0}`)
	text := record(`{"name":"a","type":"string","default":""}`)
	type at struct {
		version  int
		oldReads bool
	}
	tests := []struct {
		name    string
		level   schemas.Level
		next    string
		history []string
		want    []at
		err     string
	}{
		{name: "no history", level: schemas.FullTransitive, next: required},
		{name: "NONE looks at nothing", level: schemas.None, next: `"int"`, history: []string{required}},
		{name: "BACKWARD looks at the latest", level: schemas.Backward, next: required, history: []string{none, optional}},
		{name: "and only that one counts", level: schemas.Backward, next: required, history: []string{optional, none}, want: []at{{2, false}},
			err: "incompatible schema at level BACKWARD: the new schema cannot read data of version 2: field a is not in the writer's schema and needs a default"},
		{name: "BACKWARD_TRANSITIVE names each version, the latest first", level: schemas.BackwardTransitive, next: required, history: []string{none, optional, none},
			want: []at{{3, false}, {1, false}},
			err: "incompatible schema at level BACKWARD_TRANSITIVE: the new schema cannot read data of version 3: field a is not in the writer's schema and needs a default; " +
				"the new schema cannot read data of version 1: field a"},
		{name: "FORWARD asks the old one to read", level: schemas.Forward, next: none, history: []string{required}, want: []at{{1, true}},
			err: "incompatible schema at level FORWARD: version 1 cannot read the new schema's data: field a is not in the writer's schema and needs a default"},
		{name: "FORWARD does not ask the new one", level: schemas.Forward, next: required, history: []string{none}},
		{name: "FORWARD_TRANSITIVE", level: schemas.ForwardTransitive, next: none, history: []string{required, optional}, want: []at{{1, true}}, err: "version 1"},
		{name: "FULL asks both, the old one first", level: schemas.Full, next: text, history: []string{required}, want: []at{{1, true}, {1, false}},
			err: "version 1 cannot read the new schema's data: a: string cannot be read as int; the new schema cannot read data of version 1: a: int cannot be read as string"},
		{name: "FULL_TRANSITIVE", level: schemas.FullTransitive, next: text, history: []string{optional, none, required}, want: []at{{3, true}, {3, false}, {1, true}, {1, false}}, err: "version 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var history []*schemas.Schema
			for _, text := range test.history {
				history = append(history, schemas.MustParse(text))
			}
			err := test.level.Check(schemas.MustParse(test.next), history)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			var incompatible *schemas.IncompatibleError
			require.ErrorAs(t, err, &incompatible)
			require.Equal(t, test.level, incompatible.Level)
			var got []at
			for _, r := range incompatible.Reasons {
				got = append(got, at{r.Version, r.OldReads})
			}
			require.Equal(t, test.want, got)
			require.ErrorContains(t, err, test.err)
		})
	}
}

func TestErrorStaysReadable(t *testing.T) {
	var fields []string
	for i := range 30 {
		fields = append(fields, fmt.Sprintf(`{"name":"f%d","type":"int"}`, i))
	}
	err := schemas.CanRead(schemas.MustParse(record(fields...)), schemas.MustParse(record()))
	var incompatible *schemas.IncompatibleError
	require.True(t, errors.As(err, &incompatible))
	require.Len(t, incompatible.Reasons, 30)
	require.ErrorContains(t, err, "field f19 is not in the writer's schema and needs a default; and 10 more")
}

func TestLevelText(t *testing.T) {
	for l := schemas.None; l <= schemas.FullTransitive; l++ {
		parsed, err := schemas.ParseLevel(l.String())
		require.NoError(t, err)
		require.Equal(t, l, parsed)
		text, err := json.Marshal(l)
		require.NoError(t, err)
		require.Equal(t, `"`+l.String()+`"`, string(text))
		var back schemas.Level
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, l, back)
	}
	l, err := schemas.ParseLevel("full_transitive")
	require.NoError(t, err)
	require.Equal(t, schemas.FullTransitive, l)
	require.True(t, l.Transitive())
	require.False(t, schemas.Full.Transitive())

	_, err = schemas.ParseLevel("BACKWARDS")
	require.EqualError(t, err, `schemas: no compatibility level "BACKWARDS": want one of NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE`)
	require.Equal(t, "Level(9)", schemas.Level(9).String())
	_, err = schemas.Level(9).MarshalText()
	require.Error(t, err)
}
