package registry

import (
	"context"
	"sync"
	"time"
)

// A pacer spaces requests out: every one is given a time, the spacing after the
// one before, but up to burst of them at once after a rest. A nil *pacer lets
// all through.
type pacer struct {
	spacing time.Duration
	burst   int

	mu   sync.Mutex
	next time.Time // of the next request, were there no bursts
}

func newPacer(perSecond float64, burst int) *pacer {
	if perSecond <= 0 {
		return nil
	}
	return &pacer{spacing: time.Duration(float64(time.Second) / perSecond), burst: burst}
}

// wait returns when the caller's time has come. It returns false at once if ctx
// ends before that, and then takes nobody's place.
func (p *pacer) wait(ctx context.Context) bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	now := time.Now()
	at := p.next
	if rested := now.Add(-time.Duration(p.burst-1) * p.spacing); at.Before(rested) {
		at = rested
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(at) {
		p.mu.Unlock()
		return false
	}
	p.next = at.Add(p.spacing)
	p.mu.Unlock()
	if d := at.Sub(now); d > 0 {
		return pause(ctx, d)
	}
	return true
}
