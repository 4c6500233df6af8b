package pipeline

import (
	"context"
	"sync"

	"github.com/kavro/kavro/serde"
)

// raw is serializer and deserializer of unchanged bytes; nil is null. If schemas is set,
// decoding translates frames: so a registry that does not answer is waited for, as for any
// record.
type raw struct {
	schemas *Translator
	name    func(topic string) string // returns the topic to write to
}

// Decode returns payload without a copy: the record, which owns it, is used only here.
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

// counter counts records of several goroutines.
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
