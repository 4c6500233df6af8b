package schemas_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
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

// The greatest limit is as good as any other.
func TestLoadDirWithoutLimit(t *testing.T) {
	dir, err := schemas.LoadDir(folder("a.avsc", "\ufeff"+`"int"`), schemas.WithMaxBytes(math.MaxInt))
	require.NoError(t, err)
	require.Len(t, dir.Files(), 1)
	require.Equal(t, `"int"`, dir.Files()[0].Schema.String())
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
		{"one type in two files, differently", folder("a.avsc", `{"type":"fixed","name":"A","size":1}`, "b.avsc", `{"type":"fixed","name":"A","size":2}`),
			`b.avsc: A is defined in a.avsc too, and differently: bytes: 1 there, 2 here`},
		{"no file", folder("a.json", `"int"`), `.: no .avsc file in this folder`},
		{"no folder", os.DirFS("testdata/nothing"), ".: "},
		{"a file that is too large", folder("a.avsc", `"int"`+string(make([]byte, mebibyte))), `a.avsc: schema: 1048581 bytes of text, more than the limit of 1048576 (WithMaxBytes in a program, -max-schema-size of the command)`},
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

// Files that define the same type are fine as long as they mean the same by it,
// wherever the definition stands and whoever uses it.
func TestLoadDirRepeatedDefinitions(t *testing.T) {
	city := `{"name":"city","type":"string"}`
	address := func(extra, fields string) string {
		return `{"type":"record","name":"shop.Address"` + extra + `,"fields":[` + fields + `]}`
	}
	holds := func(name, field, typ string) string {
		return `{"type":"record","name":"shop.` + name + `","fields":[{"name":"` + field + `","type":` + typ + `}]}`
	}
	t.Run("allowed", func(t *testing.T) {
		country := `{"type":"enum","name":"shop.Country","symbols":["DE","FR"]}`
		for name, files := range map[string]fs.FS{
			"word for word":       folder("a.avsc", holds("Order", "to", address("", city)), "b.avsc", holds("Customer", "home", address("", city))),
			"a whole file":        folder("a.avsc", address("", city), "copy/a.avsc", address("", city)),
			"within one, and one": folder("a.avsc", holds("Order", "to", address("", city)), "z.avsc", address("", city)),
			"written otherwise": folder("a.avsc", holds("Order", "to", address("", city)),
				"b.avsc", holds("Customer", "home", `{ /* ours */ "fields":[{"type":{"type":"string"},"name":"city","doc":"d"}],"doc":"d","namespace":"shop","name":"Address","type":"record"}`)),
			"attributes and aliases in another order": folder("a.avsc", holds("Order", "to", address(`,"aliases":["A","B"],"x":1,"y":{"z":[1]}`, city)),
				"b.avsc", holds("Customer", "home", address(`,"y":{ "z":[1]},"x":1,"aliases":["B","A"]`, city))),
			"with parts of its own, here and elsewhere": folder("a.avsc", holds("Order", "to", address("", `{"name":"c","type":`+country+`}`)),
				"b.avsc", holds("Customer", "home", address("", `{"name":"c","type":"Country"}`)), "c.avsc", country),
			"used by a third": folder("a.avsc", holds("Order", "to", address("", city)), "b.avsc", holds("Customer", "home", address("", city)), "c.avsc", holds("Parcel", "to", `"Address"`)),
			"used beside its own": folder("a.avsc", holds("Order", "to", address("", city)),
				"b.avsc", `{"type":"record","name":"shop.Both","fields":[{"name":"a","type":`+address("", city)+`},{"name":"o","type":"Order"},{"name":"b","type":"Address"}]}`),
			"recursive": folder("a.avsc", holds("Order", "n", `{"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]}`),
				"b.avsc", holds("Customer", "n", `{"type":"record","name":"Node","fields":[{"name":"next","type":["null","shop.Node"]}]}`)),
			"no circle, since a definition stands alone": folder("a.avsc", holds("A", "x", `"X"`), "b.avsc", `{"type":"record","name":"shop.B","fields":[{"name":"x","type":{"type":"fixed","name":"X","size":1}},{"name":"a","type":"A"}]}`,
				"c.avsc", holds("C", "x", `{"type":"fixed","name":"X","size":1}`)),
		} {
			dir, err := schemas.LoadDir(files)
			require.NoError(t, err, name)
			for _, f := range dir.Files() {
				seen := map[string]*schemas.Node{}
				for n := range f.Schema.Types() {
					if n.FullName() != "" {
						require.Nil(t, seen[n.FullName()], "%s: %s: one node for each name", name, f.Path)
						seen[n.FullName()] = n
					}
				}
				again, err := schemas.Parse(f.Schema.PrintResolved())
				require.NoError(t, err, "%s: %s: what is registered is a schema", name, f.Path)
				require.Equal(t, f.Schema.Canonical(), again.Canonical(), name)
			}
		}
	})
	t.Run("refused", func(t *testing.T) {
		for name, test := range map[string]struct{ a, b, err string }{
			"another type":      {address("", city), address("", `{"name":"city","type":"int"}`), "city: string there, int here"},
			"another field":     {address("", city), address("", `{"name":"town","type":"string"}`), "field 1: city there, town here"},
			"a field more":      {address("", city), address("", city+`,{"name":"zip","type":"string"}`), "after the same fields, field none there, zip here"},
			"a field less":      {address("", city+`,{"name":"zip","type":"string"}`), address("", city), "after the same fields, field zip there, none here"},
			"another default":   {address("", `{"name":"n","type":"int","default":1}`), address("", `{"name":"n","type":"int","default":2}`), "n: default: 1 there, 2 here"},
			"a default":         {address("", `{"name":"n","type":"int"}`), address("", `{"name":"n","type":"int","default":2}`), "n: default: none there, 2 here"},
			"a logical type":    {address("", `{"name":"n","type":"long"}`), address("", `{"name":"n","type":{"type":"long","logicalType":"timestamp-millis"}}`), `n: attribute "logicalType": none there, "timestamp-millis" here`},
			"an attribute":      {address("", city), address(`,"pii":true`, city), `attribute "pii": none there, true here`},
			"an alias":          {address("", city), address(`,"aliases":["A"]`, city), `aliases: none there, shop.A here`},
			"a field's alias":   {address("", `{"name":"n","type":"int","aliases":["m"]}`), address("", `{"name":"n","type":"int"}`), `n: aliases: m there, none here`},
			"an order":          {address("", `{"name":"n","type":"int","order":"ignore"}`), address("", `{"name":"n","type":"int"}`), `n: order: ignore there, ascending here`},
			"deep down":         {address("", `{"name":"l","type":{"type":"array","items":{"type":"map","values":["null","int"]}}}`), address("", `{"name":"l","type":{"type":"array","items":{"type":"map","values":["null","long"]}}}`), `l[]{}: int there, long here`},
			"a branch":          {address("", `{"name":"l","type":["null","int"]}`), address("", `{"name":"l","type":["null","int","long"]}`), `l: branches: 2 there, 3 here`},
			"a default symbol":  {`{"type":"enum","name":"shop.Address","symbols":["A"]}`, `{"type":"enum","name":"shop.Address","symbols":["A"],"default":"A"}`, "default symbol: none there, A here"},
			"another kind":      {address("", city), `{"type":"fixed","name":"shop.Address","size":1}`, "record shop.Address there, fixed shop.Address here"},
			"symbols":           {`{"type":"enum","name":"shop.Address","symbols":["A","B"]}`, `{"type":"enum","name":"shop.Address","symbols":["B","A"]}`, "symbols: A, B there, B, A here"},
			"a type of another": {address("", `{"name":"c","type":"Country"}`), address("", `{"name":"c","type":"City"}`), "c: enum shop.Country there, enum shop.City here"},
		} {
			_, err := schemas.LoadDir(folder("a.avsc", holds("Order", "to", test.a), "b.avsc", holds("Customer", "home", test.b), "c.avsc", holds("Parcel", "to", `"Address"`),
				"d.avsc", `[{"type":"enum","name":"shop.Country","symbols":[]},{"type":"enum","name":"shop.City","symbols":[]}]`))
			require.EqualError(t, err, "b.avsc: shop.Address is defined in a.avsc too, and differently: "+test.err, name)
			var conflict *schemas.ConflictError
			require.ErrorAs(t, err, &conflict, name)
			require.Equal(t, &schemas.ConflictError{Name: "shop.Address", Other: "a.avsc", Difference: test.err}, conflict, name)
		}
	})
}

// Every bad file is reported, and no file for the fault of another.
func TestLoadDirReportsAllFiles(t *testing.T) {
	files := folder(
		"a.avsc", `{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}`, // uses a bad one
		"b.avsc", `{"type":"record","name":"B","fields":[{"name":"x","type":"strng"}]}`,
		"c.avsc", `{"type":"record","name":"C"`,
		"d.avsc", `"Nobody"`,
		"e.avsc", `{"type":"record","name":"E","fields":[{"name":"x","type":"int","default":"x"}]}`,
		"f.avsc", `{"type":"record","name":"F","fields":[{"name":"e","type":"E"}]}`, // and another
		"g.avsc", `{"type":"record","name":"G","fields":[{"name":"h","type":"H"}]}`,
		"h.avsc", `{"type":"record","name":"H","fields":[{"name":"g","type":"G"}]}`,
		"good.avsc", `"int"`,
	)
	files["folder.avsc/x.avsc"] = &fstest.MapFile{Data: []byte(`Obj`)}
	files["pipe.avsc"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	files["zero.avsc"] = &fstest.MapFile{Mode: fs.ModeDevice}
	dir, err := schemas.LoadDir(files)
	require.Error(t, err)
	require.Len(t, dir.Files(), 1)
	require.Equal(t, "good.avsc", dir.Files()[0].Path)
	var paths []string
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		var file *schemas.FileError
		require.ErrorAs(t, err, &file)
		paths = append(paths, file.Path)
	}
	require.Equal(t, []string{"b.avsc", "c.avsc", "d.avsc", "e.avsc", "folder.avsc/x.avsc", "g.avsc", "pipe.avsc", "zero.avsc"}, paths)
	require.ErrorContains(t, err, "pipe.avsc: a named pipe, not a file")
	require.ErrorContains(t, err, "zero.avsc: a device, not a file")
	require.ErrorContains(t, err, "g.avsc: files refer to each other in a circle: g.avsc -> h.avsc -> g.avsc")
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
