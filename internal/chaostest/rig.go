package chaostest

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

const (
	partitions = 6
	keys       = 500
	total      = 200_000
)

// event is the type of the records in topic "in".
type event struct {
	Key string `avro:"key"`
	N   int64  `avro:"n"` // the number of the event among those with its key, from 0
}

const eventText = `{"type":"record","name":"Event","fields":[
	{"name":"key","type":"string"},{"name":"n","type":"long"}]}`

var eventSchema = serde.WithSchema(schemas.MustParse(eventText))

// timeout bounds every wait. No test depends on the speed of the machine.
const timeout = 8 * time.Minute

// Cluster is a broker to run on.
type Cluster struct {
	Brokers     string // bootstrap.servers
	CreateTopic func(ctx context.Context, name string, partitions int) error
	// InjectFaults disturbs the broker until ctx ends: it closes connections, or kills brokers.
	// quiet returns the time between two faults. The broker works again when it returns.
	InjectFaults func(ctx context.Context, quiet func(least, most time.Duration) time.Duration)
}

// rig is a broker and a registry that can fail, for one test.
type rig struct {
	*testing.T
	Cluster
	driver   kafka.Driver
	registry *memory.Registry
	url      string // of the registry
	faults   *registrytest.Faults
	run      string // a prefix of names, unique for each test on one broker

	mu    sync.Mutex
	rnd   *rand.Rand
	began time.Time // when injectFaults began

	ends   [partitions]int64 // of "in", after fill
	poison map[string]bool   // bad values in "in"
}

func newRig(t *testing.T, c Cluster, d kafka.Driver) *rig {
	r := &rig{
		T: t, Cluster: c, driver: d, registry: memory.New(), run: crand.Text()[:8],
		rnd: rand.New(rand.NewPCG(1, 2)), poison: map[string]bool{},
	}
	r.faults = registrytest.NewFaults(memory.Handler(r.registry))
	server := httptest.NewServer(r.faults)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// name returns a name of a topic, group or transactional id that no other test uses.
func (r *rig) name(s string) string { return r.run + "-" + s }

// conf is the configuration of a client.
func (r *rig) conf(more ...kafka.Config) kafka.Config {
	c := kafka.Config{"bootstrap.servers": r.Brokers}
	for _, m := range more {
		maps.Copy(c, m)
	}
	return c
}

// chance is true in n of 100,000 cases.
func (r *rig) chance(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rnd.IntN(100_000) < n
}

func (r *rig) between(least, most time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return least + time.Duration(r.rnd.Int64N(int64(most-least)))
}

// quiet returns the time until the next fault: least to most at first, and longer the longer
// the run takes, so that a slow machine finishes as well.
func (r *rig) quiet(least, most time.Duration) time.Duration {
	return r.between(least, most) * (1 + time.Since(r.began)/calming)
}

// calming is the time after which quiet has doubled.
const calming = 15 * time.Second

// registryClient returns a client with an empty cache.
func (r *rig) registryClient() *registry.Client { return r.clientOf(r.url) }

func (r *rig) clientOf(url string) *registry.Client {
	c, err := registry.New(url, registry.WithRetries(0, 0, 0))
	require.NoError(r, err)
	return c
}

func (r *rig) deserializer(c *registry.Client) serde.Deserializer[event] {
	d, err := serde.NewAvroDeserializer[event](c, eventSchema)
	require.NoError(r, err)
	return d
}

func (r *rig) serializer(c *registry.Client) serde.Serializer[event] {
	s, err := serde.NewAvroSerializer[event](c, eventSchema)
	require.NoError(r, err)
	return s
}

// fill produces events to "in", one in a hundred of them bad.
func (r *rig) fill() {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for topic, n := range map[string]int{"in": partitions, "in-dlt": 1, "out": partitions} {
		require.NoError(r, r.CreateTopic(ctx, r.name(topic), n))
	}
	client := r.registryClient()
	defer client.Close()
	p, err := r.driver.NewProducer(r.conf(kafka.Config{"linger.ms": 5}), kafka.Hooks{})
	require.NoError(r, err)
	s := r.serializer(client)
	counts := make([]int64, keys)
	for i := range total {
		k := r.rnd.IntN(keys)
		e := event{Key: fmt.Sprint("key", k), N: counts[k]}
		rec := &kafka.Record{Topic: r.name("in"), Partition: int32(k % partitions), Key: []byte(e.Key)}
		if r.rnd.IntN(100) == 0 {
			rec.Value = fmt.Append(nil, "poison ", i)
			r.poison[string(rec.Value)] = true
		} else {
			counts[k]++
			rec.Value, err = s.Append(ctx, nil, &serde.Target{Topic: r.name("in"), Part: serde.Value}, &e)
			require.NoError(r, err)
		}
		r.ends[rec.Partition]++
		require.NoError(r, p.Produce(ctx, rec, func(_ *kafka.Record, err error) {
			if err != nil {
				r.Error(err)
			}
		}))
	}
	require.NoError(r, p.Close(ctx))
}

// injectFaults disturbs the broker and the registry until ctx ends.
func (r *rig) injectFaults(ctx context.Context, wg *sync.WaitGroup) {
	r.began = time.Now()
	wg.Go(func() { r.InjectFaults(ctx, r.quiet) })
	wg.Go(func() {
		defer r.faults.Clear()
		for ctx.Err() == nil {
			r.sleep(ctx, r.quiet(500*time.Millisecond, 1500*time.Millisecond))
			r.faults.Add(registrytest.Fault{Status: http.StatusServiceUnavailable})
			r.sleep(ctx, r.between(500*time.Millisecond, 2*time.Second))
			r.faults.Clear()
		}
	})
}

func (r *rig) sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// group returns the configuration of a member with short timeouts.
func (r *rig) group(more ...kafka.Config) kafka.Config {
	return r.conf(append([]kafka.Config{{
		"group.id":                 r.name("g"),
		"auto.offset.reset":        "earliest",
		"session.timeout.ms":       6_000,
		"heartbeat.interval.ms":    100,
		"fetch.wait.max.ms":        50,
		"reconnect.backoff.ms":     20,
		"reconnect.backoff.max.ms": 200,
		"retry.backoff.ms":         20,
	}}, more...)...)
}

// through waits until the group has committed everything.
func (r *rig) through() {
	c, err := r.driver.NewConsumer(r.group(), kafka.Hooks{})
	require.NoError(r, err)
	defer c.Close(context.Background())
	var tps []kafka.TopicPartition
	for p := range int32(partitions) {
		tps = append(tps, kafka.TopicPartition{Topic: r.name("in"), Partition: p})
	}
	deadline := time.Now().Add(timeout)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		got, err := c.(kafka.Offsets).Committed(ctx, tps...)
		cancel()
		done := err == nil
		for _, o := range got {
			if o.Offset < r.ends[o.Partition] { // a transaction marker may follow
				done = false
			}
		}
		if done {
			return
		}
		require.True(r, time.Now().Before(deadline), "committed: %v of %v, %v", got, r.ends, err)
		time.Sleep(100 * time.Millisecond)
	}
}

// read returns all committed records of a topic.
func (r *rig) read(topic string, n int) []*kafka.Record {
	c, err := r.driver.NewConsumer(r.conf(kafka.Config{"group.id": "reader-" + topic, "isolation.level": "read_committed"}), kafka.Hooks{})
	require.NoError(r, err)
	defer c.Close(context.Background())
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	tps, err := c.(kafka.Metadata).Partitions(ctx, topic)
	require.NoError(r, err)
	var at []kafka.Offset
	for _, p := range tps {
		at = append(at, kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: topic, Partition: p}, Offset: kafka.OffsetStart, LeaderEpoch: -1})
	}
	require.NoError(r, c.(kafka.Assigner).Assign(ctx, at...))
	var out []*kafka.Record
	var b kafka.Batch
	for quiet := 0; quiet < 5; { // transaction markers hold no records: also wait until polls return nothing
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		err := c.Poll(short, &b, 10_000)
		cancel()
		if err != nil {
			require.ErrorIs(r, err, context.DeadlineExceeded)
			if len(out) >= n {
				quiet++
			}
			continue
		}
		out = append(out, b.Records...)
		require.NoError(r, ctx.Err())
	}
	return out
}
