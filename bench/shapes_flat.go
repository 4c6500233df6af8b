package bench

import (
	"fmt"
	"maps"
	"strings"

	hamba "github.com/hamba/avro/v2"

	"github.com/kavro/kavro/avro"
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
	var fields []string
	generic := map[string]any{}
	for i := range 10 {
		for _, f := range []struct {
			letter, typ string
			value       any
		}{
			{"S", "string", fmt.Sprintf("string %d", i)}, {"L", "long", int64(i) * 1e9}, {"I", "int", int32(i) * 1000},
			{"D", "double", float64(i) / 3}, {"B", "boolean", i%2 == 0},
		} {
			name := fmt.Sprint(f.letter, i)
			fields = append(fields, fmt.Sprintf(`{"name":%q,"type":%q}`, name, f.typ))
			generic[name] = f.value
		}
	}
	old := maps.Clone(generic)
	delete(old, "B9")
	text := `{"type":"record","name":"Flat","fields":[` + strings.Join(fields, ",") + `]}`
	return shape[Flat]{
		name: "flat, 50 fields", text: text, generic: generic, native: generic,
		value: Flat{
			S0: "string 0", S1: "string 1", S2: "string 2", S3: "string 3", S4: "string 4", S5: "string 5", S6: "string 6", S7: "string 7", S8: "string 8", S9: "string 9",
			L1: 1e9, L2: 2e9, L3: 3e9, L4: 4e9, L5: 5e9, L6: 6e9, L7: 7e9, L8: 8e9, L9: 9e9,
			I1: 1000, I2: 2000, I3: 3000, I4: 4000, I5: 5000, I6: 6000, I7: 7000, I8: 8000, I9: 9000,
			D1: 1. / 3, D2: 2. / 3, D3: 1, D4: 4. / 3, D5: 5. / 3, D6: 2, D7: 7. / 3, D8: 8. / 3, D9: 3,
			B0: true, B2: true, B4: true, B6: true, B8: true,
		},
		writers: []evolution{{
			name: "added field with default",
			text: `{"type":"record","name":"Flat","fields":[` + strings.Join(fields[:len(fields)-1], ",") + `]}`,
			old:  old,
		}},
	}.withDefault(fields).entries()
}

// withDefault gives the last field a default, so that older data may lack it.
func (s shape[T]) withDefault(fields []string) shape[T] {
	last := fields[len(fields)-1]
	s.text = strings.Replace(s.text, last, strings.TrimSuffix(last, "}")+`,"default":false}`, 1)
	return s
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
	const text = `{"type":"record","name":"Shop","fields":[{"name":"what","type":[
		{"type":"record","name":"R0","fields":[{"name":"id","type":"long"}]},
		{"type":"record","name":"R1","fields":[{"name":"name","type":"string"}]},
		{"type":"record","name":"R2","fields":[{"name":"a","type":"double"}]},
		{"type":"record","name":"R3","fields":[{"name":"on","type":"boolean"}]},
		{"type":"record","name":"R4","fields":[{"name":"who","type":"string"},{"name":"what","type":"string"}]},
		{"type":"record","name":"R5","fields":[{"name":"x","type":"int"},{"name":"y","type":"int"}]}]}]}`
	for name, v := range map[string]any{"R0": R0{}, "R1": R1{}, "R2": R2{}, "R3": R3{}, "R4": R4{}, "R5": R5{}} {
		hamba.Register(name, v) // hamba keeps its types in the process
	}
	branch := map[string]any{"R4": map[string]any{"who": "ada", "what": "analytical engine"}}
	return shape[Shop]{
		name: "union of 6 records", text: text,
		noTwmb:  true, // it has no types for branches: records become maps
		value:   Shop{R4{"ada", "analytical engine"}},
		generic: map[string]any{"what": avro.Union{Branch: "R4", Value: branch["R4"]}},
		native:  map[string]any{"what": branch},
		tagged:  map[string]any{"what": branch},
		options: []avro.Option{avro.WithUnionTypes(avro.UnionType[R0]("R0"), avro.UnionType[R1]("R1"), avro.UnionType[R2]("R2"),
			avro.UnionType[R3]("R3"), avro.UnionType[R4]("R4"), avro.UnionType[R5]("R5"))},
	}.entries()
}
