package promkavro_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/promkavro"
)

// reading is a consumer with one partition of orders.
type reading struct {
	status avroconsumer.Status
	lag    int64
	err    error
}

func (r *reading) Status() []avroconsumer.Status { return []avroconsumer.Status{r.status} }
func (r *reading) Lag(context.Context) ([]avroconsumer.Lag, error) {
	return []avroconsumer.Lag{{TopicPartition: r.status.TopicPartition, Records: r.lag}}, r.err
}

// several is a consumer that cannot be compared with another.
type several []*reading

func (all several) Status() (status []avroconsumer.Status) {
	for _, r := range all {
		status = append(status, r.Status()...)
	}
	return status
}

func (all several) Lag(ctx context.Context) (lags []avroconsumer.Lag, err error) {
	for _, r := range all {
		one, failed := r.Lag(ctx)
		lags, err = append(lags, one...), errors.Join(err, failed)
	}
	return lags, err
}

// Whoever is watched together, and however often, a scrape has each series once.
func TestWatchTogether(t *testing.T) {
	partition := func(inFlight int, age time.Duration, waiting bool, lag int64) *reading {
		return &reading{status: avroconsumer.Status{
			TopicPartition: kafka.TopicPartition{Topic: "orders"},
			InFlight:       inFlight, Bytes: 10 * inFlight, OldestAge: age, Handling: 1, Waiting: waiting,
		}, lag: lag}
	}
	billing, shipping := partition(2, time.Second, true, 7), partition(3, 2*time.Second, false, 4)
	together := map[string]string{"in_flight": "5", "in_flight_bytes": "50", "oldest_age_seconds": "2", "handling": "2", "waiting": "1", "lag_records": "7"}
	alone := map[string]string{"in_flight": "2", "in_flight_bytes": "20", "oldest_age_seconds": "1", "handling": "1", "waiting": "1", "lag_records": "7"}
	unanswered := partition(3, 2*time.Second, false, 9)
	unanswered.err = errors.New("no broker answers")
	for _, test := range []struct {
		name    string
		sources []promkavro.Source
		want    map[string]string
	}{
		{"two consumers of one partition", []promkavro.Source{billing, shipping}, together},
		{"one twice", []promkavro.Source{billing, billing}, alone},
		{"one twice, and another", []promkavro.Source{billing, shipping, billing}, together},
		{"one that has a partition twice", []promkavro.Source{several{billing, shipping}}, together},
		{"two that cannot be compared", []promkavro.Source{several{billing}, several{shipping}}, together},
		{"the lag of one is unknown", []promkavro.Source{billing, unanswered}, together},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := promkavro.NewConsumer()
			all := prometheus.NewPedanticRegistry()
			all.MustRegister(c)
			server := httptest.NewServer(promhttp.HandlerFor(all, promhttp.HandlerOpts{}))
			defer server.Close()
			stops := make([]func(), len(test.sources))
			for i, s := range test.sources {
				stops[i] = c.Watch(s)
			}
			got := scrape(t, server.URL)
			for name, want := range test.want {
				require.Equal(t, want, got[`kavro_consumer_`+name+`{partition="0",topic="orders"}`], name)
			}
			for _, stop := range stops {
				require.NotEmpty(t, scrape(t, server.URL), "until the last stop")
				stop()
			}
			require.Empty(t, scrape(t, server.URL))
		})
	}
}
