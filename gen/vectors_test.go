package gen_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kavro/kavro/gen"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// Every schema of the vectors gives code that compiles, and that reads and writes
// what the reference implementations wrote: one program of all that code is built
// and run once, as a package that only exists in an overlay.

type validVector struct {
	Name      string `json:"name"`
	Schema    string `json:"schema"`
	Contested bool   `json:"contested"`
}

type encodeVector struct {
	Name       string          `json:"name"`
	Schema     json.RawMessage `json:"schema"`
	Hex        string          `json:"hex"`
	DecodeOnly bool            `json:"decode_only"`
}

// Vectors of underlying values that the Go types look at differently.
const (
	noValue    = "no value"    // reading fails with ErrRange
	unwritable = "unwritable"  // it is read; writing fails with ErrRange
	otherBytes = "other bytes" // it is written differently, and means the same
)

var different = map[string]string{
	"goavro.TestPrimitiveDoubleBinary#7":      otherBytes, // a NaN is written as Java's
	"twmb.TestBytesDecimalEmptyBytes#1":       otherBytes, // zero takes a byte
	"hamba.TestDecoder_FixedRat_Positive#1":   unwritable, // more digits than the precision
	"hamba.TestDecoder_Duration_TimeMillis#1": noValue,    // later than midnight
	"hamba.TestDecoder_Duration_TimeMicros#1": noValue,
}

// overlaid collects generated packages and the program that uses them.
type overlaid struct {
	t       *testing.T
	root    string // of this module
	temp    string
	replace map[string]string
	seen    map[string]bool // schemas
	batches []*batch
	roots   map[string]string // package and type by schema
	imports strings.Builder
	calls   strings.Builder
}

const overlayDir = "gen/internal/fromvectors"

func newOverlaid(t *testing.T) *overlaid {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	return &overlaid{t: t, root: root, temp: t.TempDir(), replace: map[string]string{}, roots: map[string]string{}, seen: map[string]bool{}}
}

func (o *overlaid) file(path string, content []byte) {
	real := filepath.Join(o.temp, strconv.Itoa(len(o.replace))+".go")
	require.NoError(o.t, os.WriteFile(real, content, 0o600))
	o.replace[filepath.Join(o.root, filepath.FromSlash(path))] = real
}

var rootType = regexp.MustCompile(`(?m)^const (\w+)Fingerprint `)

// batch is schemas that go into one package: building hundreds takes minutes. No
// two of them define the same name.
type batch struct {
	names  map[string]bool
	inputs []gen.Input
}

// add puts a schema into the first batch that has room for its names, once.
func (o *overlaid) add(name, text string) {
	if o.seen[text] {
		return
	}
	o.seen[text] = true
	s, err := schemas.Parse(text)
	if err != nil {
		s, err = schemas.Parse(text, schemas.Lenient())
	}
	require.NoError(o.t, err, name)
	const most = 20
	free := func(b *batch) bool {
		for n := range s.Types() {
			if n.FullName() != "" && b.names[n.FullName()] {
				return false
			}
		}
		return len(b.inputs) < most
	}
	i := slices.IndexFunc(o.batches, free)
	if i < 0 {
		i = len(o.batches)
		o.batches = append(o.batches, &batch{names: map[string]bool{}})
	}
	for n := range s.Types() {
		o.batches[i].names[n.FullName()] = true
	}
	o.batches[i].inputs = append(o.batches[i].inputs, gen.Input{Name: fmt.Sprintf("top%d.avsc", len(o.seen)), Schema: s})
}

// generate writes the packages and finds the type at the top of each schema.
func (o *overlaid) generate() {
	for i, b := range o.batches {
		pkg := fmt.Sprintf("v%03d", i)
		files, err := gen.Generate(b.inputs, gen.WithSinglePackage(pkg))
		require.NoError(o.t, err)
		require.Len(o.t, files, len(b.inputs))
		for _, f := range files {
			o.file(overlayDir+"/"+pkg+"/"+f.Path, f.Content)
			for _, in := range b.inputs {
				if strings.Contains(string(f.Content), "// Source: "+in.Name+"\n") {
					top := rootType.FindSubmatch(f.Content)
					require.NotNil(o.t, top, in.Schema)
					o.roots[in.Schema.String()] = pkg + "." + string(top[1])
				}
			}
		}
		fmt.Fprintf(&o.imports, "\t%q\n", "github.com/kavro/kavro/"+overlayDir+"/"+pkg)
		fmt.Fprintf(&o.calls, "\t_ = new(%s)\n", o.roots[b.inputs[0].Schema.String()])
	}
}

const checker = `package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/kavro/kavro/avro"
%s)

var failed int

func fail(name string, format string, args ...any) {
	failed++
	fmt.Printf(name+": "+format+"\n", args...)
}

func check[T any, P interface {
	*T
	avro.Generated
}](name, text string, decodeOnly bool, different string) {
	datum, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	codec, err := avro.NewCodec[T](P(new(T)).AvroSchema())
	if err != nil {
		fail(name, "%%v", err)
		return
	}
	var v, again, fromJSON T
	err = codec.Decode(datum, &v)
	if different == "no value" {
		if !errors.Is(err, avro.ErrRange) {
			fail(name, "want a range error, have %%v", err)
		}
		return
	}
	if err != nil {
		fail(name, "decode: %%v", err)
		return
	}
	out, err := codec.Append(nil, &v)
	if different == "unwritable" {
		if !errors.Is(err, avro.ErrRange) {
			fail(name, "want a range error, have %%v", err)
		}
		return
	}
	if err != nil {
		fail(name, "append: %%v", err)
		return
	}
	if err := codec.Decode(out, &again); err != nil {
		fail(name, "decode again: %%v", err)
	}
	same := bytes.Equal(out, datum)
	if decodeOnly || !same && len(out) == len(datum) { // the order of a map
		same = reflect.DeepEqual(v, again)
	}
	if same == (different == "other bytes") {
		fail(name, "%%x became %%x, %%#v", datum, out, v)
	}
	for i := range datum { // cut short, it is an error, never a panic
		if err := codec.Decode(datum[:i], &again); err == nil && !decodeOnly && out[0] != 0 {
			fail(name, "the first %%d bytes pass", i)
		}
	}
	if err := codec.Decode(datum, &again); err != nil {
		fail(name, "decode over what was there: %%v", err)
	} else if out2, err := codec.Append(nil, &again); err != nil || len(out2) != len(out) {
		fail(name, "%%x after reuse: %%v", out2, err)
	}
	asJSON, err := json.Marshal(&v)
	if unsupported := new(json.UnsupportedValueError); errors.As(err, &unsupported) {
		return // NaN and infinities
	}
	if err == nil {
		err = json.Unmarshal(asJSON, &fromJSON)
	}
	if err != nil {
		fail(name, "JSON %%s: %%v", asJSON, err)
		return
	}
	if back, err := codec.Append(nil, &fromJSON); err != nil || len(back) != len(out) || !decodeOnly && len(out) < 3 && !bytes.Equal(back, out) {
		fail(name, "JSON %%s became %%x, not %%x: %%v", asJSON, back, out, err)
	}
}

func main() {
%s	if failed > 0 {
		os.Exit(1)
	}
	fmt.Println("all passed")
}
`

func (o *overlaid) check(v encodeVector) {
	fmt.Fprintf(&o.calls, "\tcheck[%s](%q, %q, %t, %q)\n", o.roots[string(v.Schema)], v.Name, v.Hex, v.DecodeOnly, different[v.Name])
}

// run runs the go command on the overlay and returns what it prints.
func (o *overlaid) run(args ...string) (string, error) {
	overlay, err := json.Marshal(map[string]any{"Replace": o.replace})
	require.NoError(o.t, err)
	file := filepath.Join(o.temp, "overlay.json")
	require.NoError(o.t, os.WriteFile(file, overlay, 0o600))
	args = append(args[:1:1], append([]string{"-overlay=" + file}, args[1:]...)...)
	cmd := exec.CommandContext(o.t.Context(), "go", args...)
	cmd.Dir = o.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestVectors(t *testing.T) {
	o := newOverlaid(t)
	encode := vectors.Load[encodeVector]("encode.json")
	require.GreaterOrEqual(t, len(encode), 150)
	for _, v := range encode {
		o.add(v.Name, string(v.Schema))
	}
	for _, v := range vectors.Load[validVector]("parse_valid.json") {
		o.add(v.Name, v.Schema)
	}
	o.generate()
	for _, v := range encode {
		o.check(v)
	}
	o.file(overlayDir+"/main.go", fmt.Appendf(nil, checker, o.imports.String(), o.calls.String()))
	out, err := o.run("run", "./"+overlayDir)
	require.NoError(t, err, out)
	require.Equal(t, "all passed\n", out)
}
