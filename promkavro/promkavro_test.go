package promkavro_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/promkavro"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scrape returns what Prometheus would get, by series.
func scrape(t *testing.T, url string) map[string]string {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	series := map[string]string{}
	for line := range strings.Lines(string(body)) {
		if !strings.HasPrefix(line, "#") {
			at := strings.LastIndexByte(line, ' ')
			series[line[:at]] = strings.TrimSpace(line[at+1:])
		}
	}
	return series
}

var errUnfit = errors.New("does not fit")

// picky is a serializer with a value that it refuses.
type picky struct{ serde.Serializer[string] }

func (p picky) Append(ctx context.Context, dst []byte, to *serde.Target, v *string) ([]byte, error) {
	if *v == "unfit" {
		return dst, errUnfit
	}
	return p.Serializer.Append(ctx, dst, to, v)
}

func TestScrape(t *testing.T) {
	env, err := kavrotest.Start(kavrotest.WithTopic("orders", 1))
	require.NoError(t, err)
	defer func() { require.NoError(t, env.Close()) }()
	conf := kafka.Config{
		"bootstrap.servers": strings.Join(env.Brokers, ","), "group.id": "billing", "auto.offset.reset": "earliest",
		"enable.partition.eof": true, "linger.ms": 0, "fetch.wait.max.ms": 50,
	}
	producers, consumers, registries := promkavro.NewProducer(), promkavro.NewConsumer(), promkavro.NewRegistry()
	all := prometheus.NewPedanticRegistry()
	all.MustRegister(producers, consumers, registries)
	server := httptest.NewServer(promhttp.HandlerFor(all, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}))
	defer server.Close()

	b, err := franz.NewProducer(conf, kafka.Hooks{})
	require.NoError(t, err)
	p, err := avroproducer.New(b, serde.String, picky{serde.String}, avroproducer.WithOwnedClient(), avroproducer.WithObserver(producers))
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, p.Produce(t.Context(), "orders", "key", "value"))
	}
	require.ErrorIs(t, p.Produce(t.Context(), "orders", "key", "unfit"), errUnfit)
	require.Error(t, p.ProduceSync(t.Context(), avroproducer.Record[string, string]{Topic: "orders", Partition: new(int32(7))}))
	require.NoError(t, p.Close(t.Context()))

	cb, err := franz.NewConsumer(conf, kafka.Hooks{})
	require.NoError(t, err)
	c, err := avroconsumer.New(cb, serde.String, serde.String, avroconsumer.WithOwnedClient(), avroconsumer.WithToEnd(),
		avroconsumer.WithObserver(consumers), avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip()))
	require.NoError(t, err)
	stop := consumers.Watch(c)
	require.NoError(t, c.Subscribe("orders"))
	var during map[string]string
	require.NoError(t, c.Run(t.Context(), func(_ context.Context, m *avroconsumer.Message[string, string]) error {
		if m.Offset == 1 {
			during = scrape(t, server.URL)
			return errors.New("the database said no")
		}
		return nil
	}))
	require.NoError(t, c.Close(t.Context()))

	r, err := registry.New(env.RegistryURL, registry.WithObserver(registries))
	require.NoError(t, err)
	_, err = r.Subjects(t.Context(), "")
	require.NoError(t, err)
	require.NoError(t, r.Close())

	for series, want := range map[string]string{
		`kavro_consumer_in_flight{partition="0",topic="orders"}`:       "2",
		`kavro_consumer_in_flight_bytes{partition="0",topic="orders"}`: "16",
		`kavro_consumer_handling{partition="0",topic="orders"}`:        "1",
		`kavro_consumer_waiting{partition="0",topic="orders"}`:         "0",
		`kavro_consumer_rebalance_seconds`:                             "0",
		`kavro_consumer_lag_records{partition="0",topic="orders"}`:     "2",
		`kavro_consumer_records_total{topic="orders"}`:                 "3",
	} {
		require.Equal(t, want, during[series], "%s while the second record is handled", series)
	}
	require.NotEqual(t, "0", during[`kavro_consumer_oldest_age_seconds{partition="0",topic="orders"}`])

	stop()
	after := scrape(t, server.URL)
	for series, want := range map[string]string{
		`kavro_producer_records_total{topic="orders"}`:                                    "3",
		`kavro_producer_bytes_total{topic="orders"}`:                                      "24",
		`kavro_producer_errors_total{error="encode",topic="orders"}`:                      "1",
		`kavro_producer_errors_total{error="-190",topic="orders"}`:                        "1",
		`kavro_producer_delivery_seconds_count{topic="orders"}`:                           "4",
		`kavro_producer_in_flight`:                                                        "0",
		`kavro_consumer_bytes_total{topic="orders"}`:                                      "24",
		`kavro_consumer_handle_seconds_count{error="",topic="orders"}`:                    "2",
		`kavro_consumer_handle_seconds_count{error="*errors.errorString",topic="orders"}`: "1",
		`kavro_consumer_failures_total{action="skipped",class="handler",topic="orders"}`:  "1",
		`kavro_consumer_rebalances_total{event="assigned"}`:                               "1",
		`kavro_consumer_rebalances_total{event="revoked"}`:                                "1",
		`kavro_registry_request_seconds_count{method="GET",status="200"}`:                 "1",
		`kavro_consumer_in_flight{partition="0",topic="orders"}`:                          "", // nobody is watched any more
	} {
		require.Equal(t, want, after[series], series)
	}
	require.NotEmpty(t, after[`kavro_consumer_commit_seconds_count{error=""}`])
}

// held is a consumer that waits for its group.
type held struct{ since time.Time }

func (held) Status() []avroconsumer.Status                   { return nil }
func (held) Lag(context.Context) ([]avroconsumer.Lag, error) { return nil, nil }
func (h held) Group() avroconsumer.GroupStatus {
	return avroconsumer.GroupStatus{Rebalancing: true, Since: h.since}
}

// Of several consumers, the one that has waited longest is seen.
func TestRebalance(t *testing.T) {
	c := promkavro.NewConsumer()
	defer c.Watch(held{time.Now().Add(-time.Hour)})()
	defer c.Watch(held{time.Now()})()
	all := prometheus.NewPedanticRegistry()
	all.MustRegister(c)
	server := httptest.NewServer(promhttp.HandlerFor(all, promhttp.HandlerOpts{}))
	defer server.Close()
	seconds, err := strconv.ParseFloat(scrape(t, server.URL)["kavro_consumer_rebalance_seconds"], 64)
	require.NoError(t, err)
	require.GreaterOrEqual(t, seconds, 3600.0)
}

// Every event of a registry client is counted under its name.
func TestRegistryEvents(t *testing.T) {
	r := promkavro.NewRegistry()
	for _, e := range []registry.Event{
		{Kind: registry.EventRequest, Method: "POST", Status: 409}, {Kind: registry.EventRequest, Method: "GET", Err: io.EOF},
		{Kind: registry.EventRetry}, {Kind: registry.EventEjected, URL: "http://a"}, {Kind: registry.EventEjected, URL: "http://b"},
		{Kind: registry.EventHealthy, URL: "http://a"},
		{Kind: registry.EventHit, Cache: "id"}, {Kind: registry.EventMiss, Cache: "id"}, {Kind: registry.EventStale, Cache: "latest"},
		{Kind: registry.EventFallback, Cache: "id"}, {Kind: registry.EventUnknown, Cache: "id"},
	} {
		r.Observe(e)
	}
	all := prometheus.NewPedanticRegistry()
	all.MustRegister(r)
	server := httptest.NewServer(promhttp.HandlerFor(all, promhttp.HandlerOpts{}))
	defer server.Close()
	got := scrape(t, server.URL)
	for _, series := range []string{
		`kavro_registry_request_seconds_count{method="POST",status="409"}`,
		`kavro_registry_request_seconds_count{method="GET",status=""}`,
		`kavro_registry_retries_total`, `kavro_registry_open`,
		`kavro_registry_cache_total{cache="id",result="hit"}`, `kavro_registry_cache_total{cache="id",result="miss"}`,
		`kavro_registry_cache_total{cache="latest",result="stale"}`, `kavro_registry_cache_total{cache="id",result="fallback"}`,
		`kavro_registry_cache_total{cache="id",result="unknown"}`,
	} {
		require.Equal(t, "1", got[series], series)
	}
}

// A URL counts while it is ejected, once, whatever becomes of the client.
func TestRegistryOpen(t *testing.T) {
	var down atomic.Bool
	reg := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "[]")
	}))
	defer reg.Close()
	r := promkavro.NewRegistry()
	all := prometheus.NewPedanticRegistry()
	all.MustRegister(r)
	server := httptest.NewServer(promhttp.HandlerFor(all, promhttp.HandlerOpts{}))
	defer server.Close()
	open := func() string { return scrape(t, server.URL)["kavro_registry_open"] }

	c, err := registry.New(reg.URL, registry.WithObserver(r), registry.WithRetries(0, 0, 0), registry.WithBreaker(1, 1, 1))
	require.NoError(t, err)
	ask := func() {
		_, err := c.Subjects(t.Context(), "")
		require.Equal(t, down.Load(), err != nil)
	}
	for range 2 {
		down.Store(true)
		for range 5 {
			ask()
			require.Equal(t, "1", open())
		}
		down.Store(false)
		ask()
		require.Equal(t, "0", open())
	}
	down.Store(true)
	ask()
	require.Equal(t, "1", open())
	require.NoError(t, c.Close())
	require.Equal(t, "0", open())
}

// A registry that is away is a class of its own, counted by attempt, and no record's
// time of handling.
func TestRegistryOutage(t *testing.T) {
	c := promkavro.NewConsumer()
	all := prometheus.NewPedanticRegistry()
	all.MustRegister(c)
	server := httptest.NewServer(promhttp.HandlerFor(all, promhttp.HandlerOpts{}))
	defer server.Close()
	e := &avroconsumer.RecordError{
		Raw: &kafka.Record{Topic: "orders"}, Stage: avroconsumer.StageValue, SchemaID: 7,
		Err: &registry.UnavailableError{Response: registry.Response{Status: 503}},
	}
	for range 50 {
		c.Handled(t.Context(), e.Raw, 0, e)
	}
	c.PolicyApplied(e, e.Class(), avroconsumer.WaitingForRegistry)
	got := scrape(t, server.URL)
	require.Equal(t, "1", got[`kavro_consumer_failures_total{action="waiting for registry",class="registry unavailable",topic="orders"}`])
	for series := range got {
		require.NotContains(t, series, "kavro_consumer_handle_seconds")
		require.NotContains(t, series, "decode")
	}
}
