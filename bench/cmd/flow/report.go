package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kavro/kavro/internal/count"
)

// row is one side's figures, by round.
type row struct {
	name string
	of   []figures
}

func (f figures) rate() float64   { return float64(f.N) / f.Seconds }
func (f figures) cpu() float64    { return f.CPU / float64(f.N) }
func (f figures) allocs() float64 { return float64(f.Allocs) / float64(f.N) }
func (f figures) bytes() float64  { return float64(f.Bytes) / float64(f.N) }

func (r row) median(of func(figures) float64) float64 {
	var all []float64
	for _, f := range r.of {
		all = append(all, of(f))
	}
	return median(all)
}

// ratio is the median of r's figure beside another's of the same round.
func (r row) ratio(beside row, of func(figures) float64) float64 {
	all := []float64{}
	for i := range beside.of {
		all = append(all, of(r.of[i])/of(beside.of[i]))
	}
	return median(all)
}

// median is not a number if there is none.
func median(all []float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func head(b *strings.Builder, c scenario, s settings, where string, rounds int) {
	if where != "kfake" {
		where = "a real broker"
	}
	gogc := ""
	if v := os.Getenv("GOGC"); v != "" {
		gogc = ", GOGC=" + v
	}
	what := ""
	if c.what != "" {
		what = ": " + c.what
	}
	fmt.Fprintf(b, "## On %s, %s, compression %s%s%s\n\n%s, %s/%s, %d processors, %s: %s of %d records, each side in a process of its own. "+
		"Rates and ratios are medians, ratios of the same round; the broker has the same processors.%s\n",
		where, count.Of(s.Partitions, "partition"), s.Codec, gogc, what, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().Format("2006-01-02"), count.Of(rounds, "round"), s.N, busy())
}

// busy warns of a machine that had other things to do, where it can be told.
func busy() string {
	var load float64
	text, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		_, err = fmt.Sscan(string(text), &load)
	}
	if err != nil || load < 2*float64(runtime.NumCPU()) {
		return ""
	}
	return fmt.Sprintf(" **The machine was busy with other things** (load average %.0f at the end): rates say little, CPU per record more.", load)
}

func table(b *strings.Builder, title string, rows []row) {
	find := func(names ...string) row {
		if i := slices.IndexFunc(rows, func(r row) bool { return slices.Contains(names, r.name) }); i >= 0 {
			return rows[i]
		}
		return row{}
	}
	ck, fr := find(bareConfluent, tunedConfluent), find(bareFranz)
	fmt.Fprintf(b, "\n### %s\n\n| side | k records/s | CPU, us | allocs | bytes | rate / ck | CPU / ck | rate / franz-go | CPU / franz-go |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n", title)
	for _, r := range rows {
		fmt.Fprintf(b, "| %s | %.0f | %.2f | %.2f | %.0f | %.2f | %.2f | %.2f | %.2f |\n", r.name,
			r.median(figures.rate)/1000, r.median(figures.cpu)*1e6, r.median(figures.allocs), r.median(figures.bytes),
			r.ratio(ck, figures.rate), r.ratio(ck, figures.cpu), r.ratio(fr, figures.rate), r.ratio(fr, figures.cpu))
	}
}

const introduction = `# Cost of kavro, compared with the bare Kafka clients

Written by ` + "`go run ./cmd/flow`" + ` in bench/: a section for each scenario, broker, number of partitions, compression,
and GOGC if set.

- **"ck"** is the first row of confluent-kafka-go.
- **Values** are 1,024 random orders of about 150 bytes in turn, framed, with 16,384 keys. "ready bytes" are the same
  bytes without Avro. Where a section names a size, values are random bytes.
- **Producers** have acks=all, idempotence, linger.ms=5, and read the report of every record.
- **Consumers** use Messages, or Run. Their first tenth of the records is not measured.
- **CPU and allocations** are those of the client's process, per record, without librdkafka's allocations in C.

`

// save puts the section into flow.md, in place of the one with the same heading.
func save(section string) error {
	const file = "flow.md"
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	headingOf := func(part string) string {
		line, _, _ := strings.Cut(part, "\n")
		return line
	}
	var parts []string
	for _, part := range strings.Split(string(old), "\n## ")[1:] {
		parts = append(parts, "## "+strings.TrimSpace(part))
	}
	section = strings.TrimSpace(section)
	i := slices.IndexFunc(parts, func(part string) bool { return headingOf(part) == headingOf(section) })
	if i < 0 {
		i, parts = len(parts), append(parts, "")
	}
	parts[i] = section
	return os.WriteFile(file, []byte(introduction+strings.Join(parts, "\n\n")+"\n"), 0o644)
}
