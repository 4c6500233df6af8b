package memory_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
)

// order is a schema of the usual size; n makes it a schema of its own.
func order(n int) registry.Definition {
	return registry.Definition{Text: fmt.Sprintf(`{"type":"record","name":"Order%d","namespace":"com.acme.shop","doc":"An order.","fields":[
		{"name":"id","type":"string"},{"name":"customer","type":["null","string"],"default":null},
		{"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":18,"scale":2}},
		{"name":"created","type":{"type":"long","logicalType":"timestamp-millis"}},
		{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"sku","type":"string"},{"name":"count","type":"int"}]}}}]}`, n)}
}

// BenchmarkRegisterNew registers new schemas, in turn, in a registry that holds 100
// and in one that holds 10,000. The ratio is what the second costs beside the first.
func BenchmarkRegisterNew(b *testing.B) {
	for _, where := range []string{"subjects of their own", "one subject"} {
		b.Run(where, func(b *testing.B) {
			subject := func(n int) string {
				if where == "one subject" {
					return "orders-value"
				}
				return fmt.Sprintf("orders-%d-value", n)
			}
			small := &filled{b: b, subject: subject, held: 100}
			large := &filled{b: b, subject: subject, held: 10_000}
			for range b.N {
				small.register()
				large.register()
			}
			b.ReportMetric(float64(small.spent.Nanoseconds())/float64(b.N), "ns-at-100")
			b.ReportMetric(float64(large.spent.Nanoseconds())/float64(b.N), "ns-at-10000")
			b.ReportMetric(float64(large.spent)/float64(small.spent), "ratio")
		})
	}
}

// filled is a registry that holds about as many schemas as it says.
type filled struct {
	b       *testing.B
	subject func(n int) string
	held, n int
	memory  *memory.Registry
	spent   time.Duration
}

// register registers one more schema and adds up the time that it took.
func (f *filled) register() {
	if f.memory == nil || f.n > f.held+f.held/5 {
		f.b.StopTimer()
		f.memory, f.n = memory.New(memory.WithLevel(schemas.None)), 0
		for f.n < f.held {
			f.add()
		}
		runtime.GC() // what filling left is not on the bill
		f.b.StartTimer()
	}
	start := time.Now()
	f.add()
	f.spent += time.Since(start)
}

func (f *filled) add() {
	if _, err := f.memory.Register(f.b.Context(), f.subject(f.n), order(f.n)); err != nil {
		f.b.Fatal(err)
	}
	f.n++
}

// BenchmarkReadHTTP reads schemas by id over loopback, through one connection
// that sends one request after the other. Run it with -cpu 1. Where the machine is
// shared, reads/cpu-s is what one core would do: client and server together.
func BenchmarkReadHTTP(b *testing.B) {
	m := memory.New()
	got, err := m.Register(b.Context(), "orders-value", order(0))
	require.NoError(b, err)
	srv := httptest.NewServer(memory.Handler(m))
	defer srv.Close()
	for name, path := range map[string]string{
		"by id":   fmt.Sprintf("/schemas/ids/%d", got.ID),
		"version": "/subjects/orders-value/versions/1",
		"latest":  "/subjects/orders-value/versions/latest",
	} {
		b.Run(name, func(b *testing.B) {
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			require.NoError(b, err)
			defer conn.Close()
			request := "GET " + path + " HTTP/1.1\r\nHost: registry\r\nAccept: application/vnd.schemaregistry.v1+json\r\n\r\n"
			r := bufio.NewReader(conn)
			b.ReportAllocs()
			b.ResetTimer()
			cpu := cpuTime()
			for range b.N {
				if _, err := io.WriteString(conn, request); err != nil {
					b.Fatal(err)
				}
				if length := readAnswer(b, r); length < 100 {
					b.Fatalf("%d bytes", length)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
			b.ReportMetric(float64(b.N)/(cpuTime()-cpu).Seconds(), "reads/cpu-s")
		})
	}
}

// readAnswer reads an answer as quickly as it can be read, so that the server is
// what is measured.
func readAnswer(b *testing.B, r *bufio.Reader) (length int) {
	status, err := r.ReadSlice('\n')
	if err != nil || !strings.Contains(string(status), " 200 ") {
		b.Fatal(string(status), err)
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if len(line) == 2 {
			break
		}
		fmt.Sscanf(string(line), "Content-Length: %d", &length)
	}
	if _, err := r.Discard(length); err != nil {
		b.Fatal(err)
	}
	return length
}

// BenchmarkReadHandler is BenchmarkReadHTTP without a network.
func BenchmarkReadHandler(b *testing.B) {
	m := memory.New()
	got, err := m.Register(b.Context(), "orders-value", order(0))
	require.NoError(b, err)
	h := memory.Handler(m)
	req := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/schemas/ids/%d", got.ID), nil)
	w := discard{header: http.Header{}}
	b.ReportAllocs()
	for range b.N {
		h.ServeHTTP(w, req)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkOpen starts a registry of 10,000 subjects with 20 versions each.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	m, err := memory.Open(dir, memory.WithLevel(schemas.None), memory.WithoutSync())
	require.NoError(b, err)
	for s := range 10_000 {
		for v := range 20 {
			_, err := m.Register(b.Context(), fmt.Sprintf("subject-%d-value", s), order(s*20+v), registry.Force())
			require.NoError(b, err)
		}
	}
	require.NoError(b, m.Close())
	info, err := os.Stat(filepath.Join(dir, "registry.log"))
	require.NoError(b, err)
	cpu := cpuTime()
	for b.Loop() { // filling the log takes a minute: once is enough
		m, err := memory.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if stats := m.Stats(); stats.Versions != 200_000 {
			b.Fatal(stats)
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpuTime()-cpu).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(info.Size())/(1<<20), "MiB")
}

// BenchmarkRegisterDurable registers new schemas with a log, each synced.
func BenchmarkRegisterDurable(b *testing.B) {
	m, err := memory.Open(b.TempDir(), memory.WithLevel(schemas.None))
	require.NoError(b, err)
	defer m.Close()
	for n := range b.N {
		if _, err := m.Register(b.Context(), "orders-value", order(n)); err != nil {
			b.Fatal(err)
		}
	}
}
