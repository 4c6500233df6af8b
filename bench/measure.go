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

// Measure times every entry of the row once in each round, one after the other,
// for about the given time: machines drift, so only figures of one round are set
// beside each other.
func (r *Row) Measure(rounds int, each time.Duration) error {
	for i := range r.Figures {
		if err := r.Figures[i].Run(); err != nil {
			return err
		}
		if err := r.Figures[i].Check(); err != nil {
			return err
		}
	}
	for range rounds {
		for i := range r.Figures {
			if err := r.Figures[i].measure(each); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Figure) measure(each time.Duration) error {
	runtime.GC()
	n, spent := 1, time.Duration(0)
	for {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		for range n {
			if err := f.Run(); err != nil {
				return err
			}
		}
		spent = time.Since(start)
		if spent >= each || n > 1<<30 {
			runtime.ReadMemStats(&after)
			f.Allocs = float64(after.Mallocs-before.Mallocs) / float64(n)
			f.Bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
			f.Nanos = append(f.Nanos, float64(spent)/float64(n))
			return nil
		}
		grown := int(float64(n) * 1.2 * float64(each) / float64(max(spent, time.Microsecond)))
		n = min(max(grown, n+1), 100*n)
	}
}

// Ratios compares f with the fastest peer of each round: how many times as fast
// f is.
func (r *Row) Ratios(f Figure) []float64 {
	out := make([]float64, len(f.Nanos))
	for round := range f.Nanos {
		best := 0.0
		for _, peer := range r.Figures {
			if !peer.Ours() && (best == 0 || peer.Nanos[round] < best) {
				best = peer.Nanos[round]
			}
		}
		out[round] = best / f.Nanos[round]
	}
	return out
}

// Median returns the middle of values, which it does not change.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
