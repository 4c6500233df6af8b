package kafkaconf

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Key is one of librdkafka's keys.
type Key struct {
	Name    string
	Client  string // "C" for consumers, "P" for producers, "*" for both
	Type    string // "string", "bool", "int", "float", "enum" or "flags"
	Default string // as text; "" where there is none
	Main    string // the name that librdkafka itself uses: Name, unless Name is an alias
}

//go:embed librdkafka.tsv
var table string

// keys are librdkafka's keys by name. They are not changed.
var keys = sync.OnceValue(func() map[string]Key {
	all := make(map[string]Key)
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		k := Key{Name: f[0], Client: f[1], Type: f[2], Default: f[3], Main: f[4]}
		if k.Main == "" {
			k.Main = k.Name
		}
		all[k.Name] = k
	}
	// The old name, of a property of the topic.
	old := all["auto.commit.enable"]
	old.Main = "enable.auto.commit"
	all[old.Name] = old
	return all
})

// Find returns librdkafka's key of this name.
func Find(name string) (Key, bool) {
	k, ok := keys()[name]
	return k, ok
}

// Names returns the names of librdkafka's keys, sorted.
func Names() []string { return slices.Sorted(maps.Keys(keys())) }

// Main returns the name that librdkafka itself uses for a key. It returns unknown names as they are.
func Main(name string) string {
	if k, ok := keys()[name]; ok {
		return k.Main
	}
	return name
}

// Foreign returns the keys of names that are for the other kind of client alone: if client is "P", those
// of consumers, if it is "C", those of producers.
func Foreign(names []string, client string) []string {
	var foreign []string
	for _, name := range names {
		if k, ok := Find(name); ok && k.Client != "*" && k.Client != client {
			foreign = append(foreign, name)
		}
	}
	return foreign
}
