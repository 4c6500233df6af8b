package resolution

// A graph is what can be reached from a node. Schemas and the matches between
// them are graphs, cyclic ones where types are recursive.
//
// Nodes have numbers, so that what is known about them stands in slices: there is
// one look into a map for each reference.
type graph[N comparable] struct {
	order  []N       // every node once, children first, but for cycles
	number map[N]int // of a node, for the slices
	nodes  []graphNode
	edges  []graphEdge
}

// graphNode is what is known about a node.
type graphNode struct {
	uses    int // number of references to it
	parents int // the last of the edges to it, -1 if there is none
	open    bool
	loops   bool // some cycle comes back to it; every cycle has one such
}

// graphEdge is a reference.
type graphEdge struct {
	parent int // number of the node that refers
	before int // the edge before it to the same node, -1 if there is none
}

// newGraph visits everything that can be reached from root. children returns the
// nodes that a node refers to, one for each reference.
func newGraph[N comparable](root N, children func(N) []N) *graph[N] {
	g := &graph[N]{number: map[N]int{root: 0}, nodes: []graphNode{{parents: -1}}}
	var visit func(n N, number int)
	visit = func(n N, number int) {
		g.nodes[number].open = true
		for _, c := range children(n) {
			child, seen := g.number[c]
			if !seen {
				child = len(g.nodes)
				g.number[c] = child
				g.nodes = append(g.nodes, graphNode{parents: -1})
			}
			to := &g.nodes[child]
			to.uses++
			g.edges = append(g.edges, graphEdge{number, to.parents})
			to.parents = len(g.edges) - 1
			to.loops = to.loops || to.open
			if !seen {
				visit(c, child)
			}
		}
		g.nodes[number].open = false
		g.order = append(g.order, n)
	}
	visit(root, 0)
	return g
}

// uses is the number of references to a node; loops says that some cycle comes
// back to it.
func (g *graph[N]) uses(n N) int   { return g.nodes[g.number[n]].uses }
func (g *graph[N]) loops(n N) bool { return g.nodes[g.number[n]].loops }

// A graphSet is some of a graph's nodes.
type graphSet[N comparable] struct {
	number map[N]int
	in     []bool
}

func (s graphSet[N]) has(n N) bool { return s.in[s.number[n]] }

// grow finds the smallest set of nodes such that a node is in it once as many
// of its children are as need says (counted by reference; 0: at once).
func (g *graph[N]) grow(need func(N) int) graphSet[N] {
	out := graphSet[N]{g.number, make([]bool, len(g.nodes))}
	missing := make([]int, len(g.nodes))
	var todo []int
	for _, n := range g.order {
		i := g.number[n]
		if missing[i] = need(n); missing[i] == 0 {
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		out.in[i] = true
		for e := g.nodes[i].parents; e >= 0; e = g.edges[e].before {
			p := g.edges[e].parent
			if missing[p]--; missing[p] == 0 {
				todo = append(todo, p)
			}
		}
	}
	return out
}
