package main

import (
	"cmp"
	"math"
	"slices"
)

// A graph has no cycles, because imports have none.
type graph struct {
	nodes []string
	edges []edge
}

type edge struct{ from, to string }

// The layout is that of Sugiyama, Tagawa and Toda (1981): nodes in rows, each above all that it
// points to; an arrow that crosses rows bends at a point in each of them; the order
// within a row follows the neighbours, and so does the place.
//
// Positions are whole numbers, so that the picture is the same on every machine.
type layout struct {
	rows [][]*point // from the top
	ways [][]*point // of each edge, from its beginning to its end
}

// A point is a node, or a bend with no name.
type point struct {
	name       string
	row, x     int // x is the middle
	width      int
	above, low []*point
}

const (
	rowHeight = 84
	boxHeight = 30
	between   = 22 // boxes of a row
	sweeps    = 24
)

func newLayout(g *graph) *layout {
	depth := map[string]int{} // the longest way down
	var depthOf func(name string) int
	depthOf = func(name string) int {
		if _, known := depth[name]; !known {
			d := 0
			for _, e := range g.edges {
				if e.from == name {
					d = max(d, depthOf(e.to)+1)
				}
			}
			depth[name] = d
		}
		return depth[name]
	}
	deepest := 0
	for _, name := range g.nodes {
		deepest = max(deepest, depthOf(name))
	}

	l := &layout{rows: make([][]*point, deepest+1)}
	add := func(name string, row, width int) *point {
		p := &point{name: name, row: row, width: width}
		l.rows[row] = append(l.rows[row], p)
		return p
	}
	points := map[string]*point{}
	for _, name := range g.nodes {
		points[name] = add(name, deepest-depth[name], textWidth(name)+20)
	}
	for _, e := range g.edges {
		way := []*point{points[e.from]}
		for row := points[e.from].row + 1; row < points[e.to].row; row++ {
			way = append(way, add("", row, 8))
		}
		way = append(way, points[e.to])
		for i, p := range way[1:] {
			p.above, way[i].low = append(p.above, way[i]), append(way[i].low, p)
		}
		l.ways = append(l.ways, way)
	}

	for _, row := range l.rows {
		spread(row, make([]int, len(row)))
	}
	for i := range sweeps {
		down := i%2 == 0
		for r := range l.rows {
			row := l.rows[r]
			if !down {
				row = l.rows[len(l.rows)-1-r]
			}
			wanted := map[*point]int{}
			for _, p := range row {
				switch {
				case i > sweeps/2:
					wanted[p] = middle(append(slices.Clone(p.above), p.low...), p.x)
				case down:
					wanted[p] = middle(p.above, p.x)
				default:
					wanted[p] = middle(p.low, p.x)
				}
			}
			if i <= sweeps*3/4 { // then the order stays
				slices.SortStableFunc(row, func(a, b *point) int { return cmp.Compare(wanted[a], wanted[b]) })
			}
			at := make([]int, len(row))
			for i, p := range row {
				at[i] = wanted[p]
			}
			spread(row, at)
		}
	}
	l.toOrigin()
	return l
}

// middle returns the mean x of the neighbours, or x without any.
func middle(neighbours []*point, x int) int {
	if len(neighbours) == 0 {
		return x
	}
	sum := 0
	for _, n := range neighbours {
		sum += n.x
	}
	return int(math.Round(float64(sum) / float64(len(neighbours))))
}

// spread places the points of a row, in their order, as near to wanted as the distances
// between them allow: least squares, by pooling neighbours that would overlap.
func spread(row []*point, wanted []int) {
	type pool struct{ first, n, sum int } // sum of what is wanted, each less its offset in the row
	offset := make([]int, len(row))
	for i := 1; i < len(row); i++ {
		offset[i] = offset[i-1] + (row[i-1].width+row[i].width)/2 + between
	}
	at := func(p pool) float64 { return float64(p.sum) / float64(p.n) }
	var pools []pool
	for i := range row {
		next := pool{i, 1, wanted[i] - offset[i]}
		for len(pools) > 0 && at(pools[len(pools)-1]) > at(next) {
			last := pools[len(pools)-1]
			pools = pools[:len(pools)-1]
			next = pool{last.first, last.n + next.n, last.sum + next.sum}
		}
		pools = append(pools, next)
	}
	for _, p := range pools {
		for i := p.first; i < p.first+p.n; i++ {
			row[i].x = int(math.Round(at(p))) + offset[i]
		}
	}
}

// toOrigin moves the leftmost point to a margin.
func (l *layout) toOrigin() {
	left := math.MaxInt
	for _, row := range l.rows {
		for _, p := range row {
			left = min(left, p.x-p.width/2)
		}
	}
	for _, row := range l.rows {
		for _, p := range row {
			p.x += margin - left
		}
	}
}
