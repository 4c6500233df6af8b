package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/base"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

const (
	partitions = 6
	keys       = 500
	total      = 200_000
)

// event is what the topic "in" holds.
type event struct {
	Key string `avro:"key"`
	N   int64  `avro:"n"` // its number among those of its key, from 0
}

const eventText = `{"type":"record","name":"Event","fields":[
	{"name":"key","type":"string"},{"name":"n","type":"long"}]}`

var eventSchema = serde.WithSchema(schemas.MustParse(eventText))

// rig is a broker and a registry that can fail.
type rig struct {
	*testing.T
	*kavrotest.Env
	base   factory
	faults *registry.Faults

	mu  sync.Mutex
	rnd *rand.Rand

	ends   [partitions]int64 // of "in", once it is filled
	poison map[string]bool   // bad values in "in"
}

func newRig(t *testing.T, b factory) *rig {
	r := &rig{T: t, base: b, rnd: rand.New(rand.NewPCG(1, 2)), poison: map[string]bool{}}
	env, err := kavrotest.Start(
		kavrotest.WithTopic("in", partitions), kavrotest.WithTopic("in-dlt", 1), kavrotest.WithTopic("out", partitions),
		kavrotest.WithRegistryMiddleware(func(next http.Handler) http.Handler {
			r.faults = registry.NewFaults(next)
			return r.faults
		}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, env.Close()) })
	r.Env = env
	return r
}

// conf is the configuration of a client.
func (r *rig) conf(more ...base.Config) base.Config {
	c := base.Config{"bootstrap.servers": strings.Join(r.Brokers, ",")}
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

// registryClient makes a client that knows nothing yet.
func (r *rig) registryClient() *registry.Client { return r.clientOf(r.RegistryURL) }

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

// fill writes events to "in", one in a hundred poison.
func (r *rig) fill() {
	client := r.registryClient()
	defer client.Close()
	p, err := r.base.producer(r.conf(base.Config{"linger.ms": 5}), base.Hooks{})
	require.NoError(r, err)
	s := r.serializer(client)
	ctx := context.Background()
	counts := make([]int64, keys)
	for i := range total {
		k := r.rnd.IntN(keys)
		e := event{Key: fmt.Sprint("key", k), N: counts[k]}
		rec := &base.Record{Topic: "in", Partition: int32(k % partitions), Key: []byte(e.Key)}
		if r.rnd.IntN(100) == 0 {
			rec.Value = fmt.Append(nil, "poison ", i)
			r.poison[string(rec.Value)] = true
		} else {
			counts[k]++
			rec.Value, err = s.Append(ctx, nil, &serde.Target{Topic: "in", Part: serde.Value}, &e)
			require.NoError(r, err)
		}
		r.ends[rec.Partition]++
		require.NoError(r, p.Produce(ctx, rec, func(_ *base.Record, err error) {
			if err != nil {
				r.Error(err)
			}
		}))
	}
	require.NoError(r, p.Close(ctx))
}

// mischief cuts connections and takes the registry away, until ctx ends.
func (r *rig) mischief(ctx context.Context, wg *sync.WaitGroup) {
	r.Cluster().ControlKey(-1, func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.Cluster().KeepControl()
		if ctx.Err() == nil && r.chance(100) {
			return nil, errors.New("cut"), true
		}
		return nil, nil, false
	})
	wg.Go(func() {
		defer r.faults.Clear()
		for ctx.Err() == nil {
			r.sleep(ctx, r.between(500*time.Millisecond, 1500*time.Millisecond))
			r.faults.Add(registry.Fault{Status: http.StatusServiceUnavailable})
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

// group is the configuration of a member that is quick to notice.
func (r *rig) group(more ...base.Config) base.Config {
	return r.conf(append([]base.Config{{
		"group.id":                 "g",
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
func (r *rig) through(patience time.Duration) {
	c, err := r.base.consumer(r.group(), base.Hooks{})
	require.NoError(r, err)
	defer c.Close(context.Background())
	var tps []base.TopicPartition
	for p := range int32(partitions) {
		tps = append(tps, base.TopicPartition{Topic: "in", Partition: p})
	}
	deadline := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		got, err := c.(base.Offsets).Committed(ctx, tps...)
		cancel()
		done := err == nil
		for _, o := range got {
			if o.Offset < r.ends[o.Partition] { // a transaction's marker may be beyond
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

// read returns everything that is committed in a topic.
func (r *rig) read(topic string, n int) []*base.Record {
	c, err := r.base.consumer(r.conf(base.Config{"group.id": "reader-" + topic, "isolation.level": "read_committed"}), base.Hooks{})
	require.NoError(r, err)
	defer c.Close(context.Background())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tps, err := c.(base.Metadata).Partitions(ctx, topic)
	require.NoError(r, err)
	var at []base.Offset
	left := map[int32]int64{} // where each partition ends
	for _, p := range tps {
		tp := base.TopicPartition{Topic: topic, Partition: p}
		at = append(at, base.Offset{TopicPartition: tp, Offset: base.OffsetStart, LeaderEpoch: -1})
		_, high, err := c.(base.Offsets).Watermarks(ctx, tp)
		require.NoError(r, err)
		left[p] = high
	}
	require.NoError(r, c.(base.Assigner).Assign(ctx, at...))
	var out []*base.Record
	var b base.Batch
	for quiet := 0; quiet < 5; { // markers at the end hold no records: wait for some silence too
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
