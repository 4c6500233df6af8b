package main

import (
	"bytes"
	"context"
	"go/parser"
	"go/token"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/promkavro"
)

// Of kavro's packages the program imports two, nothing of anybody else's, and fits on a page.
func TestFitsOnAPage(t *testing.T) {
	text, err := os.ReadFile("main.go")
	require.NoError(t, err)
	require.LessOrEqual(t, bytes.Count(text, []byte("\n")), 60)
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", text, parser.ImportsOnly)
	require.NoError(t, err)
	var others []string
	for _, i := range file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		require.NoError(t, err)
		if strings.Contains(path, ".") { // the standard library's have no host
			others = append(others, path)
		}
	}
	require.Equal(t, []string{"github.com/kavro/kavro", "github.com/kavro/kavro/promkavro"}, others)
}

func TestRun(t *testing.T) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			env := kavrotest.New(t, kavrotest.WithTopic("orders", 1), kavrotest.WithTopic("bills", 1))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			conf := env.Config(kavro.Config{"kavro.client": name})

			shop, err := kavro.Open(conf)
			require.NoError(t, err)
			orders, err := kavro.NewProducer[string, Order](shop, kavro.WithValue(kavro.WithSchema(orderSchema)))
			require.NoError(t, err)
			require.NoError(t, orders.Produce(ctx, "orders", "A-1", Order{ID: "A-1", Total: 42}))
			require.NoError(t, orders.Produce(ctx, "orders", "A-2", Order{ID: "A-2", Total: 4200}))
			require.NoError(t, shop.Close(ctx))

			metrics, ended := promkavro.New(), make(chan error, 1)
			running, stop := context.WithCancel(ctx)
			go func() { ended <- run(running, conf, metrics) }()
			scrape := func() string {
				answer := httptest.NewRecorder()
				metrics.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, "GET", "/metrics", nil))
				return answer.Body.String()
			}
			require.Eventually(t, func() bool {
				return strings.Contains(scrape(), `kavro_consumer_handle_seconds_count{error="",topic="bills"} 2`)
			}, time.Minute, 20*time.Millisecond)
			stop()
			require.ErrorIs(t, <-ended, context.Canceled)
			for _, line := range []string{
				`kavro_consumer_records_total{topic="orders"} 2`,
				`kavro_consumer_records_total{topic="bills"} 2`,
				`kavro_producer_records_total{topic="bills"} 2`,
				`kavro_registry_request_seconds_count{`,
			} {
				require.Contains(t, scrape(), line)
			}
		})
	}
}
