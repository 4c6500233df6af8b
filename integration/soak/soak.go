package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/internal/count"
)

// patience is how long everything on its way may take to arrive once no part
// fails any more. What has not come then is lost.
const patience = 10 * time.Minute

// soak is one run.
type soak struct {
	config
	broker   *apache.Broker
	registry *flakyRegistry
	lines    []*line
	began    time.Time

	mu     sync.Mutex
	faults map[string]int // done so far, by kind
	most   figures        // the largest that were seen
	rest   [2]figures     // at rest: at the reference point, and at the end
}

// run lives through the two parts of a soak. At the end of each it waits for rest.
func (s *soak) run(ctx context.Context) error {
	s.faults = map[string]int{}
	reference := min(s.length/6, 5*time.Minute)
	for i, until := range []time.Duration{reference, s.length} {
		part, end := context.WithDeadline(ctx, s.began.Add(until))
		var wg sync.WaitGroup
		wg.Go(func() { s.harmBroker(part) })
		wg.Go(func() { s.harmRegistry(part) })
		wg.Go(func() { s.watch(part) })
		for _, l := range s.lines {
			wg.Go(func() { l.produce(part, s.rate/len(s.lines)) })
			wg.Go(func() { l.change(part) })
		}
		wg.Wait()
		end()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.awaitHandled(ctx); err != nil {
			return err
		}
		s.look() // as it is
		release()
		s.rest[i] = s.look()
		s.say("at rest: %v", s.rest[i])
	}
	return nil
}

// awaitHandled waits until all produced records are handled.
func (s *soak) awaitHandled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		lag := int64(0)
		for _, l := range s.lines {
			lag += l.lag()
		}
		if lag == 0 {
			break
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			s.say("%s did not arrive", count.Of(lag, "record"))
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil // the summary says which
			}
			return ctx.Err()
		}
	}
	for _, l := range s.lines {
		l.renew(ctx) // all clients are as young as they are at the other point
	}
	s.calm(ctx)
	return nil
}

// calm waits until goroutines of clients that were closed have ended: until there
// are no more than at the reference point, or none has ended for a while.
func (s *soak) calm(ctx context.Context) {
	const while = 15 * time.Second
	least, since := goroutines(), time.Now()
	for ctx.Err() == nil && time.Since(since) < while && goroutines() > s.rest[0].goroutines {
		time.Sleep(100 * time.Millisecond)
		if n := goroutines(); n < least {
			least, since = n, time.Now()
		}
	}
}

// watch prints what there is, every minute.
func (s *soak) watch(ctx context.Context) {
	for tick := time.Tick(5 * time.Second); ; {
		for range 12 {
			select {
			case <-tick:
				s.look()
			case <-ctx.Done():
				return
			}
		}
		s.say("%v", s.look())
	}
}

// figures are what must not grow.
type figures struct {
	heap       uint64 // bytes, after a collection
	goroutines int
	lag        int64 // records that were produced and not handled
	rss        uint64
}

func (f figures) String() string {
	const mb = 1 << 20
	return fmt.Sprintf("heap %.2f MB, %d goroutines, lag %d, process %.0f MB", float64(f.heap)/mb, f.goroutines, f.lag, float64(f.rss)/mb)
}

// look takes the figures, and keeps the largest.
func (s *soak) look() figures {
	f := figures{goroutines: goroutines(), rss: residentSize()}
	for _, l := range s.lines {
		f.lag += l.lag()
	}
	runtime.GC()
	runtime.GC() // what finalizers and pools let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap = m.HeapAlloc
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = figures{max(s.most.heap, f.heap), max(s.most.goroutines, f.goroutines), max(s.most.lag, f.lag), max(s.most.rss, f.rss)}
	return f
}

// did counts a fault.
func (s *soak) did(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[kind]++
}

func (s *soak) say(format string, args ...any) {
	fmt.Fprintf(s.log, "%7s  %s\n", time.Since(s.began).Round(time.Second), fmt.Sprintf(format, args...))
}
