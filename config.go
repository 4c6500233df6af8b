package kavro

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/base"
	"github.com/kavro/kavro/base/confluent"
	"github.com/kavro/kavro/base/franz"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// wiring is one configuration taken apart: what each package is told.
type wiring struct {
	options
	constructors baseConstructors
	client       base.Config // the Kafka client's keys
	serdes       base.Config // the serializers' keys
	settings     *registry.Settings
	own          *registry.Client // made here, closed here; nil: none was needed
}

// baseConstructors are what a base package offers.
type baseConstructors struct {
	producer func(base.Config, base.Hooks) (base.Producer, error)
	consumer func(base.Config, base.Hooks) (base.Consumer, error)
	session  func(base.Config, base.Hooks) (base.Session, error)
}

// constructorsOf finds a base by its name. Without cgo, base/confluent's
// constructors say what is missing.
func constructorsOf(name string) (baseConstructors, error) {
	switch name {
	case "confluent":
		return baseConstructors{confluent.NewProducer, confluent.NewConsumer, confluent.NewSession}, nil
	case "franz":
		return baseConstructors{franz.NewProducer, franz.NewConsumer, franz.NewSession}, nil
	}
	return baseConstructors{}, &base.ConfigError{
		Key: baseKey, Reason: fmt.Sprintf("%q: want confluent or franz", name), Nearest: base.Nearest(name, []string{"confluent", "franz"}),
	}
}

const baseKey = "kavro.base"

// ownKeys are kavro's own, beside those of the registry and the serializers.
var ownKeys = []string{baseKey, "key.serializer", "value.serializer", "key.deserializer", "value.deserializer"}

// wire takes conf apart. It changes nothing in it.
func wire(conf Config, opts []Option) (*wiring, error) {
	w := &wiring{client: maps.Clone(conf), serdes: base.Config{}}
	if w.client == nil {
		w.client = base.Config{}
	}
	for _, o := range opts {
		o(&w.options)
	}
	if err := w.chooseBase(); err != nil {
		return nil, err
	}
	var err error
	if w.settings, err = registry.FromConfig(conf); err != nil {
		return nil, err
	}
	for _, key := range w.settings.Keys {
		delete(w.client, key)
	}
	ours := slices.Clone(ownKeys)
	for _, k := range serde.ConfigKeys() {
		ours = append(ours, k.Name)
	}
	for _, key := range ours {
		if v, set := w.client[key]; set {
			w.serdes[key] = v
			delete(w.client, key)
		}
	}
	return w, w.findMisspelt(ours)
}

// chooseBase settles which Kafka client is used, and says so once.
func (w *wiring) chooseBase() error {
	name, how := w.base, "asked for"
	if name == "" {
		var err error
		if name, err = w.client.String(baseKey, ""); err != nil {
			return err
		}
	}
	if name == "" {
		name, how = defaultBase, "the default of this build"
	}
	var err error
	w.constructors, err = constructorsOf(name)
	if err == nil && w.hooks.Logger != nil {
		w.hooks.Logger.Info("kavro: Kafka client chosen", slog.String("base", name), slog.String("why", how))
	}
	return err
}

// ourPrefixes begin the names of keys that no Kafka client has.
var ourPrefixes = []string{"kavro.", "avro.", "auto.register", "use.", "key.", "value.", "normalize.", "latest.", "id.compat", "subject.name.", "schema.", "rule.", "specific.", "validate.", "validation."}

// findMisspelt refuses keys that look like kavro's own and are not: the Kafka
// client would refuse them too, but not say what was meant.
func (w *wiring) findMisspelt(ours []string) error {
	known := ours
	for _, k := range registry.ConfigKeys() {
		known = append(known, k.Name)
	}
	var errs []error
	for _, key := range w.client.Keys() {
		if slices.ContainsFunc(ourPrefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			errs = append(errs, base.Unknown(key, known))
		}
	}
	return errors.Join(errs...)
}

// openRegistry returns the registry that serializers ask: the one given, or a
// client made for it now. Making one touches no network.
func (w *wiring) openRegistry() (SchemaRegistry, error) {
	if w.registry != nil {
		return w.registry, nil
	}
	if w.own == nil {
		client, err := w.settings.New(w.registryOptions...)
		if err != nil {
			return nil, err
		}
		w.own = client
	}
	return w.own, nil
}

// close closes what wiring made.
func (w *wiring) close(context.Context) error {
	if w.own == nil {
		return nil
	}
	return w.own.Close()
}

// consumerOptions turns the keys that say when offsets are committed into
// options: on both bases committing is avroconsumer's, never the client's own.
func (w *wiring) consumerOptions() ([]avroconsumer.Option, error) {
	opts := []avroconsumer.Option{avroconsumer.WithOwnedBase(), avroconsumer.WithCloser(w.close), avroconsumer.WithLogger(w.hooks.Logger)}
	auto, err := w.client.Bool("enable.auto.commit", true)
	if err != nil {
		return nil, err
	}
	interval, err := w.client.Duration("auto.commit.interval.ms", 5*time.Second)
	if err != nil {
		return nil, err
	}
	switch {
	case !auto || interval == 0: // librdkafka: an interval of 0 switches it off
		opts = append(opts, avroconsumer.WithManualCommit())
	default:
		opts = append(opts, avroconsumer.WithAutoCommit(interval))
	}
	return opts, nil
}
