package registry

import (
	"context"
	"sync"

	"github.com/kavro/kavro/registry/transport"
)

// A group owns goroutines: they end, and are waited for, when it is closed.
type group struct {
	ctx    context.Context // ends with ErrClosed as its cause
	cancel context.CancelCauseFunc
	mu     sync.Mutex // guards the step from running to closed
	closed bool
	wg     sync.WaitGroup
}

func newGroup() *group {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &group{ctx: ctx, cancel: cancel}
}

// spawn runs f in a goroutine, with a context that ends when the group is
// closed. It reports false, and does nothing, if the group is closed.
func (g *group) spawn(f func(ctx context.Context)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.wg.Go(func() { f(g.ctx) })
	return true
}

// close ends the goroutines and waits for them.
func (g *group) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel(ErrClosed)
	g.wg.Wait()
}

// sharedCalls lets concurrent calls for one key share one piece of work. The work
// belongs to no caller: one who leaves does not fail the others, and the work is
// cancelled when the last has left. The zero value is ready.
type sharedCalls[K comparable, V any] struct {
	mu      sync.Mutex
	pending map[K]*sharedCall[V]
}

// sharedCall is one piece of work under way.
type sharedCall[V any] struct {
	callers int // who wait; guarded by sharedCalls.mu
	cancel  context.CancelFunc
	tried   *transport.Progress
	done    chan struct{} // closed when value and err are set
	value   V
	err     error
}

// do returns the result of work for key, running it in a goroutine of g unless it is running
// already. The context of work carries the values of the first caller's, but not its end; its
// call is a part of the first caller's. If ctx ends first, the error is its cause, with the
// reason why there is no answer yet if attempts at one have failed.
func (f *sharedCalls[K, V]) do(ctx context.Context, call transport.Call, g *group, key K, work func(context.Context, transport.Call) (V, error)) (V, error) {
	var none V
	if err := ctx.Err(); err != nil {
		return none, call.Progress.Left(ctx)
	}
	l, err := f.join(ctx, call, g, key, work)
	if err != nil {
		return none, err
	}
	select {
	case <-l.done:
		return l.value, l.err
	case <-ctx.Done():
		left := l.tried.Left(ctx) // before leaving ends the attempt
		f.leave(key, l)
		return none, left
	}
}

// join returns the sharedCall for key, starting it if there is none.
func (f *sharedCalls[K, V]) join(ctx context.Context, call transport.Call, g *group, key K, work func(context.Context, transport.Call) (V, error)) (*sharedCall[V], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l, ok := f.pending[key]; ok {
		l.callers++
		return l, nil
	}
	call.Progress = transport.NewProgress(call.Progress)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &sharedCall[V]{callers: 1, cancel: cancel, tried: call.Progress, done: make(chan struct{})}
	started := g.spawn(func(closing context.Context) {
		defer cancel()
		stop := context.AfterFunc(closing, cancel)
		defer stop()
		l.value, l.err = work(ctx, call)
		if l.err != nil && closing.Err() != nil {
			l.err = ErrClosed
		}
		f.land(key, l)
		close(l.done)
	})
	if !started {
		cancel()
		return nil, ErrClosed
	}
	if f.pending == nil {
		f.pending = make(map[K]*sharedCall[V])
	}
	f.pending[key] = l
	return l, nil
}

// leave takes one caller off l. Nobody else can join a sharedCall that the last
// caller left: it is about to fail.
func (f *sharedCalls[K, V]) leave(key K, l *sharedCall[V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l.callers--
	if l.callers == 0 {
		l.cancel()
		if f.pending[key] == l {
			delete(f.pending, key)
		}
	}
}

// land takes l off the list: from now on a call starts anew.
func (f *sharedCalls[K, V]) land(key K, l *sharedCall[V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pending[key] == l {
		delete(f.pending, key)
	}
}

// forget makes calls from now on start anew, although older ones still wait:
// what is under way may miss what has just been changed.
func (f *sharedCalls[K, V]) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.pending)
}
