package schemas

import "slices"

// unionIndex finds the branches of a union that may take a writer's type, without
// looking at all of them. What it finds are places in the union.
type unionIndex struct {
	unnamed []int // primitive types, arrays and maps: few, as each is there once
	byName  map[string][]int
	byAlias map[string][]int
	named   [Fixed + 1][]int // records, enums, fixed
	place   map[*Node]int
}

// branchesFor returns the places of the branches in a reader's union that may take
// a writer's type, in their order, and the last branch of the type's kind that has
// another name, if that is not among them.
func (c *comparison) branchesFor(union, writer *Node) (places []int, misnamed *Node) {
	if len(union.branches) <= c.many {
		for i := range union.branches {
			places = append(places, i)
		}
		return places, nil
	}
	x := c.indexOf(union)
	if writer.name == "" {
		return x.unnamed, nil
	}
	// A branch of another name counts as well if it was compared with the type
	// elsewhere, as in Java: what that found holds here.
	add := func(list []int) {
		for _, place := range list {
			if union.branches[place].typ == writer.typ {
				places = append(places, place)
			}
		}
		c.work -= len(list)
	}
	c.work -= len(writer.name) / 64
	add(x.byName[writer.Name()])
	add(x.byAlias[writer.name])
	for _, known := range c.misnamed[writer] {
		if place, ok := x.place[known]; ok {
			places = append(places, place)
		}
	}
	c.work -= len(c.misnamed[writer])
	slices.Sort(places)
	places = slices.Compact(places)
	for _, place := range slices.Backward(x.named[writer.typ]) {
		if _, found := slices.BinarySearch(places, place); !found {
			misnamed = union.branches[place]
			break
		}
		c.work--
	}
	return places, misnamed
}

// addCompared adds to places those of the branches after one place that have been
// compared with the writer's type since, though their names differ.
func (c *comparison) addCompared(union *Node, places []int, after int, compared []*Node) []int {
	c.work -= len(compared)
	x := c.indices[union]
	if x == nil {
		return places // all are there
	}
	for _, branch := range compared {
		place, ok := x.place[branch]
		if i, there := slices.BinarySearch(places, place); ok && !there && place > after {
			places = slices.Insert(slices.Clip(places), i, place)
		}
	}
	return places
}

// indexOf returns the index of a union, which is made once.
func (c *comparison) indexOf(union *Node) *unionIndex {
	if x := c.indices[union]; x != nil {
		return x
	}
	x := &unionIndex{byName: make(map[string][]int), byAlias: make(map[string][]int), place: make(map[*Node]int)}
	c.indices[union] = x
	for i, branch := range union.branches {
		if c.work -= branchWork + branchWork*len(branch.aliases); c.over() {
			break
		}
		x.place[branch] = i
		if branch.name == "" {
			x.unnamed = append(x.unnamed, i)
			continue
		}
		x.named[branch.typ] = append(x.named[branch.typ], i)
		x.byName[branch.Name()] = append(x.byName[branch.Name()], i)
		for _, alias := range branch.aliases {
			x.byAlias[alias] = append(x.byAlias[alias], i)
		}
	}
	return x
}

// branchWork is what a name in an index of branches costs.
const branchWork = 6
