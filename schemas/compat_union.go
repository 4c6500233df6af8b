package schemas

import "slices"

// unionIndex finds the branches of a union that may take a writer's type, without
// looking at all of them. What it finds are positions in the union.
type unionIndex struct {
	unnamed  []int // primitive types, arrays and maps: few, as each is there once
	byName   map[string][]int
	byAlias  map[string][]int
	named    [Fixed + 1][]int // records, enums, fixed
	position map[*Node]int
}

// branchesFor returns the positions of the branches in a reader's union that may take
// a writer's type, in their order, and the last branch of the type's kind that has
// another name, if that is not among them.
func (c *comparison) branchesFor(union, writer *Node) (positions []int, misnamed *Node) {
	if len(union.branches) <= c.many {
		for i := range union.branches {
			positions = append(positions, i)
		}
		return positions, nil
	}
	x := c.indexOf(union)
	if writer.name == "" {
		return x.unnamed, nil
	}
	// A branch of another name counts as well if it was compared with the type
	// elsewhere, as in Java: what that found holds here.
	add := func(list []int) {
		for _, position := range list {
			if union.branches[position].typ == writer.typ {
				positions = append(positions, position)
			}
		}
		c.work -= len(list)
	}
	c.work -= len(writer.name) / 64
	add(x.byName[writer.Name()])
	add(x.byAlias[writer.name])
	for _, known := range c.misnamed[writer] {
		if position, ok := x.position[known]; ok {
			positions = append(positions, position)
		}
	}
	c.work -= len(c.misnamed[writer])
	slices.Sort(positions)
	positions = slices.Compact(positions)
	for _, position := range slices.Backward(x.named[writer.typ]) {
		if _, found := slices.BinarySearch(positions, position); !found {
			misnamed = union.branches[position]
			break
		}
		c.work--
	}
	return positions, misnamed
}

// addCompared adds to positions those of the branches after one place that have been
// compared with the writer's type since, though their names differ.
func (c *comparison) addCompared(union *Node, positions []int, after int, compared []*Node) []int {
	c.work -= len(compared)
	x := c.indices[union]
	if x == nil {
		return positions // all are there
	}
	for _, branch := range compared {
		position, ok := x.position[branch]
		if i, there := slices.BinarySearch(positions, position); ok && !there && position > after {
			positions = slices.Insert(slices.Clip(positions), i, position)
		}
	}
	return positions
}

// indexOf returns the index of a union, which is made once.
func (c *comparison) indexOf(union *Node) *unionIndex {
	if x := c.indices[union]; x != nil {
		return x
	}
	x := &unionIndex{byName: make(map[string][]int), byAlias: make(map[string][]int), position: make(map[*Node]int)}
	c.indices[union] = x
	for i, branch := range union.branches {
		if c.work -= branchWork + branchWork*len(branch.aliases); c.over() {
			break
		}
		x.position[branch] = i
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
