package resolution

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/decimals"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// An exact resolution is for the other side: a program has encoded a value with
// its own schema, and the data are to be of another one. What a reader may do
// without, a writer may not lose. Beyond the rules of all resolutions:
//
//	field that the target lacks     it is its default; or, without one, zero or empty
//	field by an alias               a reader with own finds it there, or it is its default
//	enum symbol                     the target has it: its default is for readers
//	int, long as float or double    the number is exact
//	bytes as string                 the bytes are UTF-8
//	logical types                   the same, or only one side has one; a decimal's digits and
//	                                a UUID's text fit the target's
//	union branch                    the target's of the same name, and no other branch goes there,
//	                                numbers excepted
//
// So a reader with the program's own schema gets the value that was written, or
// none at all. What has the same name in both is the same, whatever aliases say.

// A check looks at the writer's bytes of one value, which are well-formed.
type check func(value []byte) error

// exactly completes the match of two primitive types or fixed: x is refused, or
// gets a check.
func (m *matcher) exactly(x *match) *match {
	if !m.Exact {
		return x
	}
	own, target := x.writer.Logical(), x.reader.Logical()
	if x.kind == matchPromote && (isDecimal(own) || isDecimal(target)) {
		return x.refuse("text is no decimal, nor a decimal text")
	}
	if own.Name != "" && target.Name != "" && (own.Name != target.Name || own.Scale != target.Scale) {
		return x.refuse("the logical types differ: " + logicalText(own) + " and " + logicalText(target))
	}
	switch {
	case target.Name == "decimal" && (own.Name == "" || own.Precision > target.Precision):
		x.check = checkDigits(x.writer.Type() == schemas.Fixed, target.Precision)
	case target.Name == "big-decimal" && own.Name == "":
		x.check = m.CheckBigDecimal(x.reader)
	case target.Name == "uuid" && own.Name == "" && x.reader.Type() == schemas.String:
		x.check = checkUUID
	case x.reader.Type() == schemas.String && x.writer.Type() == schemas.Bytes:
		x.check = checkText
	case x.reader.Type() == schemas.Float && x.writer.Type() != schemas.Float:
		x.check = checkFloat
	case x.reader.Type() == schemas.Double && x.writer.Type() == schemas.Long:
		x.check = checkDouble
	}
	return x
}

func isDecimal(l schemas.Logical) bool { return l.Name == "decimal" || l.Name == "big-decimal" }

func logicalText(l schemas.Logical) string {
	if l.Name == "decimal" {
		return fmt.Sprintf("decimal(%d,%d)", l.Precision, l.Scale)
	}
	return l.Name
}

// checkDigits returns the check that a decimal has at most so many digits.
func checkDigits(fixed bool, precision int) check {
	limit, err := decimals.Power10(precision)
	if err != nil {
		return func([]byte) error { return err }
	}
	// 8n-1 bits hold no number beyond the limit.
	short := (limit.BitLen() - 1) / 8
	return func(value []byte) error {
		if !fixed {
			var err error
			if value, _, err = wire.Bytes(value, 0); err != nil {
				return err
			}
		}
		if len(value) <= short {
			return nil
		}
		n := new(big.Int).SetBytes(value)
		if value[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(value))))
		}
		if n.CmpAbs(limit) >= 0 {
			return fmt.Errorf("a decimal of more than %d digits: %w", precision, avrort.ErrRange)
		}
		return nil
	}
}

func checkUUID(value []byte) error {
	text, _, err := wire.Bytes(value, 0)
	if err != nil {
		return err
	}
	_, err = avrort.ParseUUID(string(text[:min(len(text), 64)])) // longer than any
	return err
}

func checkText(value []byte) error {
	text, _, err := wire.Bytes(value, 0)
	if err == nil && !utf8.Valid(text) {
		err = errors.New("bytes that are not UTF-8 cannot be written as a string")
	}
	return err
}

func checkFloat(value []byte) error {
	return checkWhole(value, "float", func(n int64) float64 { return float64(float32(n)) })
}

func checkDouble(value []byte) error {
	return checkWhole(value, "double", func(n int64) float64 { return float64(n) })
}

func checkWhole(value []byte, as string, convert func(int64) float64) error {
	n, _, err := wire.Long(value, 0)
	if err != nil {
		return err
	}
	// Beyond 2^63 a conversion back is undefined.
	if f := convert(n); f >= 1<<63 || int64(f) != n {
		return fmt.Errorf("%d is not exact as a %s: %w", n, as, avrort.ErrRange)
	}
	return nil
}

// isUnset returns the check that a field, which the target does not have, holds
// nothing that would be lost.
func (c *Config) isUnset(record *match, f *schemas.Field) check {
	target := Describe(record.reader)
	if check := c.isDefault(f, func() error {
		return fmt.Errorf("the field is set (it is not its default), and %s of the schema to be written does not have it", target)
	}); check != nil {
		return check
	}
	return func(value []byte) error {
		if _, zero := zeroValue(f.Type(), value, 0); !zero {
			return fmt.Errorf("the field is set (it is not zero), and %s of the schema to be written does not have it", target)
		}
		return nil
	}
}

// isDefault returns the check that a field holds its default, or nil if it has none.
func (c *Config) isDefault(f *schemas.Field, fault func() error) check {
	def, err := c.AppendDefault(nil, f)
	if err != nil {
		return nil
	}
	same := c.SameValue(f.Type())
	return func(value []byte) error {
		if bytes.Equal(value, def) || same(value, def) {
			return nil
		}
		return fault()
	}
}

// zeroValue reports whether the value of type n at src[at:] is null, false, 0, or
// empty, and where it ends if so. A symbol never is: somebody chose it.
func zeroValue(n *schemas.Node, src []byte, at int) (next int, zero bool) {
	switch n.Type() {
	case schemas.Null:
		return at, true
	case schemas.Record:
		for _, f := range n.Fields() {
			if at, zero = zeroValue(f.Type(), src, at); !zero {
				return at, false
			}
		}
		return at, true
	case schemas.Union:
		i, next, err := wire.Int(src, at)
		return next, err == nil && i >= 0 && int(i) < len(n.Branches()) && n.Branches()[i].Type() == schemas.Null
	case schemas.Enum:
		return at, false
	}
	size := 1 // a number, false, a length or the end of an array
	switch n.Type() {
	case schemas.Fixed:
		size = n.Size()
	case schemas.Float:
		size = 4
	case schemas.Double:
		size = 8
	}
	if size > len(src)-at {
		return at, false
	}
	for _, b := range src[at : at+size] {
		if b != 0 {
			return at, false
		}
	}
	return at + size, true
}

// keepApart refuses branches of a writer's union that could not be told from
// another one any more: they go to the same branch of the target, which is another
// type than theirs. Numbers are what they are.
func (m *matcher) keepApart(x *match) {
	own := x.writer.Branches()
	refused := map[int]*match{}
	for i, b := range x.branches {
		target := x.reader
		if b.to >= 0 {
			target = x.reader.Branches()[b.to]
		}
		if b.match.kind == matchNone || numeric(own[i].Type()) || own[i].Type() == target.Type() && own[i].FullName() == target.FullName() {
			continue
		}
		for j, other := range x.branches {
			if j != i && other.to == b.to && other.match.kind != matchNone {
				refused[i] = refuse(own[i], target, "another branch of the union, "+own[j].BranchName()+", is written as that")
				break
			}
		}
	}
	for i, x1 := range refused {
		x.branches[i].match = x1
	}
}

func numeric(t schemas.Type) bool {
	return t == schemas.Int || t == schemas.Long || t == schemas.Float || t == schemas.Double
}
