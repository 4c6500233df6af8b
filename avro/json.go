package avro

import (
	"errors"

	"github.com/kavro/kavro/avro/internal/resolution"
	"github.com/kavro/kavro/schemas"
)

// JSON turns data of one schema into JSON and back, without Go values in between.
//
// Its JSON is Avro's own ("JSON Encoding", Avro specification): what Java's
// JsonEncoder and JsonDecoder write and read. A value of a union other than null
// is {"branch": value}; bytes and fixed are strings of one character per byte;
// logical types are what lies underneath. NaN and the infinities are the strings
// "NaN", "Infinity" and "-Infinity". [WithPlainJSON] is for people and for
// programs that do not know Avro.
//
// Numbers are exact: longs beyond 2^53 keep their digits, floats are the
// shortest number that reads back the same.
//
// Safe for concurrent use.
type JSON struct {
	plan *jsonPlan
	conf config
}

// NewJSON prepares the JSON of a schema. s may not be nil. The error is an option's. Options: the
// limits, [WithPlainJSON], [WithRawLogicalTypes], [WithJSONDefaults],
// [WithValidUTF8].
func NewJSON(s *schemas.Schema, opts ...Option) (*JSON, error) {
	if s == nil {
		return nil, errors.New("avro: NewJSON: the schema is nil")
	}
	conf, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	sh, err := compileSchema(s.Root(), &conf)
	if err != nil {
		return nil, err
	}
	return newJSON(sh, conf), nil
}

func newJSON(s *compiledSchema, conf config) *JSON {
	return &JSON{plan: newJSONPlan(s, conf), conf: conf}
}

// Append reads one datum and appends its JSON to dst, without white space. Text
// that is not UTF-8 shows U+FFFD for every wrong byte; with [WithValidUTF8] it is
// an error.
//
// The error is a [*DecodeError]; dst is then returned as it was. The JSON is at
// most about 6 times as long as the datum, plus the names of fields, branches
// and symbols: together no more than a sixteenth of [WithMaxBytes], 16 MiB by
// default, and 256 bytes for each of the datum's.
func (j *JSON) Append(dst, datum []byte) ([]byte, error) {
	w := jsonWriter{datum: datum, utf8: j.conf.ValidUTF8, dst: dst, spare: j.conf.MaxEmptyItems + 16*len(datum), most: maxJSON(&j.conf.Settings, len(dst), len(datum))}
	w.r.Reset(datum, &j.conf.Settings)
	w.value(j.plan)
	if err := w.r.Done(); err != nil {
		if e, ok := err.(*DecodeError); ok {
			e.Path = w.path
		}
		return dst, err
	}
	return w.dst, nil
}

// AppendDatum reads JSON, one value with nothing but white space around it, and
// appends its datum to dst. Fields may come in any order, under their names or
// aliases; one that is missing, unknown or given twice is an error (but see
// [WithJSONDefaults]). Numbers must fit their types exactly, floats excepted,
// which are rounded to the nearest.
//
// The error is a [*DecodeError] whose offset is one in the JSON; dst is then
// returned as it was.
func (j *JSON) AppendDatum(dst, text []byte) ([]byte, error) {
	t, err := scanJSON(text)
	if err != nil {
		return dst, err
	}
	defer t.release()
	d := jsonReader{conf: &j.conf, text: t, dst: dst, filled: resolution.MaxFilled(&j.conf.Settings, len(text))}
	if !d.value(j.plan, 0) {
		return dst, d.err
	}
	return d.dst, nil
}
