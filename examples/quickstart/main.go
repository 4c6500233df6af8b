// Quickstart shows what kavro is for, on real work: it walks the source of Go's
// standard library, publishes a typed event for every file through a Kafka
// broker and a Schema Registry, reads the events in a consumer group and says
// what was learnt. Then the schema evolves, and things go wrong.
//
//	go run ./examples/quickstart
//
// needs nothing but Go: broker and registry run within the process. Flags point
// it at real ones, at another source tree, or at the other Kafka client.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
)

func main() {
	var f flags
	flag.StringVar(&f.client, "client", "", `Kafka client: "confluent" (librdkafka, needs cgo) or "franz" (pure Go); default: confluent where cgo is on`)
	flag.StringVar(&f.brokers, "brokers", "", "comma-separated addresses of a Kafka cluster (default: one within the process)")
	flag.StringVar(&f.registry, "registry", "", "URL of a Schema Registry (default: one within the process)")
	flag.StringVar(&f.input, "input", "", "source tree to read (default: the Go standard library)")
	flag.DurationVar(&f.timeout, "timeout", 2*time.Minute, "how long each part may take")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "quickstart: unknown arguments: %s\n", strings.Join(flag.Args(), " "))
		flag.Usage()
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, f, newScreen(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

type flags struct {
	client, brokers, registry, input string
	timeout                          time.Duration // of each part
}

// demo is what the parts of the story share.
type demo struct {
	*screen
	client    *kavro.Client
	topic     string
	root      string       // of the source tree
	requests  atomic.Int64 // made to the registry
	published int          // version 1 events on the topic
}

func run(ctx context.Context, f flags, s *screen) error {
	began := time.Now()
	d := &demo{screen: s, root: f.input}
	stop, err := d.connect(f)
	if err != nil {
		return err
	}
	defer stop()
	if d.root == "" {
		if d.root, err = standardLibrary(ctx); err != nil {
			return err
		}
	}
	for _, part := range []func(context.Context) error{d.publish, d.learn, d.evolve, d.survive} {
		if err := within(ctx, f.timeout, part); err != nil {
			return err
		}
	}
	d.title("Done in %.1f s, with %d requests to the registry.", time.Since(began).Seconds(), d.requests.Load())
	return nil
}

// within runs one part of the story. A broker or a registry that does not answer ends
// it: the error says which.
func within(ctx context.Context, d time.Duration, part func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return part(ctx)
}

// connect opens a client on a cluster and a registry, within the process where no others
// were named.
func (d *demo) connect(f flags) (stop func(), err error) {
	stop = func() {}
	conf := kavro.Config{"auto.offset.reset": "earliest"}
	// A fresh topic each time: a real cluster remembers.
	d.topic = fmt.Sprintf("source-files-%d", time.Now().UnixMilli())
	if f.brokers == "" || f.registry == "" {
		env, err := kavrotest.Start(kavrotest.WithPartitions(6))
		if err != nil {
			return stop, err
		}
		conf = env.Config()
		stop = func() { _ = env.Close() } // nothing is kept: there is nothing to lose
	}
	if f.brokers != "" {
		conf["bootstrap.servers"] = f.brokers
	}
	if f.registry != "" {
		conf["schema.registry.url"] = f.registry
	}
	conf["kavro.client"] = f.client // "" is the default
	if d.client, err = kavro.Open(conf, kavro.WithObserver(registry.ObserverFunc(d.observe))); err != nil {
		return stop, err
	}
	where := func(flag string) string {
		if flag == "" {
			return "in this process"
		}
		return strings.TrimSpace(flag)
	}
	d.title("kavro quickstart")
	d.line("broker %s, registry %s", where(f.brokers), where(f.registry))
	if f.client != "" {
		d.line("Kafka client: %s", f.client)
	}
	stopEnv := stop
	return func() {
		_ = d.client.Close(context.Background())
		stopEnv()
	}, nil
}

// observe counts requests: everything the registry is asked goes through it.
func (d *demo) observe(e registry.Event) {
	if e.Kind == registry.EventRequest {
		d.requests.Add(1)
	}
}

// group names a group of this run.
func (d *demo) group(id string) string { return d.topic + "-" + id }
