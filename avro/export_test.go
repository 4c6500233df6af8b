package avro

import (
	"reflect"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// TypedCodec is a codec for a Go type that is made at run time, for tests that
// make types from schemas. It runs the plans that Codec runs.
type TypedCodec struct {
	compiled *compiledSchema
	plan     *plan
}

func NewTypedCodec(t reflect.Type, s *schemas.Schema, opts ...Option) (*TypedCodec, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	sh, err := compileSchema(s.Root(), &cfg)
	if err != nil {
		return nil, err
	}
	p, err := newPlanner(&env{cfg: cfg}).compile(t, sh)
	return &TypedCodec{sh, p}, err
}

// NewTypedProjection is [NewProjection] for a Go type that is made at run time.
func NewTypedProjection(t reflect.Type, writer *schemas.Schema) (*TypedCodec, error) {
	cfg, err := newConfig(nil)
	if err != nil {
		return nil, err
	}
	sh, err := compileSchema(writer.Root(), &cfg)
	if err != nil {
		return nil, err
	}
	b := newPlanner(&env{cfg: cfg})
	b.projects = true
	p, err := b.compile(t, sh)
	return &TypedCodec{sh, p}, err
}

// Append appends v, which is addressable.
func (c *TypedCodec) Append(dst []byte, v reflect.Value) ([]byte, error) {
	return c.plan.append(dst, pointerOf(v), 0)
}

// Decode decodes into v, which is addressable.
func (c *TypedCodec) Decode(datum []byte, v reflect.Value) error {
	r := avrort.NewReader(datum, &c.plan.env.cfg.Settings)
	c.plan.decode(r, pointerOf(v))
	if err := r.Done(); err != nil {
		return located(err, c.compiled, datum, &c.plan.env.cfg)
	}
	return nil
}

// Skip passes over a datum of s in the two ways that there are, each of which stops at a value that is wrong:
// by steps, which return an offset below 0, and by the Reader, which returns an error.
func Skip(s *schemas.Schema, datum []byte, opts ...Option) (steps, reader int, err error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return 0, 0, err
	}
	compiled, err := compileSchema(s.Root(), &cfg)
	if err != nil {
		return 0, 0, err
	}
	k := skipRun{src: datum, lim: &cfg.Settings}
	steps = k.run(skipCompiler{}.part(compiled).steps, 0)
	r := avrort.NewReader(datum, &cfg.Settings)
	pass(r, compiled)
	return steps, r.Offset(), r.Err()
}
