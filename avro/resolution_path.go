package avro

import (
	"strconv"

	"github.com/kavro/kavro/internal/wire"
)

// path says where in the writer's value an instruction stands, given the loops
// and calls around it, and the innermost loop's state.
func (m *machine) path(pc int, items loop) string {
	frames := m.frames
	if in := m.code[pc]; in.op == opLoop || in.op == opNext { // between items: the array or map itself
		frames, pc = frames-1, int(in.a)
	}
	text := ""
	for i := range frames {
		f := m.frame(i)
		in := &m.code[f.pc]
		text = appendPath(text, m.placeOf(int(f.pc)))
		if in.op == opCall {
			continue
		}
		state := items
		if i+1 < m.frames {
			state = m.frame(i + 1).outer
		}
		if in.c&itemsKeyed == 0 {
			text = appendPath(text, "["+strconv.FormatInt(state.until-int64(state.left), 10)+"]")
		} else if key, _, err := wire.Bytes(m.src, state.begin); err == nil {
			text = appendPath(text, "["+quoteKey(key)+"]")
		}
	}
	return appendPath(text, m.placeOf(pc))
}

func (p *program) placeOf(pc int) string {
	text := ""
	for at := p.where[pc]; at >= 0; at = p.places[at].parent {
		text = joinPath(p.places[at].step, text)
	}
	return text
}

func appendPath(path, step string) string {
	if path == "" || step == "" {
		return path + step
	}
	return joinPath(path, step)
}

// quoteKey quotes a map's key for a path, cut to what a person cares to read.
func quoteKey(key []byte) string {
	const enough = 64
	if len(key) > enough {
		return strconv.Quote(string(key[:enough]) + "...")
	}
	return strconv.Quote(string(key))
}
