package registries

import "github.com/kavro/kavro/registry/registrytest"

// differences are the tests of package registrytest that a registry does not pass,
// each with a part of what its first failed check says.
var differences = map[string]registrytest.Differences{
	"kavro": {},
}

// answers are those whose status or code is not that of Confluent's registry, 8.5.0.
var answers = map[string]map[string]string{
	"kavro": {},
}
