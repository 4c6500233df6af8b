package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kavro/kavro/bench"
	"github.com/kavro/kavro/internal/count"
)

// row is one operation of one library.
type row struct {
	op, library string
	run         func(n int) (time.Duration, error) // CPU time of n operations
	data        func() ([]byte, error)             // what one operation encodes, or decodes and then encodes
	runs        int                                // in a slice
	nanos       []float64                          // per operation, one for each round
}

func main() {
	rounds := flag.Int("rounds", 5, "rounds; with fewer than 3, or without one of the languages, nothing is written")
	each := flag.Duration("each", time.Second, "CPU time for each row in each round")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := anchors(ctx, *rounds, *each)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "anchors:", err)
		os.Exit(1)
	}
}

func anchors(ctx context.Context, rounds int, each time.Duration) error {
	rows := ownRows()
	dir, err := os.MkdirTemp("", "anchors")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	versions, all := []string{runtime.Version()}, true
	for _, l := range languages {
		if missing := l.missing(); missing != "" {
			fmt.Printf("%s: left out, there is no %s\n", l.name, missing)
			all = false
			continue
		}
		p, err := l.start(ctx, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		defer p.stop()
		theirs, err := p.rows(l)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		rows, versions = append(rows, theirs...), append(versions, l.version(ctx))
	}
	if err := measure(rows, rounds, each); err != nil {
		return err
	}
	text := table(rows, versions, rounds, each)
	fmt.Print(text)
	if rounds < 3 || !all {
		return nil
	}
	return os.WriteFile("anchors.md", []byte(text), 0o644)
}

// slots is how often each row has its turn within a round.
const slots = 5

func measure(rows []row, rounds int, each time.Duration) error {
	for i := range rows {
		if err := rows[i].prepare(each / slots); err != nil {
			return fmt.Errorf("%s, %s: %w", rows[i].op, rows[i].library, err)
		}
	}
	for round := range rounds {
		spent := make([]time.Duration, len(rows))
		for slot := range slots {
			for i := range rows {
				i = (i + slot + round) % len(rows)
				d, err := rows[i].run(rows[i].runs)
				if err != nil {
					return err
				}
				spent[i] += d
			}
		}
		for i := range rows {
			rows[i].nanos = append(rows[i].nanos, float64(spent[i])/float64(slots*rows[i].runs))
		}
	}
	return nil
}

// warm is the CPU time that a row takes before it is measured: Java compiles what runs often.
const warm = 3 * time.Second

// prepare checks what the row does, warms it up, and finds how many runs make a slice.
func (r *row) prepare(slice time.Duration) error {
	data, err := r.data()
	if err != nil {
		return err
	}
	if err := isTheOrder(data); err != nil {
		return err
	}
	const some = 100_000
	spent, n := time.Duration(0), 0
	var last time.Duration
	for spent < warm {
		if last, err = r.run(some); err != nil {
			return err
		}
		spent, n = spent+max(last, time.Millisecond), n+some
	}
	r.runs = max(1, int(some*slice/max(last, time.Millisecond)))
	return nil
}

func table(rows []row, versions []string, rounds int, each time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The Order in other languages\n\n%s; %s/%s, %d processors, %s: `go run ./anchors` in `bench/`, %s of %v for each row.\n\n",
		strings.Join(versions, ", "), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().Format("2006-01-02"), count.Of(rounds, "round"), each)
	b.WriteString("- **Ratio**: the library's time divided by that of kavro's generated type, in the same round: median\n" +
		"  (minimum-maximum). Above 1 kavro is faster.\n" +
		"- **Nanoseconds** are medians of CPU time of the whole process.\n" +
		"- **Encode** writes into a buffer that is reused. **Decode** makes a new value; \"text of the datum\" has strings\n" +
		"  that share its memory.\n\n" +
		"| operation | library | ns | ratio |\n|---|---|--:|--:|\n")
	slices.SortStableFunc(rows, func(a, b row) int { return slices.Index(operations, a.op) - slices.Index(operations, b.op) })
	for _, r := range rows {
		own := rows[slices.IndexFunc(rows, func(o row) bool { return o.op == r.op && o.library == bench.KavroGenerated })]
		ratios := make([]float64, len(r.nanos))
		for i := range r.nanos {
			ratios[i] = r.nanos[i] / own.nanos[i]
		}
		fmt.Fprintf(&b, "| %s | %s | %.0f | **%.2f** (%.2f-%.2f) |\n", r.op, r.library, bench.Median(r.nanos),
			bench.Median(ratios), slices.Min(ratios), slices.Max(ratios))
	}
	return b.String()
}
