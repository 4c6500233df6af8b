package bench

import (
	"fmt"
	"maps"
	"strings"

	hamba "github.com/hamba/avro/v2"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/bench/generated"
)

// Flat has fifty fields: ten times five types.
type Flat struct {
	S0, S1, S2, S3, S4, S5, S6, S7, S8, S9 string
	L0, L1, L2, L3, L4, L5, L6, L7, L8, L9 int64
	I0, I1, I2, I3, I4, I5, I6, I7, I8, I9 int32
	D0, D1, D2, D3, D4, D5, D6, D7, D8, D9 float64
	B0, B1, B2, B3, B4, B5, B6, B7, B8, B9 bool
}

func flat() []Entry {
	generic := map[string]any{}
	for i := range 10 {
		for letter, value := range map[string]any{
			"S": fmt.Sprintf("string %d", i), "L": int64(i) * 1e9, "I": int32(i) * 1000, "D": float64(i) / 3, "B": i%2 == 0,
		} {
			generic[fmt.Sprint(letter, i)] = value
		}
	}
	old := maps.Clone(generic)
	delete(old, "B9")
	text := schemaText("flat")
	return shape[Flat]{
		name: "flat, 50 fields", text: text, more: generatedAs[Flat, generated.Flat], generic: generic, native: generic,
		value: Flat{
			S0: "string 0", S1: "string 1", S2: "string 2", S3: "string 3", S4: "string 4", S5: "string 5", S6: "string 6", S7: "string 7", S8: "string 8", S9: "string 9",
			L1: 1e9, L2: 2e9, L3: 3e9, L4: 4e9, L5: 5e9, L6: 6e9, L7: 7e9, L8: 8e9, L9: 9e9,
			I1: 1000, I2: 2000, I3: 3000, I4: 4000, I5: 5000, I6: 6000, I7: 7000, I8: 8000, I9: 9000,
			D1: 1. / 3, D2: 2. / 3, D3: 1, D4: 4. / 3, D5: 5. / 3, D6: 2, D7: 7. / 3, D8: 8. / 3, D9: 3,
			B0: true, B2: true, B4: true, B6: true, B8: true,
		},
		writers: []evolution{{
			name: "added field with default",
			text: strings.Replace(text, `,{"name":"B9","type":"boolean","default":false}`, "", 1),
			old:  old,
		}},
	}.entries()
}

// Shop holds one of six records.
type Shop struct {
	What any `avro:"what"`
}

// The six records.
type (
	R0 struct {
		ID int64 `avro:"id"`
	}
	R1 struct {
		Name string `avro:"name"`
	}
	R2 struct {
		A float64 `avro:"a"`
	}
	R3 struct {
		On bool `avro:"on"`
	}
	R4 struct {
		Who  string `avro:"who"`
		What string `avro:"what"`
	}
	R5 struct {
		X int32 `avro:"x"`
		Y int32 `avro:"y"`
	}
)

func union() []Entry {
	for name, v := range map[string]any{"R0": R0{}, "R1": R1{}, "R2": R2{}, "R3": R3{}, "R4": R4{}, "R5": R5{}} {
		hamba.Register(name, v) // hamba keeps its types in the process
	}
	branch := map[string]any{"R4": map[string]any{"who": "ada", "what": "analytical engine"}}
	return shape[Shop]{
		name: "union of 6 records", text: schemaText("union"), more: generatedAs[Shop, generated.Shop],
		noTwmb:  true, // it has no types for branches: records become maps
		value:   Shop{R4{"ada", "analytical engine"}},
		generic: map[string]any{"what": avro.Union{Branch: "R4", Value: branch["R4"]}},
		native:  map[string]any{"what": branch},
		tagged:  map[string]any{"what": branch},
		options: []avro.Option{avro.WithUnionTypes(avro.UnionType[R0]("R0"), avro.UnionType[R1]("R1"), avro.UnionType[R2]("R2"),
			avro.UnionType[R3]("R3"), avro.UnionType[R4]("R4"), avro.UnionType[R5]("R5"))},
	}.entries()
}
