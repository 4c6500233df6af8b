package main

import (
	"slices"
	"strings"
)

// scenario is a load and the sides that it tells apart. It is a section of flow.md.
type scenario struct {
	name             string
	what             string // of its settings, for the section's first line
	change           func(*settings)
	produce, consume []string // names of sides; nil: none
}

// maxVolume bounds what a measurement transfers, in bytes: kfake keeps it in memory.
const maxVolume = 400 << 20

// scenarios are in the order of flow.md. The first has every side.
func scenarios() []scenario {
	names := func(sides []side) (all []string) {
		for _, one := range sides {
			all = append(all, one.name)
		}
		return all
	}
	bare := []string{tunedConfluent, bareFranz}
	avro := append(slices.Clip(bare), franzAvro, franzAvroRun)
	bytesOut := []string{bareConfluent, confluentBytes, bareFranz, franzBytes}
	bytesIn := []string{tunedConfluent, confluentBytes, bareFranz, franzBytes}
	size := func(name string, n int) scenario {
		return scenario{name: name, what: "values of " + name, produce: bytesOut, consume: bytesIn,
			change: func(s *settings) { s.Size, s.N = n, min(s.N, maxVolume/n) }}
	}
	return []scenario{
		{name: "load", produce: names(producing()), consume: names(consuming())},
		{name: "live heap", what: "64 MB of other live heap in the client's process", consume: append(slices.Clip(avro), franzBytes),
			change: func(s *settings) { s.Ballast = 64 << 20 }},
		{name: "goroutines", what: "16 goroutines that produce, or that Run handles records on, in the order of each key",
			produce: []string{bareConfluent, confluentAvro, bareFranz, franzBytes, franzAvro}, consume: append(slices.Clip(bare), franzAvroRun),
			change: func(s *settings) { s.Goroutines = 16 }},
		{name: "partitions", consume: avro,
			change: func(s *settings) { s.Partitions = 1_000 }},
		{name: "ids", what: "10,000 schema ids in turn", consume: avro,
			change: func(s *settings) { s.IDs = 10_000 }},
		size("30 B", 30),
		size("2 kB", 2_000),
		size("100 kB", 100_000),
	}
}

// selectSides returns the sides of these names.
func selectSides(sides []side, names []string) []side {
	return slices.DeleteFunc(sides, func(one side) bool { return !slices.Contains(names, one.name) })
}

// named returns c with its sides whose verb and name have all words.
func named(c scenario, words []string) scenario {
	lacks := func(verb string) func(string) bool {
		return func(name string) bool {
			return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(verb+" "+name, word) })
		}
	}
	c.produce, c.consume = slices.DeleteFunc(c.produce, lacks("produce")), slices.DeleteFunc(c.consume, lacks("consume"))
	return c
}
