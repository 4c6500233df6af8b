package promkavro

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kavro/kavro/avroconsumer"
)

// A Source tells how a consumer is doing. Every *avroconsumer.Consumer is one.
type Source interface {
	Status() []avroconsumer.Status
	Lag(ctx context.Context) ([]avroconsumer.Lag, error)
}

// lagTimeout bounds what a scrape waits for the broker, well within Prometheus'
// default time-out of 10 seconds.
const lagTimeout = 3 * time.Second

// Watch has every scrape ask s, until the function it returns is called. Lag
// takes a request to the broker: while that does not answer, it is absent, and
// a scrape takes up to 3 seconds. Several sources may be watched, also of the same
// topics, and one of them several times: the package's documentation says how they add up.
func (c *Consumer) Watch(s Source) (stop func()) {
	entry := &s
	c.watched.mu.Lock()
	defer c.watched.mu.Unlock()
	c.watched.sources = append(c.watched.sources, entry)
	return func() {
		c.watched.mu.Lock()
		defer c.watched.mu.Unlock()
		c.watched.sources = slices.DeleteFunc(c.watched.sources, func(other *Source) bool { return other == entry })
	}
}

// watched is what consumers say of themselves, as of a scrape.
type watched struct {
	mu      sync.Mutex
	sources []*Source // one each time that it is watched
}

// all are the sources, each once.
func (w *watched) all() (sources []Source) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.sources {
		comparable := reflect.ValueOf(*s).Comparable()
		if !comparable || !slices.Contains(sources, *s) {
			sources = append(sources, *s)
		}
	}
	return sources
}

func gauge(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, []string{"topic", "partition"}, nil)
}

var (
	inFlight      = gauge("kavro_consumer_in_flight", "Records that were polled and are unprocessed.")
	inFlightBytes = gauge("kavro_consumer_in_flight_bytes", "Bytes of keys and values of the records in flight.")
	oldestAge     = gauge("kavro_consumer_oldest_age_seconds", "Time since the oldest record in flight was polled.")
	handling      = gauge("kavro_consumer_handling", "Handlers at work.")
	waiting       = gauge("kavro_consumer_waiting", "1 while the registry does not answer and the partition waits.")
	lagRecords    = gauge("kavro_consumer_lag_records", "Records from the position to the end of the partition, of the consumer that is furthest behind.")
	rebalancing   = prometheus.NewDesc("kavro_consumer_rebalance_seconds", "Time that a consumer has waited for its group to rebalance, the longest of all; 0 if none waits.", nil, nil)
)

// member is a source that knows about its group. Consumers and pipelines are.
type member interface {
	Group() avroconsumer.GroupStatus
}

// Describe implements prometheus.Collector.
func (w *watched) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{inFlight, inFlightBytes, oldestAge, handling, waiting, lagRecords, rebalancing} {
		out <- d
	}
}

// Collect implements prometheus.Collector. A series comes from all sources together:
// several groups may read a topic, and two members of a group have a partition both for
// the moment in which it moves.
func (w *watched) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lagTimeout)
	defer cancel()
	series := make(sums)
	longest, members := time.Duration(0), false
	for _, s := range w.all() {
		series.collect(ctx, s)
		if m, ok := s.(member); ok {
			members = true
			if g := m.Group(); g.Rebalancing {
				longest = max(longest, time.Since(g.Since))
			}
		}
	}
	for key, v := range series {
		out <- prometheus.MustNewConstMetric(key.desc, prometheus.GaugeValue, v, key.topic, strconv.Itoa(int(key.partition)))
	}
	if members {
		out <- prometheus.MustNewConstMetric(rebalancing, prometheus.GaugeValue, longest.Seconds())
	}
}

// sums are the values of a scrape, by series.
type sums map[seriesKey]float64

type seriesKey struct {
	desc      *prometheus.Desc
	topic     string
	partition int32
}

func (all sums) add(d *prometheus.Desc, v float64, topic string, partition int32) {
	all[seriesKey{d, topic, partition}] += v
}

func (all sums) most(d *prometheus.Desc, v float64, topic string, partition int32) {
	key := seriesKey{d, topic, partition}
	all[key] = max(all[key], v)
}

func (all sums) collect(ctx context.Context, s Source) {
	for _, p := range s.Status() {
		all.add(inFlight, float64(p.InFlight), p.Topic, p.Partition)
		all.add(inFlightBytes, float64(p.Bytes), p.Topic, p.Partition)
		all.most(oldestAge, p.OldestAge.Seconds(), p.Topic, p.Partition)
		all.add(handling, float64(p.Handling), p.Topic, p.Partition)
		waits := 0.0
		if p.Waiting {
			waits = 1
		}
		all.most(waiting, waits, p.Topic, p.Partition)
	}
	lags, err := s.Lag(ctx)
	if err != nil {
		return // absent: a number would be wrong
	}
	for _, l := range lags {
		if l.Records >= 0 {
			all.most(lagRecords, float64(l.Records), l.Topic, l.Partition)
		}
	}
}
