package house_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/house"
)

// direct are the modules that the root module may require itself. What needs more is an
// interface in the library, which a module of its own fills.
var direct = strings.Fields(`
	github.com/confluentinc/confluent-kafka-go/v2
	github.com/hashicorp/golang-lru/v2
	github.com/klauspost/compress
	github.com/linkedin/goavro/v2
	github.com/riferrei/srclient
	github.com/stretchr/testify
	github.com/twmb/franz-go
	github.com/twmb/franz-go/pkg/kfake
	github.com/twmb/franz-go/pkg/kmsg
	go.uber.org/goleak
	golang.org/x/oauth2
	golang.org/x/sync
	golang.org/x/time
`)

func TestDirectDependencies(t *testing.T) {
	c := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	c.Dir = "../.."
	out, err := c.Output()
	require.NoError(t, err)
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []any
	}
	require.NoError(t, json.Unmarshal(out, &mod))
	require.Empty(t, mod.Replace, "go install refuses a module with a replace")
	for _, r := range mod.Require {
		if !r.Indirect {
			require.Contains(t, direct, r.Path, "a direct dependency that is not in the list")
		}
	}
}

// What a program links by importing one package.
func TestLinks(t *testing.T) {
	require.NoError(t, house.Watch("../.."))
	const (
		librdkafka = "github.com/confluentinc/"
		franz      = "github.com/twmb/"
		srclient   = "github.com/riferrei/srclient"
		ours       = house.Module + "/"
	)
	clients := []string{librdkafka, franz, ours + "kafka/confluent", ours + "kafka/franz"}
	servers := []string{ours + "registry/server", ours + "registry/memory", ours + "registry/kafkastore", ours + "registry/registrytest", ours + "kavrotest"}
	for _, c := range []struct {
		name, pkg string
		env, args []string
		never     []string // beginnings of import paths
		but       string   // one that must be there
	}{
		{name: "a program that only encodes", pkg: "./avro", but: ours + "schemas",
			never: slices.Concat(clients, servers, []string{ours + "registry", ours + "kafka", ours + "serde", srclient})},
		{name: "generated code", pkg: "./gen/internal/order", but: ours + "avro",
			never: slices.Concat(clients, servers, []string{ours + "registry", ours + "kafka", ours + "serde", srclient})},
		{name: "a program that only serializes", pkg: "./serde", but: ours + "avro", never: slices.Concat(clients, servers)},
		{name: "a program on franz-go alone", pkg: "./kafka/franz", but: franz, never: []string{librdkafka, ours + "kafka/confluent"}},
		{name: "the front door, with cgo", pkg: ".", env: []string{"CGO_ENABLED=1"}, but: librdkafka},
		{name: "the front door, with cgo and the tag kavro_franz", pkg: ".", env: []string{"CGO_ENABLED=1"}, args: []string{"-tags=kavro_franz"},
			but: franz, never: []string{librdkafka, ours + "kafka/confluent"}},
		{name: "the front door, without cgo", pkg: ".", env: []string{"CGO_ENABLED=0"}, but: franz, never: []string{librdkafka}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := house.List("../..", c.env, append(c.args, "-deps", c.pkg)...)
			require.NoError(t, err)
			paths := strings.Fields(string(out))
			for _, begin := range c.never {
				for _, path := range paths {
					require.False(t, strings.HasPrefix(path, begin), "links %s", path)
				}
			}
			require.True(t, slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(path, c.but) }), "does not link %s", c.but)
		})
	}
}

// An example, with its tests, imports what its reader can import.
func TestExamplesAreForUsers(t *testing.T) {
	require.NoError(t, house.Watch("../.."))
	out, err := house.List("../..", nil, "-f", `{{join .Imports "\n"}}{{"\n"}}{{join .TestImports "\n"}}`, "./examples/...")
	require.NoError(t, err)
	require.Contains(t, string(out), house.Module+"\n")
	require.NotContains(t, string(out), house.Module+"/internal/")
}
