package bench

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/bench/generated"
	"github.com/kavro/kavro/schemas"
)

// orderReadByHand is a decoder of an Order as one writes it by hand for speed, the measure of the generated one
// that decodes over an older value. It checks lengths and counts, and gives no reason for what is wrong.
func orderReadByHand() Entry {
	sample := GeneratedOrder()
	datum := must(must(avro.NewCodec[generated.Order](schemas.MustParse(orderText))).Append(nil, &sample))
	var kept generated.Order
	return Entry{Shape: "Order", Op: DecodeReused, Library: "measure: written by hand", Of: KavroGenerated,
		Run:   func() error { return readOrder(datum, &kept) },
		Check: func() error { return equal(kept, sample) },
	}
}

var errMalformed = errors.New("malformed")

// handReader reads a datum. Strings share one copy of it, from the first on that is not the older one.
type handReader struct {
	src    []byte
	at     int
	text   string
	textAt int
	failed bool
}

func readOrder(src []byte, v *generated.Order) error {
	r := handReader{src: src}
	v.ID = r.string(v.ID)
	v.CustomerID = r.long()
	v.PlacedAt = time.UnixMilli(r.long()).UTC()
	v.Status = generated.Status(r.long())
	v.Total = r.double()
	v.Currency = r.string(v.Currency)
	switch r.long() {
	case 0:
		v.Note = nil
	case 1:
		if v.Note == nil {
			v.Note = new(string)
		}
		*v.Note = r.string(*v.Note)
	default:
		return errMalformed
	}
	lines := v.Lines[:0]
	for n := r.count(10); n > 0; n = r.count(10) {
		have := len(lines)
		lines = slices.Grow(lines, n)[:have+n]
		for i := have; i < len(lines); i++ {
			l := &lines[i]
			l.SKU = r.string(l.SKU)
			l.Qty = int32(r.long())
			l.Price = r.double()
		}
	}
	v.Lines = lines
	clear(v.Tags)
	for n := r.count(2); n > 0; n = r.count(2) {
		if v.Tags == nil {
			v.Tags = make(map[string]string, n)
		}
		for range n {
			key := r.string("")
			v.Tags[key] = r.string("")
		}
	}
	v.Express = r.long() != 0
	if r.failed || r.at != len(src) || uint32(v.Status) > uint32(generated.StatusCancelled) {
		return errMalformed
	}
	return nil
}

func (r *handReader) long() int64 {
	if r.at < len(r.src) && r.src[r.at] < 0x80 {
		u := r.src[r.at]
		r.at++
		return int64(u>>1) ^ -int64(u&1)
	}
	u, n := binary.Uvarint(r.src[r.at:])
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.at += n
	return int64(u>>1) ^ -int64(u&1)
}

// count is the number of items of a block without a size.
func (r *handReader) count(least int) int {
	n := r.long()
	if n < 0 || n > int64(len(r.src)-r.at)/int64(least) {
		r.failed = true
		return 0
	}
	return int(n)
}

func (r *handReader) double() float64 {
	if len(r.src)-r.at < 8 {
		r.failed = true
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.src[r.at:]))
	r.at += 8
	return v
}

func (r *handReader) string(old string) string {
	n := r.long()
	if n < 0 || n > int64(len(r.src)-r.at) {
		r.failed = true
		return ""
	}
	at := r.at
	r.at += int(n)
	if string(r.src[at:r.at]) == old {
		return old
	}
	if r.text == "" {
		r.text, r.textAt = string(r.src[at:]), at
	}
	return r.text[at-r.textAt : r.at-r.textAt]
}
