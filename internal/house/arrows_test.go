package house_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/house"
)

// arrows are the imports that each package of the root module may have, from the top of
// the house to its bottom. Tests may import what they need.
//
// Not listed: imports of internal packages that import nothing else of kavro, which every
// package may use, and those of examples, which use what a user may use.
//
// Packages that are not there yet may be listed.
var arrows = map[string]string{
	"kavro": `pipeline avroproducer avroconsumer serde registry registry/memory kafka kafka/franz kafka/confluent
		avro schemas internal/kafkaconf`, // of avro and schemas: types with an alias
	"pipeline":     "avroproducer avroconsumer serde registry kafka internal/regwait", // of registry: Translator
	"avroproducer": "serde kafka",
	"avroconsumer": "serde registry schemas kafka internal/regwait internal/sched", // of registry and schemas: errors, which it classifies
	"serde":        "registry rules avro schemas kafka internal/kafkaconf",         // of kafka: Header, Config
	"rules":        "avro",

	"avro":        "avro/avrort schemas avro/internal/datapath avro/internal/decimals avro/internal/logical avro/internal/resolution",
	"avro/avrort": "schemas avro/internal/datapath avro/internal/decimals avro/internal/logical",
	"avro/goavro": "avro avro/avrort schemas",
	"avro/ocf":    "avro schemas",
	"gen":         "avro avro/avrort schemas",

	"registry":            "registry/transport schemas kafka", // of kafka: Config, ConfigError
	"registry/transport":  "",
	"registry/memory":     "registry schemas",
	"registry/kafkastore": "registry/memory",
	"registry/server":     "registry/memory registry/kafkastore",
	"registry/srclient":   "registry schemas",

	"kafka":           "",
	"kafka/franz":     "kafka internal/clienterr internal/kafkaconf",
	"kafka/confluent": "kafka internal/clienterr internal/kafkaconf",

	"schemas":      "",
	"schemas/lint": "schemas",

	// For users' tests.
	"kavrotest":             "registry/memory kafka schemas",
	"kafka/kafkatest":       "kafka",
	"registry/registrytest": "registry registry/memory schemas",

	// Shared machinery that knows a package of kavro.
	"avro/internal/datapath":   "",
	"avro/internal/decimals":   "",
	"avro/internal/logical":    "schemas",
	"avro/internal/resolution": "avro/avrort avro/internal/datapath avro/internal/decimals schemas",
	"internal/clienterr":       "kafka",
	"internal/kafkaconf":       "kafka",
	"internal/regwait":         "registry",
	"internal/sched":           "kafka",

	// For the tests of this repository, and generators of its files.
	"internal/chaostest":    `avroconsumer avroproducer kafka kavrotest pipeline registry registry/memory registry/registrytest schemas serde`,
	"internal/drivers":      "kafka kafka/franz kafka/confluent",
	"internal/fakekafka":    "kafka",
	"internal/randomschema": "schemas",
	"internal/configdoc":    "kafka/franz registry serde",
	"internal/picture":      "internal/house",
	"gen/internal/order":    "avro/avrort schemas",
	"gen/internal/shop":     "avro avro/avrort schemas gen/internal/shop/common",

	"gen/internal/shop/common": "avro avro/avrort schemas",
}

// Every import within the root module is one of the arrows, and every arrow between two
// packages is an import.
func TestArrows(t *testing.T) {
	require.NoError(t, house.Watch("../.."))
	packages, err := house.Packages("../..", "./...")
	require.NoError(t, err)
	imports := map[string][]string{}
	for _, p := range packages {
		if !strings.HasPrefix(p.Name, "examples/") {
			imports[p.Name] = p.Imports
		}
	}
	exists := func(name string) bool { _, ok := imports[name]; return ok }
	var anybodys func(name string) bool
	anybodys = func(name string) bool {
		return strings.HasPrefix(name, "internal/") && !slices.ContainsFunc(imports[name], func(to string) bool { return !anybodys(to) })
	}

	var wrong []string
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		if _, listed := arrows[from]; !listed && !anybodys(from) {
			wrong = append(wrong, from+" is a package without a row of arrows")
			continue
		}
		drawn := slices.DeleteFunc(strings.Fields(arrows[from]), func(to string) bool { return !exists(to) })
		for _, to := range imports[from] {
			if !anybodys(to) && !slices.Contains(drawn, to) {
				wrong = append(wrong, from+" -> "+to+" is an import, and not among the arrows")
			}
		}
		for _, to := range drawn {
			if !slices.Contains(imports[from], to) {
				wrong = append(wrong, from+" -> "+to+" is among the arrows, and no import")
			}
		}
	}
	require.Empty(t, wrong)
}
