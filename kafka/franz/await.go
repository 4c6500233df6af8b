package franz

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
)

// await runs f, which sends a request to a broker, and waits for it within ctx. kgo applies
// the context of a request only once there is a connection. While one is being made, such as
// in a TLS handshake that is not answered, it waits for socket.connection.setup.timeout.ms,
// twice. If ctx ends first, f goes on in the background and ends with the client at the
// latest.
func await[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		v, err := f(ctx)
		answers <- answer{v, err}
	}()
	var none T
	select {
	case a := <-answers:
		if a.err != nil && ctx.Err() != nil && kafka.IsContext(a.err) {
			return none, ctx.Err() // not the error of a context of kgo's that ends with ctx
		}
		return a.v, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// closeGrace is how long Close waits for a client after its ctx has ended.
const closeGrace = time.Second

// awaitClosed waits until done is closed; after ctx has ended, for closeGrace at most.
func awaitClosed(ctx context.Context, done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
	}
}
