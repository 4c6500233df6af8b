package bench

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/bench/generated"
	"github.com/kavro/kavro/schemas"
)

// orderByHand is the fastest encoder of an Order that we know how to write by hand, the measure of the generated
// one: it reserves memory once, and stores each value where it belongs.
func orderByHand() Entry {
	sample := GeneratedOrder()
	codec := must(avro.NewCodec[generated.Order](schemas.MustParse(orderText)))
	var buf []byte
	return Entry{Shape: "Order", Op: Encode, Library: "measure: written by hand", Of: KavroGenerated,
		Run: func() (err error) {
			buf, err = appendOrder(buf[:0], &sample)
			return err
		},
		Check: func() error {
			var back generated.Order
			if err := codec.Decode(buf, &back); err != nil {
				return err
			}
			return equal(back, sample)
		},
	}
}

const longest = 10 // bytes of a varint

func appendOrder(dst []byte, v *generated.Order) ([]byte, error) {
	need := len(v.ID) + len(v.Currency) + 5*longest + 1 + 8 + 1
	if v.Note != nil {
		need += len(*v.Note) + longest
	}
	for i := range v.Lines {
		need += len(v.Lines[i].SKU) + 2*longest + 8
	}
	n := len(dst)
	dst = slices.Grow(dst, need)
	b := dst[:cap(dst)]
	n = putString(b, n, v.ID)
	n = putLong(b, n, v.CustomerID)
	n = putLong(b, n, v.PlacedAt.UnixMilli())
	if uint32(v.Status) > uint32(generated.StatusCancelled) {
		return dst, errors.New("no such status")
	}
	b[n] = byte(v.Status) << 1
	n++
	n = putDouble(b, n, v.Total)
	n = putString(b, n, v.Currency)
	if v.Note == nil {
		b[n] = 0
		n++
	} else {
		b[n] = 2
		n = putString(b, n+1, *v.Note)
	}
	if len(v.Lines) > 0 {
		n = putLong(b, n, int64(len(v.Lines)))
		for i := range v.Lines {
			l := &v.Lines[i]
			n = putString(b, n, l.SKU)
			n = putLong(b, n, int64(l.Qty))
			n = putDouble(b, n, l.Price)
		}
	}
	b[n] = 0
	n++
	if len(v.Tags) > 0 {
		n = putLong(b, n, int64(len(v.Tags)))
		for k, x := range v.Tags {
			if more := len(k) + len(x) + 2*longest + 2; len(b)-n < more {
				dst = slices.Grow(b[:n], more)
				b = dst[:cap(dst)]
			}
			n = putString(b, n, k)
			n = putString(b, n, x)
		}
	}
	b[n], b[n+1] = 0, 0
	if v.Express {
		b[n+1] = 1
	}
	return b[:n+2], nil
}

func putLong(b []byte, n int, v int64) int {
	u := uint64(v)<<1 ^ uint64(v>>63)
	for u >= 0x80 {
		b[n] = byte(u) | 0x80
		u >>= 7
		n++
	}
	b[n] = byte(u)
	return n + 1
}

func putDouble(b []byte, n int, v float64) int {
	binary.LittleEndian.PutUint64(b[n:], math.Float64bits(v))
	return n + 8
}

func putString(b []byte, n int, s string) int {
	if len(s) < 64 {
		b[n] = byte(len(s) << 1)
		n++
	} else {
		n = putLong(b, n, int64(len(s)))
	}
	return n + copy(b[n:], s)
}
