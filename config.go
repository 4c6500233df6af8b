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
	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// wiring is one configuration taken apart: what each package is told. Errors are
// collected, so that a constructor tells them all at once.
type wiring struct {
	options
	role         role
	constructors driver
	client       kafka.Config       // the Kafka client's keys
	serdes       kafka.Config       // the serializers' keys
	settings     *registry.Settings // nil: its keys are wrong
	own          *registry.Client   // made here, closed here; nil: none was needed
	keys         [2]serdeKeys       // what the serializers' keys say, by serde.Part
	errs         []error
}

// serdeKeys are the options that the configuration's keys amount to.
type serdeKeys struct {
	serializer   []serde.SerializerOption
	deserializer []serde.DeserializerOption
}

// driver are what a client package offers.
type driver struct {
	producer func(kafka.Config, kafka.Hooks) (kafka.Producer, error)
	consumer func(kafka.Config, kafka.Hooks) (kafka.Consumer, error)
	session  func(kafka.Config, kafka.Hooks) (kafka.Session, error)
}

// constructorsOf finds a client by its name. Without cgo, kafka/confluent's
// constructors say what is missing.
func constructorsOf(name string) (driver, error) {
	switch name {
	case "confluent":
		return driver{confluent.NewProducer, confluent.NewConsumer, confluent.NewSession}, nil
	case "franz":
		return driver{franz.NewProducer, franz.NewConsumer, franz.NewSession}, nil
	}
	return driver{}, &kafka.ConfigError{
		Key: clientKey, Reason: fmt.Sprintf("%q: want confluent or franz", name), Nearest: kafka.Nearest(name, []string{"confluent", "franz"}),
	}
}

const clientKey = "kavro.client"

// ownKeys are kavro's own, beside those of the registry and the serializers.
var ownKeys = []string{clientKey, "key.serializer", "value.serializer", "key.deserializer", "value.deserializer"}

// wire takes conf apart for a constructor of r. It changes nothing in conf.
func wire(r role, conf Config, opts []Option) *wiring {
	w := &wiring{role: r, client: maps.Clone(conf), serdes: kafka.Config{}}
	if w.client == nil {
		w.client = kafka.Config{}
	}
	w.options.apply(opts)
	w.keep(w.options.check(r))
	w.chooseDriver()
	settings, err := registry.FromConfig(conf)
	if err == nil {
		w.settings = settings
	}
	w.keep(err)
	for _, key := range conf.Keys() {
		if registry.IsConfigKey(key) {
			delete(w.client, key)
		}
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
	for _, part := range []serde.Part{serde.Key, serde.Value} {
		k := &w.keys[part]
		k.serializer, k.deserializer, err = serde.FromConfig(w.serdes, part)
		w.keep(err)
	}
	w.findMisspelt(ours)
	return w
}

// keep remembers what is wrong.
func (w *wiring) keep(err error) {
	if err != nil && !errors.Is(err, errTold) {
		w.errs = append(w.errs, err)
	}
}

// errTold is the error of what cannot be made because of something that was told
// already.
var errTold = errors.New("told already")

// fail returns all that is wrong, and what closing brings; nil if nothing is wrong:
// then the logger is told of keys without effect.
func (w *wiring) fail() error {
	if len(w.errs) == 0 {
		w.warn()
		return nil
	}
	w.keep(w.close(context.Background()))
	return kafkaconf.Join(w.errs...)
}

// outputPart says how a pipeline writes its keys or values.
func (w *wiring) outputPart(part serde.Part) *partOptions {
	if w.output == nil {
		return &partOptions{}
	}
	return &w.output.parts[part]
}

// chooseDriver settles which Kafka client is used, and says so once.
func (w *wiring) chooseDriver() {
	name, how := w.driver, "asked for"
	key, err := w.client.String(clientKey, "")
	if err == nil && key != "" {
		_, err = constructorsOf(key)
	}
	w.keep(err) // also where the option wins
	if name == "" && err == nil {
		name = key
	}
	if name == "" {
		name, how = defaultDriver, "the default of this build"
	}
	if w.constructors, err = constructorsOf(name); err != nil {
		if w.driver != "" {
			err = fmt.Errorf("kavro: Driver: %q: want confluent or franz", w.driver)
		}
		w.keep(err)
		return
	}
	if w.hooks.Logger != nil {
		w.hooks.Logger.Info("kavro: Kafka client chosen", slog.String("client", name), slog.String("why", how))
	}
}

// findMisspelt refuses keys that look like kavro's own and are not: the Kafka
// client would refuse them too, but not say what was meant.
func (w *wiring) findMisspelt(ours []string) {
	for _, k := range registry.ConfigKeys() {
		ours = append(ours, k.Name)
	}
	all := slices.Concat(ours, kafkaconf.Names())
	for _, key := range w.client.Keys() {
		if _, known := kafkaconf.Find(key); known || kafkaconf.IsForeign(key) {
			continue
		}
		e := kafka.Unknown(key, all)
		if slices.Contains(ours, e.Nearest) || e.Nearest == "" && slices.ContainsFunc(ourPrefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			w.keep(e)
			delete(w.client, key)
		}
	}
}

// ourPrefixes begin the names of keys that no Kafka client has.
var ourPrefixes = []string{"kavro.", "avro.", "auto.register", "use.", "key.", "value.", "normalize.", "latest.", "id.compat", "subject.name.", "schema.", "rule.", "specific.", "validate.", "validation."}

// warn tells the logger about what has no effect here and is no error: one
// configuration, and one list of options for the registry, may serve several
// producers and consumers.
func (w *wiring) warn() {
	logger := w.hooks.Logger
	if logger == nil {
		logger = slog.Default()
	}
	if other := w.otherRole(); len(other) > 0 {
		logger.Warn("kavro: keys of the configuration that have no effect on a "+string(w.role), slog.Any("keys", other))
	}
	if w.options.registry != nil && w.settings != nil && len(w.settings.Keys) > 0 {
		logger.Warn("kavro: keys of the configuration that have no effect, because the option Registry gives a registry", slog.Any("keys", w.settings.Keys))
	}
	if len(w.registryOptions) > 0 && w.own == nil {
		logger.Warn("kavro: the option RegistryOptions has no effect: neither keys nor values are Avro, so that no registry is asked")
	}
	if interval, _ := w.client.Float("statistics.interval.ms", 0); w.hooks.Stats != nil && interval == 0 {
		logger.Warn("kavro: Hooks.Stats is never called: statistics.interval.ms is not set")
	}
	if mechanism := kafkaconf.NewView(w.client).Get("sasl.mechanisms"); w.hooks.Token != nil && !strings.EqualFold(mechanism, "OAUTHBEARER") {
		logger.Warn("kavro: Hooks.Token is never called: sasl.mechanism is not OAUTHBEARER")
	}
	if key := w.javaSerializer(); key != "" {
		logger.Warn("kavro: a Java class is named: Java's producer chooses partitions by murmur2; with partitioner=murmur2_random, records with a key go where Java's go",
			slog.String("key", key))
	}
}

// otherRole returns the keys that are for the other kind of client only, sorted.
func (w *wiring) otherRole() []string {
	if w.role == piping {
		return w.committingKeys()
	}
	client, mine, other := "P", ".serializer", ".deserializer"
	if w.role == consuming {
		client, mine, other = "C", other, mine
	}
	keys := kafkaconf.Foreign(w.client.Keys(), client)
	for _, key := range w.serdes.Keys() {
		part, isOther := strings.CutSuffix(key, other)
		_, both := w.serdes[part+mine]
		if isOther && !both || w.role == consuming && slices.Contains(serializerKeys, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// committingKeys returns the keys that ask for periodic commits: a pipeline commits
// within its transactions.
func (w *wiring) committingKeys() []string {
	var keys []string
	for _, key := range w.client.Keys() {
		switch key {
		case "enable.auto.commit", "auto.commit.enable":
			if on, err := w.client.Bool(key, false); err != nil || !on {
				continue
			}
			keys = append(keys, key)
		case intervalKey:
			keys = append(keys, key)
		}
	}
	return keys
}

// serializerKeys are the keys of serializers that deserializers do not read.
var serializerKeys = []string{"auto.register.schemas", "use.schema.id", "latest.compatibility.strict", "id.compatibility.strict", "normalize.schemas"}

// javaSerializer returns a key that names a serializer of Java's Kafka client,
// where nothing is said about the partitioner; "" if there is none.
func (w *wiring) javaSerializer() string {
	if _, set := w.client["partitioner"]; set || w.role == consuming {
		return ""
	}
	for _, key := range []string{"key.serializer", "value.serializer"} {
		if name, _ := w.serdes.String(key, ""); strings.HasPrefix(name, "org.apache.kafka.") {
			return key
		}
	}
	return ""
}

// openRegistry returns the registry that serializers ask: the one given, or a
// client made for it now. Making one touches no network.
func (w *wiring) openRegistry() (SchemaRegistry, error) {
	if w.registry != nil {
		return w.registry, nil
	}
	if w.settings == nil {
		return nil, errTold
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
// options: on both clients committing is avroconsumer's, never the client's own.
func (w *wiring) consumerOptions() []avroconsumer.Option {
	opts := []avroconsumer.Option{avroconsumer.WithOwnedClient(), avroconsumer.WithCloser(w.close), avroconsumer.WithLogger(w.hooks.Logger)}
	const key, old = "enable.auto.commit", "auto.commit.enable"
	auto, err := w.client.Bool(old, true)
	w.keep(err)
	if _, set := w.client[key]; set {
		// That the two contradict each other is the client's to say.
		auto, err = w.client.Bool(key, true)
		w.keep(err)
	}
	interval, err := w.client.Duration(intervalKey, 5*time.Second)
	w.keep(err)
	switch {
	case err != nil:
	case interval < 0 || interval > 24*time.Hour:
		w.keep(&kafka.ConfigError{Key: intervalKey, Reason: fmt.Sprintf("%v is not in 0 .. 86400000 ms", interval)})
	case !auto || interval == 0: // librdkafka: an interval of 0 switches it off
		opts = append(opts, avroconsumer.Defaults(avroconsumer.WithManualCommit()))
	default:
		opts = append(opts, avroconsumer.Defaults(avroconsumer.WithAutoCommit(interval)))
	}
	return opts
}

const intervalKey = "auto.commit.interval.ms"
