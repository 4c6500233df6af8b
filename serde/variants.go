package serde

import (
	"fmt"
	"slices"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// variantsDecoder decodes the types of [WithVariant]. The writer's schema is the schema of one of
// them, or a union whose branch each datum selects.
type variantsDecoder[T any] struct {
	branches []variantBranch // one, unless union
	union    bool
}

// variantBranch decodes the data of one branch.
type variantBranch struct {
	variant *variant         // nil: null, or err
	res     *avro.Resolution // nil: the datum is decoded as it is
	err     error            // why data of this branch cannot be read
}

// newVariantsDecoder compiles the way from writer to the variants. The error says
// why no data can be read.
func newVariantsDecoder[T any](variants []*variant, writer *schemas.Schema, opts []avro.Option) (*variantsDecoder[T], error) {
	if writer.Root().Type() != schemas.Union {
		b := newVariantBranch(variants, writer.Root(), opts)
		return &variantsDecoder[T]{branches: []variantBranch{b}}, b.err
	}
	d := &variantsDecoder[T]{union: true}
	var err error
	readable := false
	for _, n := range writer.Root().Branches() {
		b := variantBranch{}
		if n.Type() != schemas.Null {
			if b = newVariantBranch(variants, n, opts); err == nil {
				err = b.err
			}
			readable = readable || b.err == nil
		}
		d.branches = append(d.branches, b)
	}
	if !readable {
		return nil, err
	}
	return d, nil
}

func newVariantBranch(variants []*variant, writer *schemas.Node, opts []avro.Option) (b variantBranch) {
	if b.variant = variantFor(variants, writer); b.variant == nil {
		b.err = &SchemaMismatchError{Err: fmt.Errorf("%s is none of the %s that WithVariant names", writer.BranchName(), count.Of(len(variants), "type"))}
		return b
	}
	res, err := avro.NewResolution(writer.Schema(), b.variant.schema, opts...)
	if err != nil {
		b.err = &SchemaMismatchError{Err: err}
	} else if !res.Identical() {
		b.res = res
	}
	return b
}

// variantFor finds the type for a writer's schema by name, then by alias.
func variantFor(variants []*variant, writer *schemas.Node) *variant {
	name := writer.BranchName()
	for _, v := range variants {
		if v.schema.Root().BranchName() == name {
			return v
		}
	}
	for _, v := range variants {
		if slices.Contains(v.schema.Root().Aliases(), name) {
			return v
		}
	}
	return nil
}

// branchOf returns the branch of a datum, and the offset of its value.
func (d *variantsDecoder[T]) branchOf(datum []byte) (b *variantBranch, at int, err error) {
	if !d.union {
		return &d.branches[0], 0, nil
	}
	i, at, err := wire.Int(datum, 0)
	if err == nil && (i < 0 || int(i) >= len(d.branches)) {
		err = fmt.Errorf("union index %d, there are %d: %w", i, len(d.branches), avro.ErrRange)
	}
	if err != nil {
		return nil, 0, &avro.DecodeError{Err: err}
	}
	return &d.branches[i], at, nil
}

// decode sets v from a datum of the variant's own schema, or from nothing if it is
// null.
func (b *variantBranch) decode(datum []byte) (any, error) {
	if b.variant != nil {
		return b.variant.decode(datum)
	}
	if len(datum) > 0 {
		return nil, &avro.DecodeError{Err: fmt.Errorf("%w: %s", avro.ErrTrailing, count.Of(len(datum), "byte"))}
	}
	return nil, nil
}
