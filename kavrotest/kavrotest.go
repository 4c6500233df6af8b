package kavrotest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
)

// Env is a running broker and registry.
type Env struct {
	// Brokers are the broker's addresses, for bootstrap.servers.
	Brokers []string
	// RegistryURL is where the registry answers, for schema.registry.url.
	RegistryURL string
	// Registry is what answers there: tests may look into it, and register.
	Registry *memory.Registry

	cluster *kfake.Cluster
	server  *http.Server
	served  chan struct{}
}

// Option changes what [Start] starts.
type Option func(*config)

type config struct {
	partitions int
	strict     bool // topics are not made when they are first written to
	topics     map[string]int
	level      schemas.Level
	middleware func(http.Handler) http.Handler
}

// WithTopic makes a topic. Others are made when they are first written to.
func WithTopic(name string, partitions int) Option {
	return func(c *config) { c.topics[name] = partitions }
}

// WithoutTopicCreation lets the broker refuse topics that were not made, as brokers
// with auto.create.topics.enable=false do.
func WithoutTopicCreation() Option { return func(c *config) { c.strict = true } }

// WithPartitions sets how many partitions a topic has that is made when it is
// first written to. The default is 3.
func WithPartitions(n int) Option { return func(c *config) { c.partitions = n } }

// WithLevel sets the registry's global compatibility level. The default is
// BACKWARD, as Confluent's.
func WithLevel(l schemas.Level) Option { return func(c *config) { c.level = l } }

// WithRegistryMiddleware puts a handler in front of the registry: to count
// requests, or to make them fail (see [registrytest.Faults]).
func WithRegistryMiddleware(wrap func(http.Handler) http.Handler) Option {
	return func(c *config) { c.middleware = wrap }
}

// TB is what [New] needs of a test: *testing.T, *testing.B and *testing.F are one.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// New is [Start] for a test: it fails t if it cannot start, and what it returns ends with t.
// Clean-ups that t is given later, of clients for instance, come before.
func New(t TB, opts ...Option) *Env {
	t.Helper()
	e, err := Start(opts...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Fatalf("kavrotest: %v", err)
		}
	})
	return e
}

// Start starts a broker and a registry on free ports of 127.0.0.1. The caller
// closes what it returns. In tests, [New] is shorter.
func Start(opts ...Option) (*Env, error) {
	c := config{partitions: 3, topics: map[string]int{}, level: schemas.Backward}
	for _, o := range opts {
		o(&c)
	}
	broker := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.DefaultNumPartitions(c.partitions),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
		kfake.GroupMinSessionTimeout(time.Millisecond), // a test need not wait 6 s until a dead member is removed
	}
	if !c.strict {
		broker = append(broker, kfake.AllowAutoTopicCreation())
	}
	cluster, err := kfake.NewCluster(broker...)
	if err != nil {
		return nil, fmt.Errorf("kavrotest: broker: %w", err)
	}
	e := &Env{Brokers: cluster.ListenAddrs(), Registry: memory.New(), cluster: cluster, served: make(chan struct{})}
	if err := e.serveRegistry(c); err != nil {
		cluster.Close()
		return nil, fmt.Errorf("kavrotest: registry: %w", err)
	}
	for name, partitions := range c.topics {
		if err := e.CreateTopic(context.Background(), name, partitions); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	return e, nil
}

func (e *Env) serveRegistry(c config) error {
	if err := e.Registry.SetCompatibility(context.Background(), "", c.level); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := memory.Handler(e.Registry)
	if c.middleware != nil {
		handler = c.middleware(handler)
	}
	e.RegistryURL = "http://" + listener.Addr().String()
	e.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(e.served)
		_ = e.server.Serve(listener) // http.ErrServerClosed, once Close was called
	}()
	return nil
}

// Config returns a new configuration that points at the broker and the registry, for
// kavro.Open, with more laid over it. Groups start at the beginning of their topics.
func (e *Env) Config(more ...kafka.Config) kafka.Config {
	conf := kafka.Config{
		"bootstrap.servers":   strings.Join(e.Brokers, ","),
		"schema.registry.url": e.RegistryURL,
		"auto.offset.reset":   "earliest",
	}
	for _, m := range more {
		maps.Copy(conf, m)
	}
	return conf
}

// Group returns Config with this group.id, for clients without an argument for it.
func (e *Env) Group(id string, more ...kafka.Config) kafka.Config {
	return e.Config(append([]kafka.Config{{"group.id": id}}, more...)...)
}

// CreateTopic makes a topic.
func (e *Env) CreateTopic(ctx context.Context, name string, partitions int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(e.Brokers...))
	if err != nil {
		return fmt.Errorf("kavrotest: topic %s: %w", name, err)
	}
	defer client.Close()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, int32(partitions), 1
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, client)
	if err == nil && len(resp.Topics) == 1 {
		err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	}
	if err != nil {
		return fmt.Errorf("kavrotest: topic %s: %w", name, err)
	}
	return nil
}

// Cluster is the broker, for faults that kfake can show.
func (e *Env) Cluster() *kfake.Cluster { return e.cluster }

// Close stops both. Clients should be closed before.
func (e *Env) Close() error {
	err := e.server.Close()
	<-e.served
	e.cluster.Close()
	return err
}
