package avro

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/kavro/kavro/avro/internal/datapath"
	"github.com/kavro/kavro/avro/internal/resolution"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/jsontext"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// jsonReader turns scanned JSON into a datum. Its methods return false if it
// failed; the path is then put together on the way out.
type jsonReader struct {
	conf  *config
	text  *jsonText
	dst   []byte
	found []int // the values of records' fields, of those that are under way
	depth int
	err   *DecodeError

	filled int // bytes of defaults that may still be added
}

func (d *jsonReader) fail(v int, err error) bool {
	d.err = &DecodeError{Offset: int(d.text.Tokens[v].Start), Err: err}
	return false
}

// wrong fails because a value is of the wrong kind.
func (d *jsonReader) wrong(p *jsonPlan, v int) bool {
	return d.fail(v, fmt.Errorf("JSON: %s where %s belongs", d.text.Kind(v), p.describe()))
}

// within puts a step in front of the error's path.
func (d *jsonReader) within(step string) bool {
	d.err.Path = datapath.Join(step, d.err.Path)
	return false
}

func (d *jsonReader) value(p *jsonPlan, v int) bool {
	if p.human {
		ok, err := d.logical(p, v)
		if err != nil {
			return d.fail(v, err)
		}
		if ok {
			return true
		}
	}
	kind := d.text.Kind(v)
	switch p.typ {
	case schemas.Null:
		return kind == jsontext.Null || d.wrong(p, v)
	case schemas.Boolean:
		if kind != jsontext.True && kind != jsontext.False {
			return d.wrong(p, v)
		}
		d.dst = wire.AppendBool(d.dst, kind == jsontext.True)
		return true
	case schemas.Int, schemas.Long:
		return d.whole(p, v)
	case schemas.Float, schemas.Double:
		return d.float(p, v)
	case schemas.Array:
		return d.array(p, v)
	case schemas.Map:
		return d.mapping(p, v)
	case schemas.Record:
		return d.record(p, v)
	case schemas.Union:
		return d.union(p, v)
	default:
		return d.string(p, v)
	}
}

func (d *jsonReader) whole(p *jsonPlan, v int) bool {
	if d.text.Kind(v) != jsontext.Number {
		return d.wrong(p, v)
	}
	n, err := parseWhole(d.text.Raw(v))
	if err != nil {
		return d.fail(v, err)
	}
	if p.typ == schemas.Int && (n < math.MinInt32 || n > math.MaxInt32) {
		return d.fail(v, fmt.Errorf("%w: %d is not an int of 32 bits", ErrRange, n))
	}
	d.dst = wire.AppendLong(d.dst, n)
	return true
}

func (d *jsonReader) float(p *jsonPlan, v int) bool {
	bits := 64
	if p.typ == schemas.Float {
		bits = 32
	}
	var n float64
	switch d.text.Kind(v) {
	case jsontext.Number:
		var err error
		if n, err = parseFloat(d.text.Raw(v), bits); err != nil {
			return d.fail(v, err)
		}
	case jsontext.String:
		var ok bool
		if n, ok = notFinite(d.text.textView(v)); !ok {
			return d.wrong(p, v)
		}
	default:
		return d.wrong(p, v)
	}
	if bits == 32 {
		d.dst = wire.AppendFloat(d.dst, float32(n))
	} else {
		d.dst = wire.AppendDouble(d.dst, n)
	}
	return true
}

// string reads what JSON has as strings: strings, enums, bytes and fixed.
func (d *jsonReader) string(p *jsonPlan, v int) bool {
	if d.text.Kind(v) != jsontext.String {
		return d.wrong(p, v)
	}
	switch p.typ {
	case schemas.String:
		text := d.text.textView(v)
		if len(text) > d.conf.MaxBytes {
			return d.fail(v, resolution.LengthError(int64(len(text)), len(text), d.conf.MaxBytes))
		}
		d.dst = wire.AppendBytes(d.dst, text)
		return true
	case schemas.Enum:
		text := d.text.textView(v)
		i, ok := p.compiledSchema.index[string(text)]
		if !ok {
			return d.fail(v, fmt.Errorf("%s has no symbol %s", p.describe(), short(d.text.Raw(v))))
		}
		d.dst = wire.AppendLong(d.dst, int64(i))
		return true
	}
	b, err := d.bytes(v)
	switch {
	case err != nil:
		return d.fail(v, err)
	case p.typ == schemas.Fixed && len(b) != p.size:
		return d.fail(v, fmt.Errorf("%w: %s for %s of %d", ErrRange, count.Of(len(b), "byte"), p.describe(), p.size))
	case len(b) > d.conf.MaxBytes:
		return d.fail(v, resolution.LengthError(int64(len(b)), len(b), d.conf.MaxBytes))
	case p.typ == schemas.Bytes:
		d.dst = wire.AppendLong(d.dst, int64(len(b)))
	}
	d.dst = append(d.dst, b...)
	return true
}

// bytes are a string's: one of each character, or base64.
func (d *jsonReader) bytes(v int) ([]byte, error) {
	if !d.conf.json.plain {
		return d.text.latin1(nil, v)
	}
	b, err := base64.StdEncoding.AppendDecode(nil, d.text.textView(v))
	if err != nil {
		return nil, errors.New("not base64: " + short(d.text.Raw(v)))
	}
	return b, nil
}

// count appends the header of a block.
func (d *jsonReader) count(v int) bool {
	n := d.text.Len(v)
	if n > d.conf.MaxItems {
		return d.fail(v, fmt.Errorf("%w: %d items, more than %d (WithMaxItems)", ErrLimit, n, d.conf.MaxItems))
	}
	if n > 0 {
		d.dst = wire.AppendLong(d.dst, int64(n))
	}
	return true
}

func (d *jsonReader) array(p *jsonPlan, v int) bool {
	if d.text.Kind(v) != jsontext.Array {
		return d.wrong(p, v)
	}
	if !d.count(v) {
		return false
	}
	i := 0
	for item := v + 1; item < d.text.Next(v); item = d.text.Next(item) {
		if !d.value(p.items, item) {
			return d.within("[" + strconv.Itoa(i) + "]")
		}
		i++
	}
	d.dst = append(d.dst, 0)
	return true
}

func (d *jsonReader) mapping(p *jsonPlan, v int) bool {
	if d.text.Kind(v) != jsontext.Object {
		return d.wrong(p, v)
	}
	if !d.count(v) {
		return false
	}
	seen := make(map[string]struct{}, min(d.text.Len(v), 1<<10))
	for key := v + 1; key < d.text.Next(v); key = d.text.Next(key + 1) {
		name := d.text.textView(key)
		if _, twice := seen[string(name)]; twice {
			return d.fail(key, fmt.Errorf("the key %s is there twice", short(d.text.Raw(key))))
		}
		seen[string(name)] = struct{}{}
		d.dst = wire.AppendBytes(d.dst, name)
		if !d.value(p.items, key+1) {
			return d.within(datapath.Key(name))
		}
	}
	d.dst = append(d.dst, 0)
	return true
}

func (d *jsonReader) record(p *jsonPlan, v int) bool {
	if d.text.Kind(v) != jsontext.Object {
		return d.wrong(p, v)
	}
	if p.recursive {
		if d.depth++; d.depth > d.conf.MaxDepth {
			return d.fail(v, fmt.Errorf("%w: records nested deeper than %d (WithMaxDepth)", ErrLimit, d.conf.MaxDepth))
		}
		defer func() { d.depth-- }()
	}
	base := len(d.found)
	d.found = slices.Grow(d.found, len(p.fields))[:base+len(p.fields)]
	clear(d.found[base:])
	defer func() { d.found = d.found[:base] }()
	next := 0 // the field after the one before: most texts have them in the schema's order
	for key := v + 1; key < d.text.Next(v); key = d.text.Next(key + 1) {
		name, i := d.text.textView(key), next
		if i == len(p.fields) || string(name) != p.compiledSchema.fields[i].name {
			var ok bool
			if i, ok = p.index[string(name)]; !ok {
				return d.fail(key, fmt.Errorf("%s has no field %s", p.describe(), short(d.text.Raw(key))))
			}
		}
		next = i + 1
		if d.found[base+i] != 0 {
			return d.fail(key, fmt.Errorf("the field %s is there twice", p.compiledSchema.fields[i].name))
		}
		d.found[base+i] = key + 1
	}
	for i := range p.fields {
		f := &p.compiledSchema.fields[i]
		switch at := d.found[base+i]; {
		case at != 0:
			if !d.value(p.fields[i].plan, at) {
				return d.within(f.name)
			}
		case f.has && d.conf.json.defaults:
			if d.filled -= len(f.def); d.filled < 0 {
				return d.fail(v, fmt.Errorf("%w: defaults of more than %d bytes (WithMaxBytes)", ErrLimit, resolution.MaxFilled(&d.conf.Settings, len(d.text.Src))))
			}
			d.dst = append(d.dst, f.def...)
		default:
			return d.fail(v, fmt.Errorf("the field %s is missing", f.name))
		}
	}
	return true
}

func (d *jsonReader) union(p *jsonPlan, v int) bool {
	kind := d.text.Kind(v)
	if kind == jsontext.Object && (p.tagged || p.bare[jsontext.Object] == noBranch) {
		return d.tagged(p, v)
	}
	i := p.bare[kind]
	switch i {
	case noBranch:
		return d.wrong(p, v)
	case taggedBranch:
		return d.fail(v, fmt.Errorf(`%w: %s in %s; write {"branch": value}`, ErrAmbiguous, kind, p.branchNames()))
	}
	d.dst = wire.AppendLong(d.dst, int64(i))
	return d.value(p.branches[i].plan, v)
}

// tagged reads {"branch": value}.
func (d *jsonReader) tagged(p *jsonPlan, v int) bool {
	if d.text.Len(v) != 1 {
		return d.fail(v, fmt.Errorf(`JSON: an object of %s where {"branch": value} of %s belongs`, count.Of(d.text.Len(v), "member"), p.branchNames()))
	}
	i, ok := p.compiledSchema.index[string(d.text.textView(v+1))]
	if !ok {
		return d.fail(v+1, fmt.Errorf("no branch of %s is called %s", p.branchNames(), short(d.text.Raw(v+1))))
	}
	d.dst = wire.AppendLong(d.dst, int64(i))
	return d.value(p.branches[i].plan, v+2)
}

func (p *jsonPlan) branchNames() string { return resolution.Describe(p.node) }
