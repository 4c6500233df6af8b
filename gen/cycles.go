package gen

import "github.com/kavro/kavro/schemas"

// findCycles finds the records that can contain themselves, which bound their
// depth, and those that do so by value, which hold pointers instead.
func (g *generator) findCycles() {
	for _, members := range g.components(reached) {
		shared := &group{members}
		for _, t := range members {
			t.group = shared
		}
	}
	for i, members := range g.components(held) {
		for _, t := range members {
			t.value = i + 1
		}
	}
}

// reached yields the named types that n's values may contain, without looking
// into those.
func reached(n *schemas.Node, yield func(*schemas.Node)) {
	if n.FullName() != "" {
		yield(n)
		return
	}
	for _, b := range n.Branches() {
		reached(b, yield)
	}
	if n.Items() != nil {
		reached(n.Items(), yield)
	}
}

// held yields the named type that a Go value for n contains by value.
func held(n *schemas.Node, yield func(*schemas.Node)) {
	if n.Type() == schemas.Union && len(n.Branches()) == 1 {
		held(n.Branches()[0], yield)
	} else if n.FullName() != "" {
		yield(n)
	}
}

// components are the strongly connected sets of types that have a cycle, by
// Tarjan's algorithm.
func (g *generator) components(edges func(*schemas.Node, func(*schemas.Node))) [][]*named {
	index, low := map[*named]int{}, map[*named]int{}
	onStack, self := map[*named]bool{}, map[*named]bool{}
	var stack []*named
	var out [][]*named
	var visit func(t *named)
	visit = func(t *named) {
		index[t] = len(index) + 1
		low[t] = index[t]
		stack, onStack[t] = append(stack, t), true
		for _, f := range t.node.Fields() {
			edges(f.Type(), func(n *schemas.Node) {
				next := g.named[n.FullName()]
				self[t] = self[t] || next == t
				if index[next] == 0 {
					visit(next)
					low[t] = min(low[t], low[next])
				} else if onStack[next] {
					low[t] = min(low[t], index[next])
				}
			})
		}
		if low[t] != index[t] {
			return
		}
		var members []*named
		for {
			last := stack[len(stack)-1]
			stack, onStack[last] = stack[:len(stack)-1], false
			members = append(members, last)
			if last == t {
				break
			}
		}
		if len(members) > 1 || self[t] {
			out = append(out, members)
		}
	}
	for _, t := range g.order {
		if index[t] == 0 {
			visit(t)
		}
	}
	return out
}
