package bench

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// Every entry does what it says before it is timed.
func TestEntries(t *testing.T) {
	for _, e := range Entries() {
		t.Run(e.Shape+"/"+e.Op+"/"+e.Library, func(t *testing.T) {
			require.NoError(t, e.Run())
			require.NoError(t, e.Check())
		})
	}
}

func BenchmarkEntries(b *testing.B) {
	for _, e := range Entries() {
		b.Run(e.Shape+"/"+e.Op+"/"+e.Library, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The warm serializer locks nothing: its rate rises with the processors, and more
// goroutines than those cost nothing.
func BenchmarkSerializeParallel(b *testing.B) {
	client, err := registry.New("mock://parallel")
	require.NoError(b, err)
	s, err := serde.NewAvroSerializer[Order](client, serde.WithSchema(schemas.MustParse(orderText)))
	require.NoError(b, err)
	for _, goroutines := range []int{1, 2, 4, 16, 64} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			b.ReportAllocs()
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() {
					order, buf := sampleOrder(), make([]byte, 0, 512)
					to := serde.Target{Topic: "orders", Part: serde.Value}
					for range b.N / goroutines {
						if _, err := s.Append(context.Background(), buf, &to, &order); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
