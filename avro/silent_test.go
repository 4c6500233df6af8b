package avro_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

type secretive struct {
	Name string
	mail string `avro:"mail"` //nolint:unused // that is what is tested
}

// A tag that would do nothing is a type mismatch: the field would be written as its
// default, or under another name.
func TestTagsThatDoNothing(t *testing.T) {
	s := schemas.MustParse(`{"type":"record","name":"R","fields":[{"name":"name","type":"string"},{"name":"mail","type":"string","default":"none"}]}`)
	refused := func(err error, reason string) {
		t.Helper()
		var mismatch *avro.TypeMismatchError
		require.ErrorAs(t, err, &mismatch)
		require.ErrorContains(t, err, reason)
	}
	_, err := avro.NewCodec[secretive](s)
	refused(err, "mail: the field has a tag and is not exported")
	for _, tag := range []string{`avro:mail`, `Avro:"mail"`, `json:"mail",avro:"-"`} { // made at run time: vet finds them in source
		typ := reflect.StructOf([]reflect.StructField{
			{Name: "Name", Type: reflect.TypeFor[string]()},
			{Name: "Mail", Type: reflect.TypeFor[string](), Tag: reflect.StructTag(tag)},
		})
		_, err = avro.NewTypedCodec(typ, s)
		refused(err, "Mail: the tag "+tag+` is not read; write avro:"name"`)
	}
	_, err = avro.NewCodec[struct {
		Name string
		mail string
		Mail string `json:"avro:mail" avro:"mail"`
	}](s)
	require.NoError(t, err)

	_, err = schemas.For[secretive]()
	require.ErrorContains(t, err, "mail has a tag and is not exported")
}

// Of options of which one can count the second is an error.
func TestOptionsGivenTwice(t *testing.T) {
	type day int32
	s := schemas.MustParse(`"string"`)
	text := func(d day) (string, error) { return "", nil }
	back := func(string) (day, error) { return 0, nil }
	_, err := avro.NewCodec[day](s, avro.WithType(text, back), avro.WithType(text, back))
	require.EqualError(t, err, "avro: WithType of avro_test.day is given twice")
	_, err = avro.NewCodec[any](s, avro.WithUnionTypes(avro.UnionType[int64]("long")), avro.WithUnionTypes(avro.UnionType[day]("long")))
	require.EqualError(t, err, "avro: WithUnionTypes of long is given twice")
	_, err = avro.NewCodec[any](s, avro.WithUnionTypes(avro.UnionType[int64]("long"), avro.UnionType[day]("long")))
	require.EqualError(t, err, "avro: WithUnionTypes of long is given twice")
}
