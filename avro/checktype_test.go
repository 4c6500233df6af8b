package avro_test

import (
	"context"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
)

func TestCheckType(t *testing.T) {
	type tagged struct {
		ID string `avro:"id,requird"`
		X  int    `avro:"x,default=1"`
	}
	type inner struct {
		C    chan int `avro:"c"`
		Skip func()   `avro:"-"`
	}
	type outer struct {
		inner
		Deep map[string][]*tagged
		More map[string]inner
		Map  map[int]string
		Arr  [3]int32
		Next *outer
		PP   **int
		Z    complex128
	}
	type hidden struct {
		id string `avro:"id"` //nolint:unused // its tag is the mistake
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"a chan":          {avro.CheckType[chan int](), "chan int fits no schema: chan int has no Avro type"},
		"a slice of func": {avro.CheckType[[]func()](), "[]func() fits no schema: []: func() has no Avro type"},
		"an option":       {avro.CheckType[tagged](), `avro_test.tagged fits no schema: ID: unknown option "requird" in the tag; did you mean "required"?; X: unknown option "default=1" in the tag`},
		"not exported":    {avro.CheckType[hidden](), "avro_test.hidden fits no schema: id: the field has a tag and is not exported; it can be neither read nor written"},
		"all at once": {avro.CheckType[*outer](), `*avro_test.outer fits no schema: c: chan int has no Avro type; leave the field out with the tag avro:"-"; ` +
			`Deep[][].ID: unknown option "requird" in the tag; did you mean "required"?; Deep[][].X: unknown option "default=1" in the tag; ` +
			`More[].c: chan int has no Avro type; leave the field out with the tag avro:"-"; Map: map[int]string has keys that are no strings; ` +
			`Arr: [3]int32 is an array, which is for bytes; use a slice; PP: **int is a pointer to a pointer; ` +
			`Z: complex128 has no Avro type; leave the field out with the tag avro:"-"`},
		"an option of the codec": {avro.CheckType[int](avro.WithMaxBytes(-1)), "avro: WithMaxBytes: -1 is negative"},
	} {
		t.Run(name, func(t *testing.T) { require.EqualError(t, test.err, test.want) })
	}
	var mismatch *avro.TypeMismatchError
	require.ErrorAs(t, avro.CheckType[outer](), &mismatch)
	require.Empty(t, mismatch.Schema)

	type number int
	type good struct {
		sync.Mutex
		Ctx    context.Context
		At     time.Time
		For    *time.Duration
		Rat    big.Rat
		Float  *big.Float
		ID     [16]byte
		UUID   avro.UUID
		Union  avro.Union
		Any    any
		Of     map[string][]number
		Next   *good
		hidden chan int //nolint:unused // fields that are not exported are left out
		Self   []good
		None   struct{}
	}
	require.NoError(t, avro.CheckType[good]())
	require.NoError(t, avro.CheckType[chan int](avro.WithType(func(c chan int) (string, error) { return "", nil }, func(string) (chan int, error) { return nil, nil })))
}
