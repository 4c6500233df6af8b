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
		constructors = "NewProducer NewConsumer NewPipeline"
		transfers    = " Replay Copy"
		all          = "Open " + constructors + transfers
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
		"WithConfig":            constructors + transfers,
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
		"WithPolicy":            readers + transfers,
		"WithDeadLetters":       readers,
		"WithTombstones":        readers,
		"WithToEnd":             readers + " Copy",
		"WithOnAssigned":        readers,
		"WithAutoCommit":        "NewConsumer",
		"WithManualCommit":      "NewConsumer",
		"WithOrdering":          "NewConsumer",
		"WithInFlight":          "NewConsumer",
		"WithDrainTimeout":      "NewConsumer",
		"WithStart":             "NewConsumer",
		"WithOnRevoked":         "NewConsumer",
		"WithOnLost":            "NewConsumer",
		"WithBatch":             "NewPipeline" + transfers,
		"WithOutputKey":         "NewPipeline",
		"WithOutputValue":       "NewPipeline",
		"WithReplayTopic":       "Replay",
		"WithReplayFilter":      "Replay",
		"WithReplayProgress":    "Replay",
		"WithDryRun":            "Replay",
		"WithCopyTo":            "Copy",
		"WithCopyTopic":         "Copy",
		"WithCopyProgress":      "Copy",
		"WithSamePartition":     "Copy",
		"WithTranslatedSchemas": "Copy",
		"WithTranslatedKeys":    "Copy",
	}
	scope := load(t, "github.com/kavro/kavro").Scope()
	options := map[string]types.Type{} // by constructor
	client := types.NewPointer(scope.Lookup("Client").Type())
	for _, name := range strings.Fields(all) {
		constructor := scope.Lookup(name)
		if constructor == nil {
			constructor, _, _ = types.LookupFieldOrMethod(client, true, nil, name)
		}
		options[name] = optionsOf(t, constructor.Type())
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
