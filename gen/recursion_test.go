package gen_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/gen"
	"github.com/kavro/kavro/schemas"
)

// recursions are records that contain themselves, or each other, and use others
// that do so too: %s is a name that belongs to the case alone. Namespaces that end
// in one, two and three use each other in this order.
var recursions = map[string]string{
	"a nullable record of another package": `{"type":"record","name":"%[1]s.one.Outer","fields":[
		{"name":"parent","type":["null","Outer"]},
		{"name":"tree","type":["null",{"type":"record","name":"%[1]s.two.Node","fields":[{"name":"next","type":["null","Node"]}]}]}]}`,
	"by value, in arrays and in maps": `{"type":"record","name":"%[1]s.one.Outer","fields":[
		{"name":"all","type":{"type":"array","items":"Outer"}},
		{"name":"node","type":{"type":"record","name":"%[1]s.two.Node","fields":[
			{"name":"kids","type":{"type":"map","values":"Node"}},{"name":"left","type":["null",{"type":"array","items":"Node"}]}]}},
		{"name":"nodes","type":{"type":"array","items":"%[1]s.two.Node"}},
		{"name":"named","type":{"type":"map","values":{"type":"array","items":"%[1]s.two.Node"}}},
		{"name":"some","type":["null",{"type":"map","values":"%[1]s.two.Node"}]}]}`,
	"in unions": `{"type":"record","name":"%[1]s.one.Outer","fields":[
		{"name":"u","type":["null","int","Outer",{"type":"record","name":"%[1]s.two.Node","fields":[{"name":"next","type":["null","string","Node"]}]}]},
		{"name":"v","type":["string","%[1]s.two.Node"]},
		{"name":"w","type":["%[1]s.two.Node"]},
		{"name":"x","type":{"type":"array","items":["null","long",{"type":"array","items":"%[1]s.two.Node"},{"type":"map","values":"Outer"}]}}]}`,
	"three packages": `{"type":"record","name":"%[1]s.one.A","fields":[
		{"name":"a","type":["null","A"]},
		{"name":"b","type":{"type":"record","name":"%[1]s.two.B","fields":[
			{"name":"b","type":["null","B"]},
			{"name":"c","type":["null","int",{"type":"record","name":"%[1]s.three.C","fields":[{"name":"c","type":["null","C"]}]}]}]}},
		{"name":"c","type":["null","%[1]s.three.C"]},
		{"name":"d","type":["string","%[1]s.two.B","%[1]s.three.C","A"]}]}`,
	"records of one package that contain each other, and one of another": `{"type":"record","name":"%[1]s.one.A","fields":[
		{"name":"b","type":{"type":"record","name":"B","fields":[
			{"name":"a","type":["null","A"]},
			{"name":"n","type":["null","int",{"type":"record","name":"%[1]s.two.N","fields":[
				{"name":"m","type":{"type":"array","items":{"type":"record","name":"M","fields":[{"name":"n","type":["null","string","N"]}]}}}]}]}]}},
		{"name":"n","type":["null","%[1]s.two.N"]},{"name":"m","type":{"type":"map","values":"%[1]s.two.M"}}]}`,
	"two of one package that do not contain each other": `{"type":"record","name":"%[1]s.one.A","fields":[
		{"name":"a","type":["null","A"]},
		{"name":"b","type":["null","int",{"type":"record","name":"B","fields":[{"name":"b","type":["null","B","string"]}]}]},
		{"name":"c","type":"B"},{"name":"d","type":{"type":"array","items":"B"}}]}`,
	"without an end": `{"type":"record","name":"%[1]s.one.A","fields":[
		{"name":"a","type":"A"},{"name":"b","type":{"type":"record","name":"%[1]s.two.B","fields":[{"name":"b","type":["B"]}]}}]}`,
	"hyphens": `{"type":"record","name":"%[1]s.one.out-er","fields":[
		{"name":"par-ent","type":["null","%[1]s.one.out-er"]},
		{"name":"tr-ee","type":["null","int",{"type":"record","name":"%[1]s.two.no-de","fields":[{"name":"ne-xt","type":["null","%[1]s.two.no-de"]}]}]}]}`,
	"a top without a name": `{"type":"array","items":["null",{"type":"record","name":"%[1]s.one.A","fields":[{"name":"a","type":["null","A"]}]},
		{"type":"record","name":"%[1]s.two.B","fields":[{"name":"b","type":["null","B","int"]}]}]}`,
}

// Generated code compiles whatever recursive records use whatever others, each
// namespace in a package of its own and all in one.
func TestRecursionsCompile(t *testing.T) {
	o := newOverlaid(t)
	const dir = overlayDir + "/recursion"
	for i, name := range slices.Sorted(maps.Keys(recursions)) {
		s, err := schemas.Parse(fmt.Sprintf(recursions[name], fmt.Sprintf("c%d", i)), schemas.Lenient())
		require.NoError(t, err, name)
		in := []gen.Input{{Name: "top.avsc", Schema: s}}
		apart, err := gen.Generate(in, gen.WithImportPath(fmt.Sprintf("github.com/kavro/kavro/%s/apart%d", dir, i)))
		require.NoError(t, err, name)
		together, err := gen.Generate(in, gen.WithSinglePackage("together"))
		require.NoError(t, err, name)
		for _, f := range apart {
			o.file(fmt.Sprintf("%s/apart%d/%s", dir, i, f.Path), f.Content)
		}
		for _, f := range together {
			o.file(fmt.Sprintf("%s/together%d/%s", dir, i, f.Path), f.Content)
		}
	}
	out, err := o.run("build", "./"+dir+"/...")
	require.NoError(t, err, out)
}

// Records of different groups count their depth for themselves: only a call within
// a group passes it on.
func TestDepthIsCountedWithinAGroup(t *testing.T) {
	s := schemas.MustParse(fmt.Sprintf(recursions["two of one package that do not contain each other"], "c"))
	files, err := gen.Generate([]gen.Input{{Name: "a.avsc", Schema: s}}, gen.WithSinglePackage("all"))
	require.NoError(t, err)
	text := string(files[0].Content)
	require.Contains(t, text, "v.A.appendAvro(dst, depth+1)")
	require.Contains(t, text, "v.C.AppendAvro(dst)")
}
