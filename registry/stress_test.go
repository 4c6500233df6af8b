package registry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Everything at once, with a registry that fails now and then and callers who
// give up: no race, no wrong answer, nothing left behind (TestMain looks).
func TestStress(t *testing.T) {
	f := newFixture()
	var texts []string
	for i := range 20 {
		texts = append(texts, record(fmt.Sprintf("r%d", i), "int"))
	}
	ids := make(map[string]int)
	for i, text := range texts {
		ids[text] = f.register(t, fmt.Sprintf("s%d", i), text)[0]
	}
	f.Add(Fault{Path: "/schemas/ids/3", Status: 500, Count: 20})
	f.Add(Fault{Path: "/subjects/s5*", Reset: true, Count: 20})
	f.Add(Fault{Path: "/subjects/s7*", Delay: 2 * time.Millisecond, Body: HTMLPage(), Count: 20})
	server := httptest.NewServer(f.Faults)
	defer server.Close()
	c, err := New(server.URL, WithRetries(1, time.Millisecond, time.Millisecond), WithLatest(time.Millisecond, time.Hour, 5), WithCacheSize(7),
		WithMissing(time.Millisecond, time.Millisecond, time.Millisecond, 5), WithCacheDir(t.TempDir()), WithBreaker(50, time.Millisecond, time.Millisecond),
		WithObserver(&events{}))
	require.NoError(t, err)
	defer c.Close()

	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(g)))
			for range 300 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				if random.IntN(10) == 0 {
					cancel()
					ctx, cancel = context.WithTimeout(t.Context(), time.Duration(random.IntN(1000))*time.Microsecond)
				}
				i := random.IntN(len(texts))
				subject, text := fmt.Sprintf("s%d", i), texts[i]
				var s *SubjectSchema
				var err error
				switch random.IntN(9) {
				case 0, 1:
					s, err = c.SchemaByID(ctx, subject, ids[text])
				case 2:
					s, err = c.Lookup(ctx, subject, Definition{Text: text})
				case 3:
					s, err = c.Register(ctx, subject, Definition{Text: text})
				case 4, 5:
					s, err = c.Latest(ctx, subject)
				case 6:
					s, err = c.Version(ctx, subject, 1)
				case 7:
					_, err = c.Versions(ctx, subject)
				case 8:
					_, err = c.SchemaByID(ctx, subject, 1000+i)
				}
				cancel()
				if s != nil && (s.ID != ids[text] || s.Text != text) {
					t.Errorf("%+v instead of %d %s", s, ids[text], text)
				}
				if err != nil && !allowed(err) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// allowed are the errors that the faults, and giving up, explain.
func allowed(err error) bool {
	var unavailable *UnavailableError
	var notFound *NotFoundError
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &unavailable) || errors.As(err, &notFound)
}
