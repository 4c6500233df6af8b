package structtag_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/structtag"
)

func TestFault(t *testing.T) {
	for _, tag := range []reflect.StructTag{``, `avro:"a"`, `json:"a"`, `json:"avro:a"`, `json:"a" avro:"b"`, `avro:"-"`, `avro:""`, `doc:"a \" avro"`} {
		require.Empty(t, structtag.Fault(tag, "avro"), string(tag))
	}
	for _, tag := range []reflect.StructTag{`avro:a`, `avro:'a'`, `Avro:"a"`, `AVRO:"a"`, `avro: "a"`, `avro`, `json:"a" avro:b`, `json:"a",avro:"b"`, `avro "a"`, `avro:"a`} {
		require.NotEmpty(t, structtag.Fault(tag, "avro"), string(tag))
	}
}
