package apache

import (
	"context"
	"time"
)

// Harm freezes the broker for half a second again and again, and every third time
// kills it and starts it again, until ctx ends. quiet says how long to leave it
// alone in between. The broker works when Harm returns, unless there is an error.
func (b *Broker) Harm(ctx context.Context, quiet func(least, most time.Duration) time.Duration) error {
	for n := 1; ; n++ {
		select {
		case <-time.After(quiet(time.Second, 3*time.Second)):
		case <-ctx.Done():
			return nil
		}
		if n%3 == 0 {
			b.Kill9()
			if err := b.Restart(); err != nil {
				return err
			}
			continue
		}
		if err := b.Freeze(); err != nil {
			return err
		}
		time.Sleep(500 * time.Millisecond)
		if err := b.Thaw(); err != nil {
			return err
		}
	}
}
