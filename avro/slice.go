package avro

import (
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/wire"
)

// Arrays are slices: written as one block, read from any number of them.

func (p *plan) appendArray(dst []byte, v ptr, depth int) ([]byte, error) {
	n := sliceLen(v)
	dst = wire.AppendBlock(dst, n)
	items, size, item := itemsOf(v), p.size, p.item
	var err error
	for i := range n {
		if item.code == codeRecord {
			dst, err = item.appendRecord(dst, itemAt(items, i, size), depth)
		} else {
			dst, err = item.append(dst, itemAt(items, i, size), depth)
		}
		if err != nil {
			return dst, avrort.WithinItem(err, i)
		}
	}
	return wire.AppendBlocksEnd(dst, n), nil
}

func (p *plan) decodeArray(r *avrort.Reader, v ptr) {
	have, least := 0, p.item.compiled.min
	for n := r.Block(0, least); n > 0; n = r.Block(have, least) {
		resize(v, p.typ, have, have+n)
		items, size, item := itemsOf(v), p.size, p.item
		for i := have; i < have+n; i++ {
			if item.code == codeRecord {
				item.decodeRecord(r, itemAt(items, i, size))
			} else {
				item.decode(r, itemAt(items, i, size))
			}
			if r.Err() != nil {
				return
			}
		}
		have += n
	}
	if have == 0 {
		resize(v, p.typ, 0, 0)
	}
}

// fillNumbers is decodeArray for plain numbers.
func fillNumbers[T any](r *avrort.Reader, at *[]T, read func(*avrort.Reader, []T) []T) {
	if *at = read(r, *at); *at == nil {
		*at = []T{}
	}
}

// fillStrings is decodeArray for strings, which are kept if they are the same.
func fillStrings(r *avrort.Reader, at *[]string) {
	s := (*at)[:0]
	if s == nil {
		s = []string{}
	}
	for n := r.Block(0, 1); n > 0; n = r.Block(len(s), 1) {
		have := len(s)
		s = avrort.Extend(s, n)
		for i := have; i < len(s); i++ {
			s[i] = r.ReuseString(s[i])
		}
		if r.Err() != nil {
			break
		}
	}
	*at = s
}
