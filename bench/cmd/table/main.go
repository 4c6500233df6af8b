// Table measures every entry of package bench and writes results.md and
// chart.svg into the folder it is started in, bench:
//
//	go run ./cmd/table            about ten minutes
//	go run ./cmd/table -quick     a look, in one
//	go run ./cmd/table -chart     chart.svg again, from results.md and anchors.md: nothing is measured
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kavro/kavro/bench"
)

func main() {
	quick := flag.Bool("quick", false, "three short rounds")
	each := flag.Duration("each", 100*time.Millisecond, "processor time for each entry in each round")
	only := flag.String("shape", "", "only this shape; nothing is written")
	op := flag.String("op", "", "only operations that begin like this; nothing is written")
	again := flag.Bool("chart", false, "measure nothing; draw chart.svg again from results.md")
	flag.Parse()
	if *again {
		if err := redraw(); err != nil {
			fmt.Fprintln(os.Stderr, "table:", err)
			os.Exit(1)
		}
		return
	}
	rounds := 5
	if *quick {
		rounds, *each = 3, 10*time.Millisecond
	}
	rows := bench.Rows(bench.Entries())
	part := *only != "" || *op != ""
	rows = slices.DeleteFunc(rows, func(r bench.Row) bool {
		return *only != "" && r.Shape != *only || !strings.HasPrefix(r.Op, *op)
	})
	for i := range rows {
		if err := rows[i].Measure(rounds, *each); err != nil {
			fmt.Fprintf(os.Stderr, "table: %s, %s: %v\n", rows[i].Shape, rows[i].Op, err)
			os.Exit(1)
		}
		fmt.Print(line(rows[i]))
	}
	if part {
		return
	}
	if err := write(rows, rounds, *each); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func write(rows []bench.Row, rounds int, each time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\n%s, %s/%s, %d processors, %s: `go run ./cmd/table` in `bench/`, %d rounds of %v for each entry.\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().Format("2006-01-02"), rounds, each)
	b.WriteString("- **Ratio**: the fastest peer's time divided by kavro's, in the same round: median (minimum-maximum). Below 1\n" +
		"  the peer is faster.\n" +
		"- **Nanoseconds** are medians of processor time on this machine, the garbage collector's included.\n" +
		"- **\"measure\"** rows are not libraries: kavro's own figure is compared with them.\n")
	shape := ""
	for _, r := range rows {
		if r.Shape != shape {
			shape = r.Shape
			fmt.Fprintf(&b, "\n## %s\n\n| operation | library | ns | allocations | bytes | ratio |\n|---|---|--:|--:|--:|--:|\n", shape)
		}
		for _, f := range r.Figures {
			ratio := ""
			if f.Of != "" {
				ratio = fmt.Sprintf("%s takes %s times this", f.Of, spread(r.Costs(f)))
			}
			if f.Ours() && len(r.Figures) > 1 {
				ratio = spread(r.Ratios(f))
			}
			fmt.Fprintf(&b, "| %s | %s | %.0f | %.0f | %.0f | %s |\n", r.Op, f.Library, bench.Median(f.Nanos), f.Allocs, f.Bytes, ratio)
		}
	}
	if err := os.WriteFile("results.md", []byte(b.String()), 0o644); err != nil {
		return err
	}
	return redraw()
}

// redraw writes chart.svg from results.md and anchors.md.
func redraw() error {
	all, err := barsOf(".")
	if err != nil {
		return err
	}
	return os.WriteFile("chart.svg", []byte(chart(all)), 0o644)
}

// spread is the median, the least and the most.
func spread(all []float64) string {
	return fmt.Sprintf("**%.2f** (%.2f-%.2f)", bench.Median(all), slices.Min(all), slices.Max(all))
}

// line is a row for the terminal.
func line(r bench.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %-42s", r.Shape, r.Op)
	for _, f := range r.Figures {
		fmt.Fprintf(&b, "  %s %.0f ns", f.Library, bench.Median(f.Nanos))
		if f.Ours() {
			fmt.Fprintf(&b, " (%.2f)", bench.Median(r.Ratios(f)))
		}
		if f.Of != "" {
			fmt.Fprintf(&b, " (x %.2f)", bench.Median(r.Costs(f)))
		}
	}
	return b.String() + "\n"
}
