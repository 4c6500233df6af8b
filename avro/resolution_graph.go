package avro

// A graph is what can be reached from a node. Schemas and the matches between
// them are graphs, cyclic ones where types are recursive.
type graph[N comparable] struct {
	order   []N        // every node once, children first, but for cycles
	uses    map[N]int  // number of references to a node
	loops   map[N]bool // some cycle comes back to this node; every cycle has one such
	parents map[N][]N  // one for each reference
}

// newGraph walks everything that can be reached from root. children returns the
// nodes that a node refers to, one for each reference.
func newGraph[N comparable](root N, children func(N) []N) *graph[N] {
	g := &graph[N]{uses: map[N]int{}, loops: map[N]bool{}, parents: map[N][]N{}}
	open := map[N]bool{} // false: done
	var visit func(N)
	visit = func(n N) {
		open[n] = true
		for _, c := range children(n) {
			g.uses[c]++
			g.parents[c] = append(g.parents[c], n)
			if inside, seen := open[c]; !seen {
				visit(c)
			} else if inside {
				g.loops[c] = true
			}
		}
		open[n] = false
		g.order = append(g.order, n)
	}
	visit(root)
	return g
}

// grow finds the smallest set of nodes such that a node is in it once as many
// of its children are as need says (counted by reference; 0: at once).
func (g *graph[N]) grow(need func(N) int) map[N]bool {
	set := make(map[N]bool, len(g.order))
	missing := make(map[N]int, len(g.order))
	var todo []N
	for _, n := range g.order {
		if missing[n] = need(n); missing[n] == 0 {
			todo = append(todo, n)
		}
	}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		set[n] = true
		for _, p := range g.parents[n] {
			if missing[p]--; missing[p] == 0 {
				todo = append(todo, p)
			}
		}
	}
	return set
}
