package resolution

import (
	"strconv"

	"github.com/kavro/kavro/avro/internal/datapath"
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
		text = appendPath(text, m.stepsTo(int(f.pc)))
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
			text = appendPath(text, datapath.Key(key))
		}
	}
	return appendPath(text, m.stepsTo(pc))
}

func (p *Program) stepsTo(pc int) string {
	text := ""
	for at := p.where[pc]; at >= 0; at = p.steps[at].parent {
		text = datapath.Join(p.steps[at].name, text)
	}
	return text
}

func appendPath(path, step string) string {
	if path == "" || step == "" {
		return path + step
	}
	return datapath.Join(path, step)
}
