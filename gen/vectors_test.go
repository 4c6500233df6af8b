package gen_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	roots   map[string]string // package and type by schema
	uses    map[string]bool   // packages that the program names a type of
	imports strings.Builder
	calls   strings.Builder
	count   int
}

const overlayDir = "gen/internal/fromvectors"

func newOverlaid(t *testing.T) *overlaid {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	return &overlaid{t: t, root: root, temp: t.TempDir(), replace: map[string]string{}, roots: map[string]string{}, uses: map[string]bool{}}
}

func (o *overlaid) file(path string, content []byte) {
	real := filepath.Join(o.temp, strconv.Itoa(len(o.replace))+".go")
	require.NoError(o.t, os.WriteFile(real, content, 0o600))
	o.replace[filepath.Join(o.root, filepath.FromSlash(path))] = real
}

var rootType = regexp.MustCompile(`(?m)^const (\w+)Fingerprint `)

// add generates a schema's package, once, and returns the type at its top.
func (o *overlaid) add(name, text string) string {
	if t, ok := o.roots[text]; ok {
		return t
	}
	s, err := schemas.Parse(text)
	if err != nil {
		s, err = schemas.Parse(text, schemas.Lenient())
	}
	require.NoError(o.t, err, name)
	pkg := fmt.Sprintf("v%03d", len(o.roots))
	files, err := gen.Generate([]gen.Input{{Name: "top.avsc", Schema: s}}, gen.WithSinglePackage(pkg))
	require.NoError(o.t, err, "%s: %s", name, text)
	require.Len(o.t, files, 1)
	o.file(overlayDir+"/"+pkg+"/"+files[0].Path, files[0].Content)
	top := rootType.FindSubmatch(files[0].Content)
	require.NotNil(o.t, top, name)
	o.roots[text] = pkg + "." + string(top[1])
	return o.roots[text]
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
	top := o.add(v.Name, string(v.Schema))
	pkg, _, _ := strings.Cut(top, ".")
	if !o.uses[pkg] {
		o.uses[pkg] = true
		fmt.Fprintf(&o.imports, "\t%q\n", "github.com/kavro/kavro/"+overlayDir+"/"+pkg)
	}
	fmt.Fprintf(&o.calls, "\tcheck[%s](%q, %q, %t, %q)\n", top, v.Name, v.Hex, v.DecodeOnly, different[v.Name])
	o.count++
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
	var others strings.Builder
	for _, v := range vectors.Load[encodeVector]("encode.json") {
		o.check(v)
	}
	for _, v := range vectors.Load[validVector]("parse_valid.json") {
		pkg, _, _ := strings.Cut(o.add(v.Name, v.Schema), ".")
		if !o.uses[pkg] {
			o.uses[pkg] = true
			fmt.Fprintf(&others, "\t_ %q\n", "github.com/kavro/kavro/"+overlayDir+"/"+pkg)
		}
	}
	require.GreaterOrEqual(t, o.count, 150)
	o.file(overlayDir+"/main.go", fmt.Appendf(nil, checker, o.imports.String()+others.String(), o.calls.String()))
	out, err := o.run("run", "./"+overlayDir)
	require.NoError(t, err, out)
	require.Equal(t, "all passed\n", out)
}
