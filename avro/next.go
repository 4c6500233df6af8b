package avro

import (
	"errors"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/resolution"
)

// Data that stand one behind the other, as in the blocks of a container file, are
// read one by one: a datum does not say how long it is, its schema does.

// DecodeNext is [Codec.Decode] for the datum that data begins with. It returns
// what follows, which aliases data.
func (c *Codec[T]) DecodeNext(data []byte, v *T) (rest []byte, err error) {
	if v == nil {
		return data, &DecodeError{Err: errors.New("the value to decode into is nil")}
	}
	r := c.readers.Get().(*avrort.Reader)
	r.Rewind(data)
	c.read(r, v)
	err, size := r.Err(), r.Offset()
	c.release(r)
	if err != nil {
		return data, located(err, c.compiled, data, &c.env.cfg)
	}
	return data[size:], nil
}

// AppendNext is [Resolution.Append] for the datum that data begins with. It
// returns what follows, which aliases data.
func (r *Resolution) AppendNext(dst, data []byte) (out, rest []byte, err error) {
	out, size, err := r.program.Run(dst, data, &r.limits, resolution.More)
	if err != nil {
		return dst, data, err
	}
	return out, data[size:], nil
}
