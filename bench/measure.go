package bench

import (
	"runtime"
	"slices"
	"time"
)

// Figure is what was measured of one entry.
type Figure struct {
	Entry
	Nanos  []float64 // per operation, one for each round
	Allocs float64   // per operation
	Bytes  float64   // per operation

	runs int // that are timed at once
}

// Row is one operation on one shape, by every library that can do it.
type Row struct {
	Shape, Op string
	Figures   []Figure
}

// Rows groups entries, in their order, into rows without figures.
func Rows(entries []Entry) []Row {
	var rows []Row
	for _, e := range entries {
		i := slices.IndexFunc(rows, func(r Row) bool { return r.Shape == e.Shape && r.Op == e.Op })
		if i < 0 {
			i, rows = len(rows), append(rows, Row{Shape: e.Shape, Op: e.Op})
		}
		rows[i].Figures = append(rows[i].Figures, Figure{Entry: e})
	}
	return rows
}

// slots is how often each entry is timed within a round.
const slots = 5

// Measure times every entry of the row in each round, for about the given time.
//
// What is measured is processor time of the whole process, the garbage
// collector's included: what else the machine does then matters little. Entries
// take turns within a round, in slices, each of them the first one as often as
// the others, and what one left behind is collected before the next begins. Only
// figures of one round are set beside each other: machines drift.
func (r *Row) Measure(rounds int, each time.Duration) error {
	for i := range r.Figures {
		if err := r.Figures[i].prepare(each / slots); err != nil {
			return err
		}
	}
	for round := range rounds {
		spent := make([]time.Duration, len(r.Figures))
		for slot := range slots {
			for i := range r.Figures {
				i = (i + slot + round) % len(r.Figures)
				d, err := r.Figures[i].slice()
				if err != nil {
					return err
				}
				spent[i] += d
			}
		}
		for i := range r.Figures {
			f := &r.Figures[i]
			f.Nanos = append(f.Nanos, float64(spent[i])/float64(slots*f.runs))
		}
	}
	return nil
}

// prepare checks what the entry does, counts its allocations, and finds how many
// runs take about the given time.
func (f *Figure) prepare(slice time.Duration) error {
	if err := f.Run(); err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		return err
	}
	for f.runs = 1; ; {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		spent, err := f.slice()
		if err != nil {
			return err
		}
		runtime.ReadMemStats(&after)
		f.Allocs = float64(after.Mallocs-before.Mallocs) / float64(f.runs)
		f.Bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(f.runs)
		if spent >= slice*3/4 {
			return nil
		}
		grown := int(1.1 * float64(f.runs) * float64(slice) / float64(max(spent, time.Microsecond)))
		f.runs = min(max(grown, f.runs+1), 100*f.runs)
	}
}

// slice runs the entry once for each of its runs and returns the processor time.
func (f *Figure) slice() (time.Duration, error) {
	runtime.GC()
	start := ProcessorTime()
	for range f.runs {
		if err := f.Run(); err != nil {
			return 0, err
		}
	}
	return ProcessorTime() - start, nil
}

// Ratios compares f with the fastest peer of each round: how many times as fast
// f is.
func (r *Row) Ratios(f Figure) []float64 {
	out := make([]float64, len(f.Nanos))
	for round := range f.Nanos {
		best := 0.0
		for _, peer := range r.Figures {
			if !peer.Ours() && peer.Of == "" && (best == 0 || peer.Nanos[round] < best) {
				best = peer.Nanos[round]
			}
		}
		out[round] = best / f.Nanos[round]
	}
	return out
}

// Costs sets the library that f measures beside f: how many times as long as f it
// takes.
func (r *Row) Costs(f Figure) []float64 {
	out := make([]float64, len(f.Nanos))
	for round := range f.Nanos {
		for _, of := range r.Figures {
			if of.Library == f.Of {
				out[round] = of.Nanos[round] / f.Nanos[round]
			}
		}
	}
	return out
}

// Median returns the middle of values, which it does not change.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
