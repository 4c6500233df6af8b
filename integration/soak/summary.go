package main

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/internal/count"
)

// summary prints what came out, and reports whether all was well.
func (s *soak) summary() bool {
	fmt.Fprintf(s.out, "%v, Apache Kafka %s, %s, %d CPUs, seed %d\n", time.Since(s.began).Round(time.Second), apache.Version, runtime.Version(), runtime.NumCPU(), s.seed)
	ok := true
	wrong := func(format string, args ...any) {
		ok = false
		fmt.Fprintf(s.out, "WRONG: "+format+"\n", args...)
	}
	for _, l := range s.lines {
		l.mu.Lock()
		produced := int64(0)
		for p, n := range l.produced {
			produced += n
			if l.handled[p] != n {
				wrong("%s: partition %d: %d produced, handled up to %d", l.client, p, n, l.handled[p])
			}
		}
		fmt.Fprintf(s.out, "%s: %d records produced (%.0f a second), %d lost, %d failed, %d handled again, %d producers and %d members in turn\n",
			l.client, produced, float64(produced)/s.length.Seconds(), l.lost, l.failed, l.repeats, l.producers, l.members)
		if l.lost > 0 || l.failed > 0 {
			wrong("%s: records were lost", l.client)
		}
		l.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var faults []string
	for _, kind := range slices.Sorted(maps.Keys(s.faults)) {
		faults = append(faults, fmt.Sprintf("%s %d", kind, s.faults[kind]))
	}
	first, last := s.rest[0], s.rest[1]
	fmt.Fprintf(s.out, "faults: %s\n", strings.Join(faults, ", "))
	fmt.Fprintf(s.out, "at rest, at first:   %v\n", first)
	fmt.Fprintf(s.out, "at rest, at the end: %v\n", last)
	fmt.Fprintf(s.out, "the most seen:       %v\n", s.most)
	if growth := float64(last.heap)/float64(first.heap) - 1; growth >= 0.10 {
		wrong("the heap grew by %.1f %%", 100*growth)
	} else {
		fmt.Fprintf(s.out, "heap %+.1f %%\n", 100*growth)
	}
	if last.goroutines > first.goroutines {
		wrong("%s", count.Of(last.goroutines-first.goroutines, "more goroutine"))
	}
	return ok
}

// goroutines counts them, without those of kgo's connections: a client opens one
// when it has to ask a broker something, and closes it when it was idle for a while.
func goroutines() int {
	var profile strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return runtime.NumGoroutine()
	}
	_, groups, _ := strings.Cut(profile.String(), "\n") // after the title
	total := 0
	for group := range strings.SplitSeq(groups, "\n\n") { // "3 @ 0x...", then a line per call
		n, calls, _ := strings.Cut(group, " @ ")
		if count, err := strconv.Atoi(strings.TrimSpace(n)); err == nil && !strings.Contains(calls, "kgo.(*broker") {
			total += count
		}
	}
	return total
}

// residentSize is the memory of this process in bytes, that of C included; 0 where
// the system does not say.
func residentSize() uint64 {
	text, err := os.ReadFile("/proc/self/statm") // in pages: size, resident, ...
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
