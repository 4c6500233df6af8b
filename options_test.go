package kavro_test

import (
	"encoding/json"
	"errors"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What each option fits. What does not apply does not compile.
func TestOptionsFit(t *testing.T) {
	const (
		all          = "Open NewProducer NewConsumer NewPipeline"
		constructors = "NewProducer NewConsumer NewPipeline"
		readers      = "NewConsumer NewPipeline"
		writers      = "NewProducer NewPipeline"
	)
	want := map[string]string{
		"WithDriver":            "Open",
		"WithRegistry":          "Open",
		"WithRegistryOptions":   "Open",
		"WithHooks":             all,
		"WithLogger":            all,
		"WithObserver":          all,
		"WithConfig":            constructors,
		"WithKey":               constructors,
		"WithValue":             constructors,
		"WithCloser":            constructors,
		"WithKeySerializer":     "NewProducer",
		"WithValueSerializer":   "NewProducer",
		"WithMaxScratch":        "NewProducer",
		"WithMaxFailures":       "NewProducer",
		"WithMaxReports":        "NewProducer",
		"WithAbortTimeout":      writers,
		"WithKeyDeserializer":   readers,
		"WithValueDeserializer": readers,
		"WithConcurrency":       readers,
		"WithPolicy":            readers,
		"WithDeadLetters":       readers,
		"WithTombstones":        readers,
		"WithToEnd":             readers,
		"WithOnAssigned":        readers,
		"WithAutoCommit":        "NewConsumer",
		"WithManualCommit":      "NewConsumer",
		"WithOrdering":          "NewConsumer",
		"WithInFlight":          "NewConsumer",
		"WithDrainTimeout":      "NewConsumer",
		"WithStart":             "NewConsumer",
		"WithOnRevoked":         "NewConsumer",
		"WithOnLost":            "NewConsumer",
		"WithBatch":             "NewPipeline",
		"WithOutputKey":         "NewPipeline",
		"WithOutputValue":       "NewPipeline",
	}
	scope := load(t, "github.com/kavro/kavro").Scope()
	options := map[string]types.Type{} // by constructor
	for _, name := range strings.Fields(all) {
		options[name] = optionsOf(t, scope.Lookup(name).Type())
	}
	found := map[string]string{}
	for _, name := range scope.Names() {
		f, ok := scope.Lookup(name).(*types.Func)
		if !ok || !f.Exported() || f.Signature().Results().Len() != 1 {
			continue
		}
		var fits []string
		for _, constructor := range strings.Fields(all) {
			if types.AssignableTo(f.Signature().Results().At(0).Type(), options[constructor]) {
				fits = append(fits, constructor)
			}
		}
		if fits != nil {
			found[name] = strings.Join(fits, " ")
		}
	}
	require.Equal(t, want, found)
}

// optionsOf returns the type of a constructor's options.
func optionsOf(t *testing.T, constructor types.Type) types.Type {
	signature, ok := constructor.(*types.Signature)
	require.True(t, ok && signature.Variadic(), "%v", constructor)
	last := signature.Params().At(signature.Params().Len() - 1)
	return last.Type().(*types.Slice).Elem()
}

// load returns a package as the compiler exports it.
func load(t *testing.T, path string) *types.Package {
	out, err := exec.CommandContext(patient(t), "go", "list", "-export", "-deps", "-json=ImportPath,Export", path).Output()
	require.NoError(t, err)
	exported := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		exported[p.ImportPath] = p.Export
	}
	gc := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exported[path]) })
	pkg, err := gc.Import(path)
	require.NoError(t, err)
	return pkg
}
