package avro

import (
	"reflect"
	"sync"
)

// A plan is how the values of one Go type are the values of one compiled schema. It is
// compiled once; running it looks nothing up. Plans form a graph that is cyclic
// where the type is.
//
// Why a plan: what a field's type, its tag and its schema say is the same for each value, and
// reflection would find it anew each time. A plan keeps the answer as a code and an offset.
//
// Running a plan is one switch over its code. Records look at the codes of their
// fields themselves, so that a field of a plain type costs no call.
type plan struct {
	code     code
	typ      reflect.Type
	compiled *compiledSchema
	env      *env

	fields   []planField  // codeRecord
	ignored  []ignoredAt  // codeRecord: Go fields that the schema does not have
	item     *plan        // items, map values, what a pointer points at, the branch beside null
	size     uintptr      // of an item
	null     byte         // nullable: index of null, encoded
	value    byte         // nullable: index of the other branch, encoded
	nullAt   int          // nullable: index of null
	enum     *enumValues  // codeEnumNumber
	iface    *ifacePlan   // codeIface
	branches []branchPlan // codeBranches
	custom   *customType  // codeCustom
	maps     *mapScratch  // codeMap
	def      []byte       // codeDefault
	skip     *skipPlan    // codeDefault
	isZero   zeroTest     // codeNullZero
	kind     reflect.Kind // codeIntKind, codePromoted
	via      slot         // codeVia: where the field is in what the embedded pointer points at
}

type planField struct {
	code code
	slot slot
	plan *plan
	name string
}

type ignoredAt struct {
	slot slot
	typ  reflect.Type
}

// code says what a plan does. The comment names the Go type and the schema's.
type code uint8

const (
	codeNone       code = iota
	codeNull            // struct{}, or a nil of any kind - null
	codeBool            // bool - boolean
	codeInt32           // int32 - int
	codeInt64           // int64 - long
	codeGoInt           // int - long
	codeIntKind         // any other integer - int, long
	codeFloat32         // float32 - float
	codeFloat64         // float64 - double
	codeNarrow          // float64 - float
	codeString          // string - string
	codeUTF8String      // string - string, checked
	codeText            // encoding.TextMarshaler - string, enum
	codeBytes           // []byte - bytes, string
	codeBytesString
	codeFixed      // [n]byte - fixed
	codeFixedSlice // []byte - fixed
	codeEnum       // string - enum
	codeEnumNumber // an integer with methods - enum
	codeTime       // time.Time - date, timestamp-*, local-timestamp-*
	codeMillis     // time.Time - timestamp-millis
	codeClock      // time.Duration - time-*
	codeRat        // big.Rat - decimal, big-decimal
	codeDecimal    // Decimal - decimal, big-decimal
	codeUUID       // UUID - string
	codeUUIDString // string - fixed of 16 with logical type uuid
	codeUUIDText   // string - string with logical type uuid, checked when it is written
	codeUUIDBytes  // []byte, the text - string with logical type uuid
	codeNumberText // string - decimal, big-decimal
	codeBigDecimal // []byte, encoded - big-decimal
	codeDuration   // Duration - fixed of 12 with logical type duration
	codeRecord     // struct - record
	codeGenerated  // Generated - record
	codeArray      // []T - array
	codeLongs      // []int64 - array of long
	codeInts       // []int32 - array of int
	codeDoubles    // []float64 - array of double
	codeFloats     // []float32 - array of float
	codeStrings    // []string - array of string
	codeMap        // map[string]V - map
	codeStringMap  // map[string]string - map of string
	codeLongMap    // map[string]int64 - map of long
	codeDoubleMap  // map[string]float64 - map of double
	codeAnyMap     // map[string]any - map of anything
	codeMapRecord  // map[string]V - record
	codeAnyRecord  // map[string]any - record
	codePointer    // *T - anything but a union
	codeBranch     // T - union of one branch
	codeNullable   // *T - union of null and one more
	codeNullSlice  // []T - union of null and one more
	codeNullMap    // map[string]V - union of null and one more
	codeNullZero   // T with the tag option omitzero - union of null and one more
	codeIface      // interface - union of registered types
	codeUnion      // Union - union
	codeAny        // any
	codeCustom     // a type given by WithType
	codeVia        // a field of an embedded pointer
	codeDefault    // no Go field - a field with a default, or neighbours that a projection skips
	codeBranches   // T - union, of which a projection reads what fits T
	codePromoted   // float32, float64 - int, long
)

// env is what all plans of one codec share.
type env struct {
	cfg   config
	plans sync.Map // planKey -> *plan or *TypeMismatchError: of Go types met in generic values
}

type planKey struct {
	typ      reflect.Type
	compiled *compiledSchema
}
