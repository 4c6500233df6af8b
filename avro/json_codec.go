package avro

import (
	"sync"
)

// jsonOnce is the JSON of a codec's schema, prepared when it is first asked for,
// and buffers for the data in between.
type jsonOnce struct {
	once    sync.Once
	json    *JSON
	buffers sync.Pool // of *[]byte
}

// maxKeptBuffer is the largest buffer kept for reuse, in bytes.
const maxKeptBuffer = 64 << 10

func (o *jsonOnce) get(s *compiledSchema, conf config) *JSON {
	o.once.Do(func() { o.json = newJSON(s, conf) })
	return o.json
}

func (o *jsonOnce) buffer() *[]byte {
	if b, ok := o.buffers.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

func (o *jsonOnce) keep(b *[]byte) {
	if cap(*b) <= maxKeptBuffer {
		o.buffers.Put(b)
	}
}

// AppendJSON appends v as JSON to dst: Avro's own, or plain JSON if the codec was
// made with [WithPlainJSON]; [JSON] describes both.
//
// The error is an [*EncodeError]; dst is then returned as it was.
func (c *Codec[T]) AppendJSON(dst []byte, v *T) ([]byte, error) {
	b := c.json.buffer()
	defer c.json.keep(b)
	datum, err := c.Append((*b)[:0], v)
	if err != nil {
		return dst, err
	}
	*b = datum
	out, err := c.json.get(c.compiled, c.env.cfg).Append(dst, datum)
	if e, ok := err.(*DecodeError); ok { // of a generated type's own bytes, or of a limit
		return dst, &EncodeError{Path: e.Path, Err: e.Err}
	}
	return out, err
}

// DecodeJSON reads JSON as AppendJSON writes it into v, in the manner of
// [Codec.Decode].
//
// The error is a [*DecodeError], whose offset is one in the JSON, or 0 where the
// JSON is fine and its value does not fit T.
func (c *Codec[T]) DecodeJSON(src []byte, v *T) error {
	b := c.json.buffer()
	defer c.json.keep(b)
	datum, err := c.json.get(c.compiled, c.env.cfg).AppendDatum((*b)[:0], src)
	if err != nil {
		return err
	}
	*b = datum
	err = c.Decode(datum, v)
	if e, ok := err.(*DecodeError); ok {
		e.Offset = 0
	}
	return err
}
