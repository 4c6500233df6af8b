package schemas_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

func folder(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

func ExampleLoadDir() {
	files := fstest.MapFS{ // os.DirFS("schemas") in a program
		"order.avsc":       {Data: []byte(`{"type":"record","name":"shop.Order","fields":[{"name":"lines","type":{"type":"array","items":"shop.Line"}}]}`)},
		"parts/line.avsc":  {Data: []byte(`{"type":"record","name":"shop.Line","fields":[{"name":"price","type":"Money"}]}`)},
		"parts/money.avsc": {Data: []byte(`{"type":"bytes"}`)},
		"money.avsc":       {Data: []byte(`{"type":"fixed","name":"shop.Money","size":8}`)},
	}
	dir, err := schemas.LoadDir(files)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range dir.Files() {
		fmt.Println(f.Path, f.Schema.Print())
	}
	// Output:
	// money.avsc {"type":"fixed","name":"Money","namespace":"shop","size":8}
	// order.avsc {"type":"record","name":"Order","namespace":"shop","fields":[{"name":"lines","type":{"type":"array","items":"Line"}}]}
	// parts/line.avsc {"type":"record","name":"Line","namespace":"shop","fields":[{"name":"price","type":"Money"}]}
	// parts/money.avsc "bytes"
}

func TestLoadDir(t *testing.T) {
	dir, err := schemas.LoadDir(folder(
		"a.avsc", `["n.B","n.C"]`,
		"b.avsc", `{"type":"record","name":"n.B","fields":[{"name":"c","type":"C"},{"name":"d","type":"D"},{"name":"self","type":["null","B"]}]}`,
		"c.avsc", `{"type":"record","name":"n.C","fields":[{"name":"d","type":"D"}]}`,
		"d.avsc", "\ufeff"+`{"type":"fixed","name":"D","size":1}`,
		"readme.md", `no schema`,
		"other.json", `{`,
	))
	require.NoError(t, err)
	require.Len(t, dir.Files(), 4)
	b, ok := dir.Schema("n.B")
	require.True(t, ok)
	c, ok := dir.Schema("n.C")
	require.True(t, ok)
	d, ok := dir.Schema("D")
	require.True(t, ok)
	require.Equal(t, []*schemas.Schema{c, d}, b.References())
	require.Same(t, c.Root(), b.Root().Fields()[0].Type())
	require.Equal(t, []*schemas.Schema{b, c}, dir.Files()[0].Schema.References())
	for _, name := range []string{"", "n.D", "B"} {
		_, ok = dir.Schema(name)
		require.False(t, ok, name)
	}
}

func TestLoadDirErrors(t *testing.T) {
	uses := func(name, other string) string {
		return fmt.Sprintf(`{"type":"record","name":%q,"fields":[{"name":"f","type":%q}]}`, name, other)
	}
	tests := []struct {
		name  string
		files fs.FS
		err   string
	}{
		{"not a schema", folder("x/bad.avsc", `{"type":"int"`), `x/bad.avsc: schema: line 1, column 14: want ',' or '}', found the end of the text`},
		{"a type that nobody defines", folder("a.avsc", uses("A", "B")), `a.avsc: schema: line 1, column 58 (/fields/0/type): unknown type "B"`},
		{"a circle", folder("a.avsc", uses("A", "B"), "b.avsc", uses("B", "C"), "c.avsc", uses("C", "B")),
			`b.avsc: files refer to each other in a circle: b.avsc -> c.avsc -> b.avsc`},
		{"one type in two files", folder("a.avsc", `{"type":"fixed","name":"A","size":1}`, "b.avsc", `{"type":"fixed","name":"A","size":1}`),
			`b.avsc: fixed A is defined in a.avsc already`},
		{"no file", folder("a.json", `"int"`), `.: no .avsc file in this folder`},
		{"no folder", os.DirFS("testdata/nothing"), ".: "},
		{"a file that is too large", folder("a.avsc", `"int"`+string(make([]byte, mebibyte))), `a.avsc: schema: 1048580 bytes of text, more than the limit of 1048576`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := schemas.LoadDir(test.files)
			var file *schemas.FileError
			require.ErrorAs(t, err, &file)
			require.ErrorContains(t, err, test.err)
		})
	}
	t.Run("the circle as data", func(t *testing.T) {
		_, err := schemas.LoadDir(folder("a.avsc", uses("A", "B"), "b.avsc", uses("B", "A")))
		var cycle *schemas.CycleError
		require.ErrorAs(t, err, &cycle)
		require.Equal(t, []string{"a.avsc", "b.avsc", "a.avsc"}, cycle.Files)
	})
	t.Run("causes are reached", func(t *testing.T) {
		_, err := schemas.LoadDir(os.DirFS("testdata/nothing"))
		require.ErrorIs(t, err, fs.ErrNotExist)
		_, err = schemas.LoadDir(folder("a.avsc", `"x"`))
		var parse *schemas.ParseError
		require.True(t, errors.As(err, &parse))
	})
	t.Run("options apply to every file", func(t *testing.T) {
		files := folder("a.avsc", `{"type":"fixed","name":"a-b","size":1}`)
		_, err := schemas.LoadDir(files)
		require.Error(t, err)
		_, err = schemas.LoadDir(files, schemas.Lenient())
		require.NoError(t, err)
	})
}

func ExampleCheckVersions() {
	versions := fstest.MapFS{ // os.DirFS("schemas/order") in a test
		"v1.avsc":  {Data: []byte(`{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}`)},
		"v2.avsc":  {Data: []byte(`{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"note","type":"string","default":""}]}`)},
		"v10.avsc": {Data: []byte(`{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"note","type":"string","default":""}]}`)},
	}
	fmt.Println(schemas.CheckVersions(versions, schemas.Backward))
	// Output:
	// v10.avsc: incompatible schema at level BACKWARD: the new schema cannot read data of version 2: id: string cannot be read as long
}

func TestCheckVersions(t *testing.T) {
	one, two := record(), record(`{"name":"a","type":"M","default":"x"}`)
	money := schemas.MustParse(`{"type":"fixed","name":"M","size":1}`)
	files := folder("2-b.avsc", two, "1-z.avsc", one, "old/0.avsc", `{`, "notes.txt", `{`)
	require.NoError(t, schemas.CheckVersions(files, schemas.FullTransitive, schemas.WithReferences(money)))

	err := schemas.CheckVersions(files, schemas.FullTransitive)
	require.ErrorContains(t, err, `2-b.avsc: schema: line 1, column 58 (/fields/0/type): unknown type "M"`)
	require.ErrorContains(t, schemas.CheckVersions(folder(), schemas.Full), "no .avsc file in this folder")
	require.ErrorIs(t, schemas.CheckVersions(os.DirFS("testdata/nothing"), schemas.Full), fs.ErrNotExist)

	err = schemas.CheckVersions(folder("v09.avsc", `"int"`, "v10.avsc", `"string"`, "v9.avsc", `"int"`), schemas.Backward)
	var file *schemas.FileError
	require.ErrorAs(t, err, &file)
	require.Equal(t, "v10.avsc", file.Path)
	var incompatible *schemas.IncompatibleError
	require.ErrorAs(t, err, &incompatible)
	require.Equal(t, 2, incompatible.Reasons[0].Version, "v9.avsc is the second")
}
