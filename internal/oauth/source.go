// Package oauth gets OAuth 2 tokens for the clients of Kafka and of the Schema Registry:
// [Client] asks an OAuth server, [Source] asks as seldom as it can.
package oauth

import (
	"context"
	"sync"
	"time"
)

// FetchFunc asks for a token of type T. expires is zero if the token must not be kept.
type FetchFunc[T any] func(ctx context.Context) (token *T, expires time.Time, err error)

// Limits of requests for tokens.
const (
	fetchTimeout = 30 * time.Second // of one request
	failurePause = time.Second      // after a failure, while there is no token
	renewalPause = 10 * time.Second // after a failure, while the old token is still good
)

// Source keeps one token for all who need it. It asks for the next when four fifths of the
// token's life are over, as librdkafka does, and one request serves all who wait for it.
// All methods are safe for concurrent use.
type Source[T any] struct {
	fetch  FetchFunc[T]
	ctx    context.Context // of requests; ends with Close
	cancel context.CancelFunc
	asking sync.WaitGroup

	mu      sync.Mutex
	token   *T // nil: none
	expires time.Time
	renewAt time.Time
	failure error // of the last request, if it was less than failurePause ago
	until   time.Time
	request *request[T] // under way; nil: none
}

// request is one call of fetch. Its results are set when done is closed.
type request[T any] struct {
	done  chan struct{}
	token *T
	err   error
}

// NewSource makes a source of the tokens that fetch returns. It needs no network.
func NewSource[T any](fetch FetchFunc[T]) *Source[T] {
	s := &Source[T]{fetch: fetch}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Token returns a token that has not expired. It waits, within ctx, only where there is
// none: a token that nears its end is renewed in the background. After Close it returns
// context.Canceled.
func (s *Source[T]) Token(ctx context.Context) (*T, error) { return s.get(ctx, false) }

// Fresh is Token for uses that outlast the call, such as a session: it waits for the next
// token where the old one nears its end, and returns the old one only if there is no next.
func (s *Source[T]) Fresh(ctx context.Context) (*T, error) { return s.get(ctx, true) }

func (s *Source[T]) get(ctx context.Context, fresh bool) (*T, error) {
	s.mu.Lock()
	now := time.Now()
	old := s.token
	if old != nil && !now.Before(s.expires) {
		old = nil
	}
	if old != nil && now.Before(s.renewAt) {
		s.mu.Unlock()
		return old, nil
	}
	if old == nil && now.Before(s.until) {
		defer s.mu.Unlock()
		return nil, s.failure
	}
	r := s.ask()
	s.mu.Unlock()
	if old != nil && !fresh {
		return old, nil
	}
	select {
	case <-r.done:
		if r.err != nil && old != nil {
			return old, nil
		}
		return r.token, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ask starts a request, unless one is under way. The caller holds mu.
func (s *Source[T]) ask() *request[T] {
	if s.request != nil {
		return s.request
	}
	r := &request[T]{done: make(chan struct{})}
	if r.err = s.ctx.Err(); r.err != nil { // closed
		close(r.done)
		return r
	}
	s.request = r
	s.asking.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, fetchTimeout)
		defer cancel()
		token, expires, err := s.fetch(ctx)

		s.mu.Lock()
		defer s.mu.Unlock()
		defer close(r.done)
		s.request = nil
		now := time.Now()
		switch r.token, r.err = token, err; {
		case err != nil:
			s.failure, s.until = err, now.Add(failurePause)
			s.renewAt = now.Add(renewalPause)
		case expires.IsZero():
			s.token = nil
		default:
			s.token, s.expires, s.renewAt = token, expires, now.Add(expires.Sub(now)*4/5)
		}
	})
	return r
}

// Drop forgets token, which a server has refused. It reports whether asking for another one
// makes sense: not if tokens are not kept, and so this one was new.
func (s *Source[T]) Drop(token *T) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.token != nil
	if s.token == token {
		s.token = nil
	}
	return kept
}

// Close ends the request that is under way and waits for it.
func (s *Source[T]) Close() {
	s.mu.Lock() // no request starts after it
	s.cancel()
	s.mu.Unlock()
	s.asking.Wait()
}
