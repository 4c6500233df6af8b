package registry

import (
	"context"
	"fmt"
	"path"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Nobody waits for someone else's request. These tests hang requests for good:
// if one held up another, they would not end.

func TestHungIDDoesNotHoldUpAnother(t *testing.T) {
	f := newFixture()
	ids := f.register(t, "users-value", userV1, userV2)
	c, _ := f.serve(t)
	ctx := within(t)
	_, err := c.SchemaByID(ctx, "", ids[0])
	require.NoError(t, err)

	hung := hang(t, f, c, 1, fmt.Sprintf("/schemas/ids/%d", 99), func(ctx context.Context, _ int) error {
		_, err := c.SchemaByID(ctx, "", 99)
		return err
	})
	before := f.Total()
	s, err := c.SchemaByID(ctx, "", ids[0])
	require.NoError(t, err, "a cached id")
	require.Equal(t, userV1, s.Text)
	require.Equal(t, before, f.Total())
	s, err = c.SchemaByID(ctx, "", ids[1])
	require.NoError(t, err, "another id")
	require.Equal(t, userV2, s.Text)
	hung()
}

func TestHungRequestsDoNotHoldUpOneMore(t *testing.T) {
	const many = 32
	for _, test := range []struct {
		name string
		path string
		call func(c *Client, ctx context.Context, i int) error
	}{
		{"ids", "/schemas/ids/2*", func(c *Client, ctx context.Context, i int) error {
			_, err := c.SchemaByID(ctx, "", 200+i)
			return err
		}},
		{"versions", "/subjects/hung*/versions", func(c *Client, ctx context.Context, i int) error {
			_, err := c.Versions(ctx, fmt.Sprintf("hung%d", i))
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture()
			f.register(t, "users-value", userV1)
			c, _ := f.serve(t)
			hung := hang(t, f, c, many, test.path, func(ctx context.Context, i int) error { return test.call(c, ctx, i) })
			numbers, err := c.Versions(within(t), "users-value")
			require.NoError(t, err)
			require.Equal(t, []int{1}, numbers)
			_, err = c.Latest(within(t), "users-value")
			require.NoError(t, err)
			_, err = c.SchemaByGUID(within(t), Hooks.GUID(Definition{Text: userV1}))
			require.NoError(t, err)
			_, err = c.SchemaByID(within(t), "", 1)
			require.NoError(t, err, "one more id")
			hung()
		})
	}
}

// hang makes n calls that get no answer, and waits until all are under way. The
// function it returns ends them.
func hang(t *testing.T, f *fixture, c *Client, n int, pattern string, call func(ctx context.Context, i int) error) (end func()) {
	f.Add(Fault{Path: pattern, Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := call(ctx, i); err == nil {
				t.Error("a hung request was answered")
			}
		})
	}
	require.Eventually(t, func() bool {
		hung := 0
		for request, count := range f.Requests() {
			if ok, _ := path.Match("GET "+pattern, request); ok {
				hung += count
			}
		}
		return hung == n
	}, time.Minute, time.Millisecond)
	return func() {
		cancel()
		wg.Wait()
	}
}

func TestOneRequestForManyCallers(t *testing.T) {
	const callers = 1000
	f := newFixture()
	id := f.register(t, "users-value", userV1)[0]
	c, _ := f.serve(t)
	for _, test := range []struct {
		name    string
		request string
		call    func(ctx context.Context) (*SubjectSchema, error)
	}{
		{"by id", "GET /schemas/ids/1", func(ctx context.Context) (*SubjectSchema, error) { return c.SchemaByID(ctx, "", id) }},
		{"a version", "GET /subjects/users-value/versions/1", func(ctx context.Context) (*SubjectSchema, error) { return c.Version(ctx, "users-value", 1) }},
		{"the latest", "GET /subjects/users-value/versions/latest", func(ctx context.Context) (*SubjectSchema, error) { return c.Latest(ctx, "users-value") }},
		{"lookup", "POST /subjects/users-value", func(ctx context.Context) (*SubjectSchema, error) {
			return c.Lookup(ctx, "users-value", Definition{Text: userV1})
		}},
		{"register", "POST /subjects/new-value/versions", func(ctx context.Context) (*SubjectSchema, error) {
			return c.Register(ctx, "new-value", Definition{Text: userV1})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := within(t)
			start := make(chan struct{})
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					<-start
					s, err := test.call(ctx)
					if err != nil || s.ID != id {
						t.Errorf("%+v, %v", s, err)
					}
				})
			}
			close(start)
			wg.Wait()
			require.Equal(t, 1, f.asked(test.request), "%v", f.Requests())
		})
	}
}

func TestUnknownIDIsAskedForOncePerPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		seen := &events{}
		c := f.client(t, WithObserver(seen))
		for period := 1; period <= 3; period++ {
			for range 1000 {
				_, err := c.SchemaByID(t.Context(), "", 41)
				var notFound *NotFoundError
				require.ErrorAs(t, err, &notFound)
				require.Equal(t, 40403, notFound.Code)
			}
			require.Equal(t, period, f.asked("GET /schemas/ids/41"))
			time.Sleep(c.settings.missingIDs)
		}
		require.Equal(t, 3*1000, seen.of(EventUnknown))
	})
}

func TestUnknownIDsAreBounded(t *testing.T) {
	f := newFixture()
	c := f.client(t, WithMissing(time.Hour, 0, 0, 100))
	for id := range 1000 {
		_, err := c.SchemaByID(t.Context(), "", id+1)
		require.Error(t, err)
	}
	require.Equal(t, 100, c.ids.missing.Len())
}

func TestRegisteringShowsWhatWasMissing(t *testing.T) {
	f := newFixture()
	c := f.client(t, WithMissing(time.Hour, time.Hour, time.Hour, 1000))
	d := Definition{Text: userV1}
	_, err := c.SchemaByID(t.Context(), "users-value", 1)
	require.Error(t, err)
	_, err = c.Version(t.Context(), "users-value", 1)
	require.Error(t, err)
	_, err = c.Latest(t.Context(), "users-value")
	require.Error(t, err)
	_, err = c.Lookup(t.Context(), "users-value", d)
	require.Error(t, err)
	_, err = c.SchemaByGUID(t.Context(), Hooks.GUID(d))
	require.Error(t, err)

	_, err = c.Register(t.Context(), "users-value", d)
	require.NoError(t, err)
	_, err = c.SchemaByID(t.Context(), "users-value", 1)
	require.NoError(t, err)
	_, err = c.Version(t.Context(), "users-value", 1)
	require.NoError(t, err)
	_, err = c.Latest(t.Context(), "users-value")
	require.NoError(t, err)
	_, err = c.Lookup(t.Context(), "users-value", d)
	require.NoError(t, err)
	_, err = c.SchemaByGUID(t.Context(), Hooks.GUID(d))
	require.NoError(t, err)
}

func TestCancelledCallerDoesNotFailOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		id := f.register(t, "users-value", userV1)[0]
		f.Add(Fault{Path: "/schemas/ids/*", Delay: time.Second, Header: map[string][]string{"X-Slow": {"yes"}}})
		c := f.client(t)
		impatient, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() {
			_, err := c.SchemaByID(impatient, "", id)
			first <- err
		}()
		synctest.Wait()
		second := make(chan error)
		go func() {
			_, err := c.SchemaByID(t.Context(), "", id)
			second <- err
		}()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-first, context.Canceled)
		require.NoError(t, <-second)
		require.Equal(t, 1, f.Total())
	})
}

func TestRequestEndsWhenAllCallersLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.Add(Fault{Path: "/schemas/ids/*", Hang: true, Count: 1})
		id := f.register(t, "users-value", userV1)[0]
		c := f.client(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.SchemaByID(ctx, "", id)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var unavailable *UnavailableError
		require.NotErrorAs(t, err, &unavailable, "it is the caller who had no more time")
		synctest.Wait()
		require.Empty(t, c.ids.sharedCalls.pending)
		_, err = c.SchemaByID(t.Context(), "", id)
		require.NoError(t, err)
		require.Equal(t, 2, f.Total())
	})
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.Add(Fault{Hang: true})
		c := f.client(t)
		ended := make(chan error)
		for range 2 {
			go func() {
				_, err := c.SchemaByID(t.Context(), "", 1)
				ended <- err
			}()
		}
		go func() {
			_, err := c.Subjects(t.Context(), "")
			ended <- err
		}()
		synctest.Wait()
		require.NoError(t, c.Close())
		for range 3 {
			require.ErrorIs(t, <-ended, ErrClosed)
		}
		require.NoError(t, c.Close(), "twice")
		_, err := c.SchemaByID(t.Context(), "", 2)
		require.ErrorIs(t, err, ErrClosed)
		_, err = c.Register(t.Context(), "s", Definition{Text: userV1})
		require.ErrorIs(t, err, ErrClosed)
		_, err = c.Types(t.Context())
		require.ErrorIs(t, err, ErrClosed)
	})
}
