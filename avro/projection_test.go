package avro_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// project decodes into a T what a value of W was written as with schema.
func project[T, W any](t testing.TB, schema string, written W, v *T, opts ...avro.Option) error {
	t.Helper()
	datum := encode(t, newCodec[W](t, schema), written)
	p, err := avro.NewProjection[T](schemas.MustParse(schema), opts...)
	require.NoError(t, err)
	return p.Decode(datum, v)
}

// The fields that a program wants are read by their names; no schema says which.
func ExampleProjection() {
	writer := schemas.MustParse(`{"type": "record", "name": "User", "fields": [
		{"name": "id", "type": "long"},
		{"name": "avatar", "type": "bytes"},
		{"name": "email_address", "type": ["null", "string"]}]}`)
	type User struct {
		EmailAddress *string
		ID           int64
		Age          int // the writer has none
	}
	users, err := avro.NewProjection[User](writer)
	if err != nil {
		fmt.Println(err)
		return
	}
	var u User
	err = users.Decode([]byte("\x0e\x06PNG\x02\x0aa@b.c"), &u)
	fmt.Println(u.ID, *u.EmailAddress, u.Age, err)
	// Output: 7 a@b.c 0 <nil>
}

func TestProjectionOfFields(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [
		{"name": "a", "type": "int"},
		{"name": "skipped", "type": {"type": "array", "items": {"type": "map", "values": ["null", "R"]}}},
		{"name": "customer_id", "type": "string", "aliases": ["customer"]},
		{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
		{"name": "next", "type": ["null", "R"]},
		{"name": "list", "type": {"type": "array", "items": {"type": "record", "name": "L", "fields": [{"name": "x", "type": "string"}, {"name": "y", "type": "float"}]}}}
	]}`
	at := time.UnixMilli(1700000000000).UTC()
	record := func(a int32, next any) map[string]any {
		return map[string]any{
			"a": a, "customer_id": fmt.Sprint("c", a), "at": at, "next": next,
			"skipped": []any{map[string]any{"k": nil}, map[string]any{}},
			"list":    []any{map[string]any{"x": "one", "y": float32(1)}, map[string]any{"x": "two", "y": float32(2)}},
		}
	}
	written := record(1, record(2, nil))

	type line struct {
		Y float64
		Z *int
	}
	type R struct {
		Next       *R
		A          float64 `avro:"a,required"`
		CustomerID string
		Who        string `avro:"who"`
		At         time.Time
		List       []line
	}
	n := 1
	v := R{Who: "somebody before", Next: &R{Who: "else"}, List: []line{{Z: &n}, {}, {}}}
	require.NoError(t, project(t, schema, written, &v))
	lines := []line{{Y: 1}, {Y: 2}}
	require.Equal(t, R{A: 1, CustomerID: "c1", At: at, List: lines, Next: &R{A: 2, CustomerID: "c2", At: at, List: lines}}, v)

	var alias struct {
		By string `avro:"customer"`
	}
	require.NoError(t, project(t, schema, written, &alias))
	require.Equal(t, "c1", alias.By)
	var folded struct{ Customer string }
	require.NoError(t, project(t, schema, written, &folded))
	require.Equal(t, "c1", folded.Customer)

	type inner struct{ A int64 }
	var embedded struct {
		*Embedded
		inner
		Missing map[string]int
	}
	embedded.Missing, embedded.Embedded = map[string]int{"old": 1}, &Embedded{"old", "old"}
	require.NoError(t, project(t, schema, written, &embedded))
	require.Equal(t, int64(1), embedded.A)
	require.Equal(t, &Embedded{CustomerID: "c1"}, embedded.Embedded)
	require.Nil(t, embedded.Missing)

	var none struct{}
	require.NoError(t, project(t, schema, written, &none))

	p, err := avro.NewProjection[R](schemas.MustParse(schema))
	require.NoError(t, err)
	require.Equal(t, []string{"who", "list[].Z"}, p.Unwritten())
	q, err := avro.NewProjection[struct{ A int }](schemas.MustParse(schema))
	require.NoError(t, err)
	require.Empty(t, q.Unwritten())
}

// A branch that is not read has no fields that are missing.
func TestUnwrittenOfBranches(t *testing.T) {
	type right struct{ X, Z int }
	p, err := avro.NewProjection[struct{ V right }](schemas.MustParse(`{"type": "record", "name": "R", "fields": [{"name": "v", "type": ["int",
		{"type": "record", "name": "Wrong", "fields": [{"name": "x", "type": "string"}]},
		{"type": "record", "name": "Right", "fields": [{"name": "x", "type": "int"}]}]}]}`))
	require.NoError(t, err)
	require.Equal(t, []string{"v.Z"}, p.Unwritten())
}

type Embedded struct{ CustomerID, Nothing string }

func TestProjectionOfUnions(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [
		{"name": "opt", "type": ["null", "long"]},
		{"name": "wide", "type": ["null", "string", "int", {"type": "array", "items": "int"}, {"type": "record", "name": "P", "fields": [{"name": "x", "type": "int"}]}]}
	]}`
	write := func(opt, wide any) map[string]any { return map[string]any{"opt": opt, "wide": wide} }
	type P struct{ X int64 }

	type byValue struct {
		Opt  float64
		Wide int64
	}
	var v byValue
	require.NoError(t, project(t, schema, write(int64(7), int32(3)), &v))
	require.Equal(t, byValue{7, 3}, v)
	err := project(t, schema, write(nil, int32(3)), &v)
	var e *avro.DecodeError
	require.ErrorAs(t, err, &e)
	require.Equal(t, "opt", e.Path)
	require.EqualError(t, err, "opt: null, and float64 cannot be null; use *float64, or the tag option omitzero")
	err = project(t, schema, write(int64(1), "text"), &v)
	require.EqualError(t, err, "wide: int64 does not fit string; use string or []byte")

	type byPointer struct {
		Opt  *int32
		Wide *P
	}
	n := int32(7)
	p := byPointer{Wide: &P{9}}
	require.NoError(t, project(t, schema, write(int64(7), nil), &p))
	require.Equal(t, byPointer{&n, nil}, p)
	require.NoError(t, project(t, schema, write(nil, map[string]any{"x": int32(1)}), &p))
	require.Equal(t, byPointer{nil, &P{1}}, p)
	require.EqualError(t, project(t, schema, write(nil, int32(1)), &p), "wide: avro_test.P does not fit int; use an integer")

	type omitted struct {
		Opt  int64    `avro:"opt,omitzero"`
		Wide []int32  `avro:"wide"`
		More struct{} `avro:"-"`
	}
	o := omitted{Opt: 1, Wide: []int32{1}}
	require.NoError(t, project(t, schema, write(nil, nil), &o))
	require.Equal(t, omitted{}, o)
	require.NoError(t, project(t, schema, write(nil, []any{int32(4)}), &o))
	require.Equal(t, []int32{4}, o.Wide)

	type wideZero struct {
		Wide string `avro:"wide,omitzero"`
	}
	z := wideZero{"old"}
	require.NoError(t, project(t, schema, write(nil, nil), &z))
	require.Equal(t, wideZero{}, z)
	require.NoError(t, project(t, schema, write(nil, "new"), &z))
	require.Equal(t, wideZero{"new"}, z)

	type generic struct{ Wide any }
	var g generic
	require.NoError(t, project(t, schema, write(nil, int32(5)), &g))
	require.Equal(t, generic{int32(5)}, g)
	require.NoError(t, project(t, schema, write(nil, map[string]any{"x": int32(1)}), &g, avro.WithUnionTypes(avro.UnionType[*P]("P")), avro.WithGenericBranches()))
	require.Equal(t, generic{&P{1}}, g)

	// a field that became a union, or was one
	const bare = `{"type": "record", "name": "R", "fields": [{"name": "wide", "type": {"type": "record", "name": "P", "fields": [{"name": "x", "type": "int"}]}}]}`
	require.NoError(t, project(t, bare, map[string]any{"wide": map[string]any{"x": int32(2)}}, &g, avro.WithUnionTypes(avro.UnionType[*P]("P"))))
	require.Equal(t, generic{&P{2}}, g)
}

// Types that cannot be read fail before any data, with all reasons.
func TestProjectionMismatches(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [
		{"name": "s", "type": "string"},
		{"name": "u", "type": ["null", "string", "boolean"]},
		{"name": "a_b", "type": "int"}, {"name": "ab", "type": "int"}]}`
	_, err := avro.NewProjection[struct {
		S  int
		U  []int
		AB int    `avro:"gone,required"`
		Un string `avro:"un,often"`
	}](schemas.MustParse(schema))
	for _, want := range []string{
		"s: int does not fit string",
		"u: []int fits no branch of a union of 3 branches: []int does not fit string",
		"gone: the writer's schema has no such field, and ",
		`Un: unknown option "often" in the tag`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = avro.NewProjection[struct{ A_B_ int }](schemas.MustParse(schema))
	require.ErrorContains(t, err, "the fields a_b and ab of the schema are like it; name one in a tag")
	_, err = avro.NewProjection[string](schemas.MustParse(schema))
	require.ErrorContains(t, err, "string does not fit R; use a struct")
	_, err = avro.NewProjection[string](nil)
	require.EqualError(t, err, "avro: NewProjection: the schema is nil")
}

// Attempts at many branches of recursive types end soon, however they fail.
func TestProjectionAttempts(t *testing.T) {
	type tree struct{ A, B *tree }
	schema := `"boolean"`
	for i := range 40 {
		next := fmt.Sprintf(`"R%d"`, i-1)
		if i == 0 {
			next = schema
		}
		schema = fmt.Sprintf(`{"type": "record", "name": "R%d", "fields": [{"name": "A", "type": ["null", "string", %s]}, {"name": "B", "type": ["null", "string", %s]}]}`,
			i, schema, next)
	}
	_, err := avro.NewProjection[tree](schemas.MustParse(schema))
	require.ErrorContains(t, err, "fits no branch")
}

// Decoding random fields of random records gives what decoding all of them gives.
func TestProjectionLaw(t *testing.T) {
	records := 0
	for seed := range uint64(20_000) {
		records += requireProjection(t, seed)
	}
	require.Greater(t, records, 1000)
}

func FuzzProjection(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { requireProjection(t, seed) })
}

// requireProjection checks one record: how many there were.
func requireProjection(t *testing.T, seed uint64) int {
	writer, _, datum, ok := randomschema.Pair(seed)
	if !ok || writer.Root().Type() != schemas.Record {
		return 0
	}
	r := rand.New(rand.NewPCG(seed, 2))
	var all any
	c, err := avro.NewCodec[any](writer)
	require.NoError(t, err)
	require.NoError(t, c.Decode(datum, &all), "seed %d: %s", seed, writer)

	wanted := projectedType(r, writer.Root(), 3)
	p, err := avro.NewTypedProjection(wanted, writer)
	require.NoError(t, err, "seed %d: %s", seed, writer)
	got := reflect.New(wanted).Elem()
	for range 2 { // the second time over the value of the first
		require.NoError(t, p.Decode(datum, got), "seed %d: %s", seed, writer)
		requirePart(t, all, got, fmt.Sprintf("seed %d: %v of %s", seed, wanted, writer))
	}
	return 1
}

// projectedType is a struct of some of a record's fields in any order, and of one
// that the record lacks. Records within it are structs, to a depth, or any.
func projectedType(r *rand.Rand, record *schemas.Node, depth int) reflect.Type {
	fields := []reflect.StructField{{Name: "Lacking", Type: reflect.TypeFor[string]()}}
	for _, f := range record.Fields() {
		if r.IntN(2) > 0 {
			continue
		}
		typ, n := reflect.TypeFor[any](), f.Type()
		switch {
		case depth == 0:
		case n.Type() == schemas.Record:
			typ = projectedType(r, n, depth-1)
		case n.Type() == schemas.Array && n.Items().Type() == schemas.Record:
			typ = reflect.SliceOf(projectedType(r, n.Items(), depth-1))
		case n.Type() == schemas.Union && len(n.Branches()) == 2 && n.Branches()[0].Type() == schemas.Null && n.Branches()[1].Type() == schemas.Record:
			typ = reflect.PointerTo(projectedType(r, n.Branches()[1], depth-1))
		}
		fields = append(fields, reflect.StructField{Name: strings.ToUpper(f.Name()), Type: typ})
	}
	r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return reflect.StructOf(fields)
}

// requirePart requires that got is what it can hold of a generic value.
func requirePart(t *testing.T, all any, got reflect.Value, what string) {
	switch got.Kind() {
	case reflect.Struct:
		record := all.(map[string]any)
		for i := range got.NumField() {
			if name := got.Type().Field(i).Name; name == "Lacking" {
				require.Empty(t, got.Field(i).String())
			} else {
				requirePart(t, record[strings.ToLower(name)], got.Field(i), what)
			}
		}
	case reflect.Slice:
		items := all.([]any)
		require.Len(t, items, got.Len(), what)
		for i, item := range items {
			requirePart(t, item, got.Index(i), what)
		}
	case reflect.Pointer:
		require.Equal(t, all == nil, got.IsNil(), what)
		if all != nil {
			requirePart(t, all, got.Elem(), what)
		}
	default: // NaN equals itself as text
		require.Equal(t, fmt.Sprintf("%#v", all), fmt.Sprintf("%#v", got.Interface()), what)
	}
}

// BenchmarkProjection decodes 3 of 10 fields, and all of them.
func BenchmarkProjection(b *testing.B) {
	schema := schemas.MustParse(orderText)
	o := sampleOrder()
	datum := encode(b, newCodec[Order](b, orderText), o)
	b.Run("whole", func(b *testing.B) { benchmarkProjection[Order](b, schema, datum) })
	b.Run("3 fields", func(b *testing.B) {
		benchmarkProjection[struct {
			ID       string
			Total    float64
			Currency string
		}](b, schema, datum)
	})
	b.Run("none", func(b *testing.B) { benchmarkProjection[struct{}](b, schema, datum) })
}

func benchmarkProjection[T any](b *testing.B, schema *schemas.Schema, datum []byte) {
	p, err := avro.NewProjection[T](schema)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		var v T
		if err := p.Decode(datum, &v); err != nil {
			b.Fatal(err)
		}
	}
}

// Fields that are skipped allocate nothing.
func TestProjectionAllocations(t *testing.T) {
	datum := encode(t, newCodec[Order](t, orderText), sampleOrder())
	var v struct{ Total float64 }
	p, err := avro.NewProjection[struct{ Total float64 }](schemas.MustParse(orderText))
	require.NoError(t, err)
	requireAllocs(t, 0, func() {
		if err := p.Decode(datum, &v); err != nil {
			panic(err)
		}
	})
	require.Equal(t, sampleOrder().Total, v.Total)
}

// A string that is read alone does not keep the text of the fields around it.
func TestProjectionKeepsNoOtherText(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [{"name": "id", "type": "string"}, {"name": "text", "type": "string"}]}`
	datum := encode(t, newCodec[any](t, schema), any(map[string]any{"id": "a1", "text": strings.Repeat("x", 4000)}))
	p, err := avro.NewProjection[struct{ ID string }](schemas.MustParse(schema))
	require.NoError(t, err)
	var v struct{ ID string }
	require.NoError(t, p.Decode(datum, &v))
	require.Less(t, allocatedBytes(func() {
		for i := range 100 {
			v.ID = fmt.Sprint(i)
			require.NoError(t, p.Decode(datum, &v))
		}
	}), uint64(100*1000))
	require.Equal(t, "a1", v.ID)
}
