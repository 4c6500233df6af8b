package avro_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

type encodeVector struct {
	Name       string          `json:"name"`
	Schema     json.RawMessage `json:"schema"`
	Value      any             `json:"value"`
	Hex        string          `json:"hex"`
	DecodeOnly bool            `json:"decode_only"`
	Contested  bool            `json:"contested"`
}

// Every vector of encode.json, as generic values: bytes to value, and back where
// the bytes are those an encoder writes.
func TestEncodeVectorsGeneric(t *testing.T) {
	for _, v := range vectors.Load[encodeVector]("encode.json") {
		t.Run(v.Name, func(t *testing.T) {
			require.False(t, v.Contested, "a contested vector is to be decided")
			s := schemas.MustParse(string(v.Schema), schemas.Lenient())
			checkVector(t, v, s, reflect.TypeFor[any]())
		})
	}
}

// The same with Go types made from the schema: structs, pointers for nullable
// values, slices and maps.
func TestEncodeVectorsStruct(t *testing.T) {
	for _, v := range vectors.Load[encodeVector]("encode.json") {
		t.Run(v.Name, func(t *testing.T) {
			s := schemas.MustParse(string(v.Schema), schemas.Lenient())
			checkVector(t, v, s, goType(s.Root(), map[*schemas.Node]bool{}))
		})
	}
}

func checkVector(t *testing.T, v encodeVector, s *schemas.Schema, typ reflect.Type) {
	c := typedCodec(t, typ, s)
	want := reflect.New(typ).Elem()
	setVector(want, s.Root(), v.Value)
	datum, err := hex.DecodeString(v.Hex)
	require.NoError(t, err)

	got := reflect.New(typ).Elem()
	require.NoError(t, c.Decode(datum, got))
	require.Equal(t, showBits(want), showBits(got))
	require.NoError(t, c.Decode(datum, got), "into a value that is reused")
	require.Equal(t, showBits(want), showBits(got))

	enc, err := c.Append([]byte("before"), want)
	require.NoError(t, err)
	require.Equal(t, "before", string(enc[:6]))
	if !v.DecodeOnly {
		require.Equal(t, v.Hex, hex.EncodeToString(enc[6:]))
	}
	require.NoError(t, c.Decode(enc[6:], got), "what was encoded")
	require.Equal(t, showBits(want), showBits(got))

	for cut := range datum {
		require.Error(t, c.Decode(datum[:cut], reflect.New(typ).Elem()), "cut after %d bytes", cut)
	}
	require.ErrorIs(t, c.Decode(append(datum, 0), reflect.New(typ).Elem()), avro.ErrTrailing)
}

type malformedVector struct {
	Name      string          `json:"name"`
	Schema    json.RawMessage `json:"schema"`
	Hex       string          `json:"hex"`
	Repeat    int             `json:"repeat"`
	Contested bool            `json:"contested"`
}

// contestedMalformed is what kavro does where Java reads what the specification
// may forbid: it reads what keeps its value, and refuses what Java reads as
// another value.
var contestedMalformed = map[string]bool{ // name -> is it refused?
	"goavro.TestMapDecodeFail#9":                         false, // duplicate keys: the last one stays
	"derived: duplicate map key":                         false,
	"derived: invalid UTF-8 in a string: ff":             false, // the bytes are kept; WithValidUTF8 refuses them
	"hamba.TestReader_ReadBool: invalid bool":            true,  // Java: false
	"derived: int out of range, 2^31":                    true,  // Java: -2^31
	"derived: int with bits above 32 in its fifth byte":  true,  // Java: drops the bits
	"derived: long with bits above 64 in its tenth byte": true,
}

func TestCodecMalformedVectors(t *testing.T) {
	contested := 0
	for _, v := range vectors.Load[malformedVector]("malformed.json") {
		t.Run(v.Name, func(t *testing.T) {
			refused := true
			if v.Contested {
				contested++
				decided, ok := contestedMalformed[v.Name]
				require.True(t, ok, "a contested vector is to be decided")
				refused = decided
			}
			datum, err := hex.DecodeString(strings.Repeat(v.Hex, max(v.Repeat, 1)))
			require.NoError(t, err)
			s, err := schemas.Parse(string(v.Schema), schemas.Lenient())
			if err != nil {
				require.True(t, refused)
				return // the schema admits no value
			}
			for _, typ := range []reflect.Type{reflect.TypeFor[any](), goType(s.Root(), map[*schemas.Node]bool{})} {
				c := typedCodec(t, typ, s)
				out := reflect.New(typ).Elem()
				allocated := allocatedBytes(func() { err = c.Decode(datum, out) })
				require.Less(t, allocated, uint64(64<<20), "%v", typ)
				if !refused {
					require.NoError(t, err, "%v", typ)
					continue
				}
				var e *avro.DecodeError
				require.ErrorAs(t, err, &e, "%v", typ)
				require.LessOrEqual(t, e.Offset, len(datum))
			}
		})
	}
	require.Equal(t, len(contestedMalformed), contested)
}

// allocatedBytes is how many bytes f allocates in all.
func allocatedBytes(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// typedCodec is the codec for a type made at run time; of any, one as users have.
func typedCodec(t *testing.T, typ reflect.Type, s *schemas.Schema) *avro.TypedCodec {
	c, err := avro.NewTypedCodec(typ, s, avro.WithTaggedUnions(), avro.WithRawLogicalTypes())
	require.NoError(t, err)
	return c
}

// goType is a Go type for a schema, as a user might write it. A recursive record
// is any within itself, since reflect cannot make recursive types.
func goType(n *schemas.Node, within map[*schemas.Node]bool) reflect.Type {
	switch n.Type() {
	case schemas.Null:
		return reflect.TypeFor[struct{}]()
	case schemas.Boolean:
		return reflect.TypeFor[bool]()
	case schemas.Int:
		return reflect.TypeFor[int32]()
	case schemas.Long:
		return reflect.TypeFor[int64]()
	case schemas.Float:
		return reflect.TypeFor[float32]()
	case schemas.Double:
		return reflect.TypeFor[float64]()
	case schemas.Bytes:
		return reflect.TypeFor[[]byte]()
	case schemas.String, schemas.Enum:
		return reflect.TypeFor[string]()
	case schemas.Fixed:
		if n.Size() > 1<<20 {
			return reflect.TypeFor[[]byte]()
		}
		return reflect.ArrayOf(n.Size(), reflect.TypeFor[byte]())
	case schemas.Array:
		return reflect.SliceOf(goType(n.Items(), within))
	case schemas.Map:
		return reflect.MapOf(reflect.TypeFor[string](), goType(n.Items(), within))
	case schemas.Record:
		if within[n] {
			return reflect.TypeFor[any]()
		}
		within[n] = true
		defer delete(within, n)
		fields := make([]reflect.StructField, len(n.Fields()))
		for i, f := range n.Fields() {
			fields[i] = reflect.StructField{
				Name: fmt.Sprintf("F%d", i),
				Type: goType(f.Type(), within),
				Tag:  reflect.StructTag(fmt.Sprintf("avro:%q", f.Name())),
			}
		}
		return reflect.StructOf(fields)
	default:
		return goUnionType(n, within)
	}
}

func goUnionType(n *schemas.Node, within map[*schemas.Node]bool) reflect.Type {
	branches := n.Branches()
	if len(branches) == 1 {
		return goType(branches[0], within)
	}
	if len(branches) != 2 || branches[0].Type() != schemas.Null && branches[1].Type() != schemas.Null {
		return reflect.TypeFor[avro.Union]()
	}
	other := branches[0]
	if other.Type() == schemas.Null {
		other = branches[1]
	}
	typ := goType(other, within)
	switch typ.Kind() {
	case reflect.Slice, reflect.Map, reflect.Interface:
		return typ
	}
	return reflect.PointerTo(typ)
}

// setVector sets a Go value to a vector's value, which is in Avro's JSON encoding.
func setVector(to reflect.Value, n *schemas.Node, v any) {
	if to.Kind() == reflect.Interface {
		to.Set(reflect.Zero(to.Type()))
		if g := genericVector(n, v); g != nil {
			to.Set(reflect.ValueOf(g))
		}
		return
	}
	if to.Kind() == reflect.Pointer {
		if v == nil {
			to.SetZero()
			return
		}
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	switch n.Type() {
	case schemas.Union:
		setUnion(to, n, v)
	case schemas.Array:
		to.Set(reflect.MakeSlice(to.Type(), len(v.([]any)), len(v.([]any))))
		for i, item := range v.([]any) {
			setVector(to.Index(i), n.Items(), item)
		}
	case schemas.Map:
		to.Set(reflect.MakeMap(to.Type()))
		for k, item := range v.(map[string]any) {
			e := reflect.New(to.Type().Elem()).Elem()
			setVector(e, n.Items(), item)
			to.SetMapIndex(reflect.ValueOf(k), e)
		}
	case schemas.Record:
		for i, f := range n.Fields() {
			setVector(to.Field(i), f.Type(), v.(map[string]any)[f.Name()])
		}
	case schemas.Fixed:
		b := genericVector(n, v).([]byte)
		if to.Kind() == reflect.Slice {
			to.SetBytes(b)
			return
		}
		reflect.Copy(to, reflect.ValueOf(b))
	case schemas.Null:
	default:
		to.Set(reflect.ValueOf(genericVector(n, v)))
	}
}

func setUnion(to reflect.Value, n *schemas.Node, v any) {
	if v == nil {
		if to.Type() == reflect.TypeFor[avro.Union]() {
			to.Set(reflect.ValueOf(avro.Union{Branch: "null"}))
		}
		return
	}
	for name, value := range v.(map[string]any) {
		branch := branchNamed(n, name)
		if to.Type() == reflect.TypeFor[avro.Union]() {
			to.Set(reflect.ValueOf(avro.Union{Branch: name, Value: genericVector(branch, value)}))
			return
		}
		setVector(to, branch, value)
	}
}

func branchNamed(n *schemas.Node, name string) *schemas.Node {
	for _, b := range n.Branches() {
		if b.BranchName() == name {
			return b
		}
	}
	panic("no branch " + name)
}

// genericVector is a vector's value as a codec for any decodes it, with tagged
// unions and raw logical types.
func genericVector(n *schemas.Node, v any) any {
	switch n.Type() {
	case schemas.Int:
		return int32(vectorInt(v))
	case schemas.Long:
		return vectorInt(v)
	case schemas.Float:
		return float32(vectorFloat(v))
	case schemas.Double:
		return vectorFloat(v)
	case schemas.Bytes, schemas.Fixed:
		b := []byte{}
		for _, c := range v.(string) {
			b = append(b, byte(c))
		}
		return b
	case schemas.Array:
		items := []any{}
		for _, item := range v.([]any) {
			items = append(items, genericVector(n.Items(), item))
		}
		return items
	case schemas.Map:
		m := map[string]any{}
		for k, item := range v.(map[string]any) {
			m[k] = genericVector(n.Items(), item)
		}
		return m
	case schemas.Record:
		m := map[string]any{}
		for _, f := range n.Fields() {
			m[f.Name()] = genericVector(f.Type(), v.(map[string]any)[f.Name()])
		}
		return m
	case schemas.Union:
		if v == nil {
			return nil
		}
		for name, value := range v.(map[string]any) {
			return map[string]any{name: genericVector(branchNamed(n, name), value)}
		}
	}
	return v
}

func vectorInt(v any) int64 {
	n, err := v.(json.Number).Int64()
	if err != nil {
		panic(err)
	}
	return n
}

func vectorFloat(v any) float64 {
	switch v {
	case "NaN":
		return math.NaN()
	case "Infinity":
		return math.Inf(1)
	case "-Infinity":
		return math.Inf(-1)
	}
	f, err := v.(json.Number).Float64()
	if err != nil {
		panic(err)
	}
	return f
}

// showBits is a value as text that shows every bit but a NaN's.
func showBits(v reflect.Value) string {
	if v.IsValid() && v.CanInterface() {
		switch x := v.Interface().(type) {
		case *big.Rat, time.Time, avro.Decimal:
			return fmt.Sprintf("%T(%v)", x, x)
		}
	}
	switch v.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.Float32, reflect.Float64:
		return fmt.Sprintf("%s(%v %v)", v.Type(), v.Float(), math.Signbit(v.Float()) && v.Float() == v.Float())
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		return v.Kind().String() + " " + showBits(v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return "nil slice"
		}
		fallthrough
	case reflect.Array:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = showBits(v.Index(i))
		}
		return fmt.Sprintf("%s%v", v.Type(), parts)
	case reflect.Map:
		if v.IsNil() {
			return "nil map"
		}
		parts := map[string]string{}
		for iter := v.MapRange(); iter.Next(); {
			parts[strconv.Quote(iter.Key().String())] = showBits(iter.Value())
		}
		return fmt.Sprintf("%s%v", v.Type(), parts)
	case reflect.Struct:
		parts := make([]string, v.NumField())
		for i := range parts {
			parts[i] = showBits(v.Field(i))
		}
		return fmt.Sprintf("struct%v", parts)
	}
	return fmt.Sprintf("%s(%#v)", v.Type(), v.Interface())
}
