package pipeline

import (
	"context"
	"sync"

	"github.com/kavro/kavro/serde"
)

// raw is both serdes of bytes that stay as they are; nil is null. Decoding, it
// translates frames if schemas is set: there, a registry that does not answer is
// waited for.
type raw struct {
	schemas *Translator
	name    func(topic string) string // of the topic that is written to
}

// Decode gives payload away: it belongs to the record, and that to us.
func (r raw) Decode(ctx context.Context, payload []byte, from *serde.Target, v *[]byte) (err error) {
	if *v = payload; r.schemas != nil && !from.Null {
		*v, err = r.schemas.payload(ctx, r.name(from.Topic), from.Part, payload, from.Headers)
	}
	return err
}

func (raw) Append(_ context.Context, dst []byte, to *serde.Target, v *[]byte) ([]byte, error) {
	to.Null = *v == nil
	return append(dst, *v...), nil
}

// counter counts what several goroutines do.
type counter struct {
	mu     sync.Mutex
	n      int64
	report func(n int64)
}

func (c *counter) add() {
	if c.report == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	c.report(c.n)
}
