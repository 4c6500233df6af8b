package gen_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/gen"
	"github.com/kavro/kavro/schemas"
)

// Types of a schema whose text is beyond the default limit parse it: that of the
// whole, of a part in the same package, and of a part in another.
func TestLargeSchemas(t *testing.T) {
	doc := strings.Repeat("x", 1<<20)
	s, err := schemas.Parse(`{"type":"record","name":"one.Top","fields":[
		{"name":"a","type":{"type":"record","name":"one.Part","doc":"`+doc+`","fields":[]}},
		{"name":"b","type":{"type":"record","name":"two.Part","doc":"`+doc+`","fields":[]}}]}`, schemas.WithMaxBytes(4<<20))
	require.NoError(t, err)
	o := newOverlaid(t)
	const dir = overlayDir + "/large"
	files, err := gen.Generate([]gen.Input{{Name: "top.avsc", Schema: s}}, gen.WithImportPath("github.com/kavro/kavro/"+dir))
	require.NoError(t, err)
	for _, f := range files {
		o.file(dir+"/"+f.Path, f.Content)
	}
	o.file(dir+"/main.go", []byte(`package main

import (
	"fmt"

	"github.com/kavro/kavro/`+dir+`/one"
	"github.com/kavro/kavro/`+dir+`/two"
)

func main() {
	fmt.Println(new(one.Top).AvroSchema().FullName(), new(one.Part).AvroSchema().FullName(), new(two.Part).AvroSchema().FullName())
}
`))
	out, err := o.run("run", "./"+dir)
	require.NoError(t, err, out)
	require.Equal(t, "one.Top one.Part two.Part\n", out)
}
