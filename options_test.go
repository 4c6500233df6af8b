package kavro_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/serde"
)

const module = "github.com/kavro/kavro"

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
		"WithReuse":             "NewConsumer",
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
	require.Equal(t, want, fits(t))
}

// fits returns which constructors each option fits, as the compiler sees it.
func fits(t *testing.T) map[string]string {
	scope := load(t, module).Scope()
	client := types.NewPointer(scope.Lookup("Client").Type())
	found := map[string]string{}
	for _, constructor := range []string{"Open", "NewProducer", "NewConsumer", "NewPipeline", "Replay", "Copy"} {
		f := scope.Lookup(constructor)
		if f == nil {
			f, _, _ = types.LookupFieldOrMethod(client, true, nil, constructor)
		}
		options := optionsOf(t, f.Type())
		for _, name := range scope.Names() {
			if result := resultOf(scope.Lookup(name)); result != nil && types.AssignableTo(result, options) {
				found[name] = strings.TrimSpace(found[name] + " " + constructor)
			}
		}
	}
	return found
}

// resultOf returns what an exported function returns, if that is one thing; else nil.
func resultOf(o types.Object) types.Type {
	f, ok := o.(*types.Func)
	if !ok || !f.Exported() || f.Signature().Results().Len() != 1 {
		return nil
	}
	return f.Signature().Results().At(0).Type()
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
	all, err := exported()
	require.NoError(t, err)
	gc := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(all[path]) })
	pkg, err := gc.Import(path)
	require.NoError(t, err)
	return pkg
}

// exported returns the compiler's files for the packages that kavro needs, by import path.
var exported = sync.OnceValues(func() (map[string]string, error) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", module).Output()
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[p.ImportPath] = p.Export
	}
})

// What a second option of a kind means.
const (
	once = "is given twice" // it is an error
	adds = "adds to the first"
	same = "says the same"
)

// Where only one option of a kind can count, the second is an error: of every option of every
// package.
func TestOptionsTwice(t *testing.T) {
	type option struct {
		means string
		value any
	}
	closer := func(context.Context) error { return nil }
	policy := kavro.Retry(1, kavro.Constant(0))
	assigned := func(context.Context, []kavro.Offset) ([]kavro.Offset, error) { return nil, nil }
	lost := func([]kavro.TopicPartition) {}
	revoked := func(context.Context, []kavro.TopicPartition) {}
	record := registry.Definition{}
	logger := slog.New(slog.DiscardHandler)
	events := registry.ObserverFunc(func(registry.Event) {})
	oauth := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "t"})

	for _, pkg := range []struct {
		name    string
		options map[string]option
		twice   func(t *testing.T, name string, o any) error
	}{
		{"", map[string]option{
			"WithDriver": {once, kavro.WithDriver(franz.Driver())}, "WithRegistry": {once, kavro.WithRegistry(memory.New())},
			"WithRegistryOptions": {adds, kavro.WithRegistryOptions()}, "WithHooks": {adds, kavro.WithHooks(kavro.Hooks{})},
			"WithLogger": {adds, kavro.WithLogger(logger)}, "WithObserver": {adds, kavro.WithObserver(events)},
			"WithConfig": {adds, kavro.WithConfig(kavro.Config{"linger.ms": 5})}, "WithCloser": {adds, kavro.WithCloser(closer)},
			"WithKey": {adds, kavro.WithKey()}, "WithValue": {adds, kavro.WithValue()},
			"WithKeySerializer": {adds, kavro.WithKeySerializer()}, "WithValueSerializer": {adds, kavro.WithValueSerializer()},
			"WithKeyDeserializer": {adds, kavro.WithKeyDeserializer()}, "WithValueDeserializer": {adds, kavro.WithValueDeserializer()},
			"WithOutputKey": {adds, kavro.WithOutputKey()}, "WithOutputValue": {adds, kavro.WithOutputValue()},
			"WithMaxScratch": {once, kavro.WithMaxScratch(1)}, "WithMaxFailures": {once, kavro.WithMaxFailures(1)},
			"WithMaxReports": {once, kavro.WithMaxReports(1)}, "WithAbortTimeout": {once, kavro.WithAbortTimeout(1)},
			"WithConcurrency": {once, kavro.WithConcurrency(1)}, "WithOrdering": {once, kavro.WithOrdering(kavro.OrderByKey)},
			"WithPolicy": {once, kavro.WithPolicy(kavro.HandlerErrors, policy)}, "WithDeadLetters": {once, kavro.WithDeadLetters()},
			"WithTombstones": {once, kavro.WithTombstones(kavro.SkipTombstones)}, "WithToEnd": {same, kavro.WithToEnd()},
			"WithOnAssigned": {adds, kavro.WithOnAssigned(assigned)}, "WithOnRevoked": {adds, kavro.WithOnRevoked(revoked)},
			"WithOnLost": {adds, kavro.WithOnLost(lost)}, "WithAutoCommit": {once, kavro.WithAutoCommit(1)},
			"WithManualCommit": {same, kavro.WithManualCommit()}, "WithInFlight": {once, kavro.WithInFlight(1, 1)}, "WithReuse": {once, kavro.WithReuse()},
			"WithDrainTimeout": {once, kavro.WithDrainTimeout(1)}, "WithStart": {once, kavro.WithStart(kavro.FromOffset(1))},
			"WithBatch": {once, kavro.WithBatch(1, 0)}, "WithDryRun": {same, kavro.WithDryRun()},
			"WithReplayTopic":    {once, kavro.WithReplayTopic(func(kavro.DeadLetterRecord) string { return "" })},
			"WithReplayFilter":   {once, kavro.WithReplayFilter(func(kavro.DeadLetterRecord) bool { return true })},
			"WithReplayProgress": {once, kavro.WithReplayProgress(func(kavro.Replayed) {})},
			"WithCopyTo":         {once, kavro.WithCopyTo(nil)},
			"WithCopyTopic":      {once, kavro.WithCopyTopic(func(string) string { return "" })},
			"WithCopyProgress":   {once, kavro.WithCopyProgress(func(int64) {})},
			"WithSamePartition":  {same, kavro.WithSamePartition()}, "WithTranslatedKeys": {same, kavro.WithTranslatedKeys()},
			"WithTranslatedSchemas": {once, kavro.WithTranslatedSchemas(nil)},
		}, twiceAtTheDoor},
		{"avroproducer", map[string]option{
			"WithMaxScratch": {once, avroproducer.WithMaxScratch(1)}, "WithMaxFailures": {once, avroproducer.WithMaxFailures(1)},
			"WithMaxReports": {once, avroproducer.WithMaxReports(1)}, "WithAbortTimeout": {once, avroproducer.WithAbortTimeout(1)},
			"WithObserver": {adds, avroproducer.WithObserver(avroproducer.NopObserver{})}, "WithCloser": {adds, avroproducer.WithCloser(closer)},
			"WithOwnedClient": {same, avroproducer.WithOwnedClient()},
		}, func(t *testing.T, _ string, o any) error {
			client, err := franz.Driver().NewProducer(nowhere, kafka.Hooks{})
			require.NoError(t, err)
			defer client.Close(t.Context())
			_, err = avroproducer.New(client, serde.String, serde.String, o.(avroproducer.Option), o.(avroproducer.Option))
			return err
		}},
		{"avroconsumer", map[string]option{
			"WithAutoCommit": {once, avroconsumer.WithAutoCommit(1)}, "WithManualCommit": {same, avroconsumer.WithManualCommit()},
			"WithConcurrency": {once, avroconsumer.WithConcurrency(1, avroconsumer.Key)}, "WithInFlight": {once, avroconsumer.WithInFlight(1, 1)}, "WithReuse": {once, avroconsumer.WithReuse()},
			"WithDrainTimeout": {once, avroconsumer.WithDrainTimeout(1)}, "WithPolicy": {once, avroconsumer.WithPolicy(kavro.HandlerErrors, policy)},
			"WithObserver": {adds, avroconsumer.WithObserver(avroconsumer.NopObserver{})}, "WithLogger": {once, avroconsumer.WithLogger(logger)},
			"WithStart": {once, avroconsumer.WithStart(kavro.FromOffset(1))}, "WithToEnd": {same, avroconsumer.WithToEnd()},
			"OnAssigned": {adds, avroconsumer.OnAssigned(assigned)}, "OnRevoked": {adds, avroconsumer.OnRevoked(revoked)},
			"OnLost": {adds, avroconsumer.OnLost(lost)}, "Defaults": {adds, avroconsumer.Defaults()},
			"WithTombstones": {once, avroconsumer.WithTombstones(kavro.SkipTombstones)}, "WithCloser": {adds, avroconsumer.WithCloser(closer)},
			"WithOwnedClient": {same, avroconsumer.WithOwnedClient()},
		}, func(t *testing.T, _ string, o any) error {
			client, err := franz.Driver().NewConsumer(nowhere, kafka.Hooks{})
			require.NoError(t, err)
			defer client.Close(t.Context())
			_, err = avroconsumer.New(client, serde.String, serde.String, o.(avroconsumer.Option), o.(avroconsumer.Option))
			return err
		}},
		{"pipeline", map[string]option{
			"WithBatch": {once, pipeline.WithBatch(1, 0)}, "WithConcurrency": {once, pipeline.WithConcurrency(1)},
			"WithPolicy": {once, pipeline.WithPolicy(kavro.HandlerErrors, policy)}, "WithTombstones": {once, pipeline.WithTombstones(kavro.SkipTombstones)},
			"WithObserver": {adds, pipeline.WithObserver(avroconsumer.NopObserver{})}, "WithProducerObserver": {adds, pipeline.WithProducerObserver(avroproducer.NopObserver{})},
			"WithLogger": {once, pipeline.WithLogger(logger)}, "WithAbortTimeout": {once, pipeline.WithAbortTimeout(1)}, "WithToEnd": {same, pipeline.WithToEnd()},
			"OnAssigned": {adds, pipeline.OnAssigned(assigned)}, "WithCloser": {adds, pipeline.WithCloser(closer)}, "WithOwnedClient": {same, pipeline.WithOwnedClient()},
		}, func(t *testing.T, _ string, o any) error {
			client, err := franz.Driver().NewSession(nowhere, kafka.Hooks{})
			require.NoError(t, err)
			defer client.Close(t.Context())
			_, err = pipeline.New(client, serde.String, serde.String, serde.String, serde.String, o.(pipeline.Option), o.(pipeline.Option))
			return err
		}},
		{"serde", map[string]option{
			"WithSchema": {once, serde.WithSchema(orderSchema)}, "WithLatest": {same, serde.WithLatest()}, "WithSubject": {once, serde.WithSubject(serde.TopicName)},
			"WithAssociated": {once, serde.WithAssociated("", nil)}, "WithAvro": {adds, serde.WithAvro()}, "WithLengthPrefixedBytes": {same, serde.WithLengthPrefixedBytes()},
			"WithVariant": {adds, serde.WithVariant[Order](orderSchema)}, "WithVariantDefinition": {adds, serde.WithVariantDefinition[Order](orderSchema, record)},
			"WithDefinition": {once, serde.WithDefinition(orderSchema, record)}, "WithAutoRegister": {once, serde.WithAutoRegister(true)},
			"WithSchemaID": {once, serde.WithSchemaID(1)}, "WithVersion": {once, serde.WithVersion(1)}, "WithNormalize": {same, serde.WithNormalize()},
			"WithHeaderFrame": {same, serde.WithHeaderFrame()}, "WithUncheckedLatest": {same, serde.WithUncheckedLatest()}, "WithRulesIgnored": {same, serde.WithRulesIgnored()},
			"WithLogger": {once, serde.WithLogger(logger)}, "Defaults": {adds, serde.Defaults()},
		}, func(_ *testing.T, _ string, o any) (err error) {
			if o, ok := o.(serde.SerializerOption); ok {
				_, err = serde.NewAvroSerializer[any](memory.New(), o, o)
				return err
			}
			_, err = serde.NewAvroDeserializer[any](memory.New(), o.(serde.DeserializerOption), o.(serde.DeserializerOption))
			return err
		}},
		{"registry", map[string]option{
			"WithBasicAuth": {once, registry.WithBasicAuth("u", "p")}, "WithBearerToken": {once, registry.WithBearerToken("t")},
			"WithTokenFunc":         {once, registry.WithTokenFunc(func(context.Context) (*oauth2.Token, error) { return nil, nil })},
			"WithTokenSource":       {once, registry.WithTokenSource(oauth)},
			"WithClientCredentials": {once, registry.WithClientCredentials("http://127.0.0.1:1", "i", "s")},
			"WithHTTPClient":        {once, registry.WithHTTPClient(http.DefaultClient)}, "WithRoundTripper": {once, registry.WithRoundTripper(http.DefaultTransport)},
			"WithResolver": {once, registry.WithResolver(memory.Resolve)}, "WithTLS": {once, registry.WithTLS(new(tls.Config))},
			"WithProxy": {once, registry.WithProxy("http://127.0.0.1:1")}, "WithHeader": {adds, registry.WithHeader("a", "b")},
			"WithRetries": {once, registry.WithRetries(1, 0, 0)}, "WithTimeouts": {once, registry.WithTimeouts(1, 1, 1)},
			"WithBreaker": {once, registry.WithBreaker(1, 1, 1)}, "WithRateLimit": {once, registry.WithRateLimit(1, 1)},
			"WithMaxAnswer": {once, registry.WithMaxAnswer(1)}, "WithRandomURL": {same, registry.WithRandomURL()},
			"WithObserver": {adds, registry.WithObserver(events)}, "WithLogger": {once, registry.WithLogger(logger)},
			"WithCacheSize": {once, registry.WithCacheSize(1)}, "WithLatest": {once, registry.WithLatest(1, 1, 1)},
			"WithMissing": {once, registry.WithMissing(1, 1, 1, 1)}, "WithMaxSchema": {once, registry.WithMaxSchema(1)},
			"WithCacheDir": {once, registry.WithCacheDir(t.TempDir())}, "WithSeed": {once, registry.WithSeed(os.DirFS(t.TempDir()))},
		}, func(t *testing.T, _ string, o any) error {
			c, err := registry.New("https://127.0.0.1:1", o.(registry.Option), o.(registry.Option))
			if err == nil {
				require.NoError(t, c.Close())
			}
			return err
		}},
	} {
		t.Run("package "+path.Join("kavro", pkg.name), func(t *testing.T) {
			require.ElementsMatch(t, slices.Collect(maps.Keys(pkg.options)), optionsIn(t, path.Join(module, pkg.name)), "every option has a row")
			for name, o := range pkg.options {
				err := pkg.twice(t, name, o.value)
				if o.means == once {
					require.ErrorContains(t, err, once, name)
				} else if err != nil {
					require.NotContains(t, err.Error(), once, name)
				}
			}
		})
	}
}

// nowhere is a configuration for clients that are never asked anything.
var nowhere = kavro.Config{"bootstrap.servers": "127.0.0.1:1", "group.id": "g", "transactional.id": "t"}

// optionsIn returns the names of the functions that return options for constructors.
func optionsIn(t *testing.T, path string) (names []string) {
	scope := load(t, path).Scope()
	elsewhere := []string{"RecordOption", "CallOption", "DeadLetterOption"} // for what is no constructor
	for _, name := range scope.Names() {
		result, ok := resultOf(scope.Lookup(name)).(*types.Named)
		if ok && result.Obj().Pkg() != nil && result.Obj().Pkg().Path() == path && strings.HasSuffix(result.Obj().Name(), "Option") && !slices.Contains(elsewhere, result.Obj().Name()) {
			names = append(names, name)
		}
	}
	return names
}

// twiceAtTheDoor gives an option twice to the first constructor that it fits.
func twiceAtTheDoor(t *testing.T, name string, o any) (err error) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	conf := maps.Clone(nowhere)
	conf["kavro.client"] = "franz"
	if o, ok := o.(kavro.ClientOption); ok {
		_, err = kavro.Open(conf, o, o)
		return err
	}
	client := open(t, "franz", conf)
	switch first, _, _ := strings.Cut(fits(t)[name], " "); first {
	case "NewProducer":
		_, err = kavro.NewProducer[string, string](client, o.(kavro.ProducerOption), o.(kavro.ProducerOption))
	case "NewConsumer":
		_, err = kavro.NewConsumer[string, string](client, "", nil, o.(kavro.ConsumerOption), o.(kavro.ConsumerOption))
	case "NewPipeline":
		_, err = kavro.NewPipeline[string, string, string, string](client, "", nil, o.(kavro.PipelineOption), o.(kavro.PipelineOption))
	case "Replay":
		_, err = client.Replay(ended, "", []string{"t"}, o.(kavro.ReplayOption), o.(kavro.ReplayOption))
	default:
		err = client.Copy(ended, "", []string{"t"}, o.(kavro.CopyOption), o.(kavro.CopyOption))
	}
	return err
}
