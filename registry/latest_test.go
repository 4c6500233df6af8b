package registry

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const latestRequest = "GET /subjects/users-value/versions/latest"

func TestLatestHasALifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.register(t, "users-value", userV1)
		seen := &events{}
		c := f.client(t, WithLatest(time.Minute, time.Hour, 10), WithObserver(seen))
		version := func() int {
			t.Helper()
			s, err := c.Latest(t.Context(), "users-value")
			require.NoError(t, err)
			return s.Version
		}
		for range 100 {
			require.Equal(t, 1, version())
		}
		require.Equal(t, 1, f.asked(latestRequest))

		f.register(t, "users-value", userV2)
		time.Sleep(time.Minute - time.Second)
		require.Equal(t, 1, version(), "still new")
		time.Sleep(time.Second)
		f.Add(Fault{Path: "/subjects/users-value/versions/latest", Delay: time.Second, Count: 1})
		for range 100 {
			require.Equal(t, 1, version(), "old, and given while it is replaced")
		}
		time.Sleep(2 * time.Second)
		require.Equal(t, 2, f.asked(latestRequest), "one request replaces it")
		require.Equal(t, 2, version())
		require.Equal(t, 100, seen.of(EventStale))

		time.Sleep(2 * time.Hour)
		f.register(t, "users-value", userLast)
		require.Equal(t, 3, version(), "too old to be given")
	})
}

func TestLatestWhileTheRegistryIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.register(t, "users-value", userV1)
		c := f.client(t, WithLatest(time.Minute, time.Hour, 10))
		_, err := c.Latest(t.Context(), "users-value")
		require.NoError(t, err)
		f.down.Store(true)
		for range 59 { // an hour in all
			time.Sleep(time.Minute)
			for range 10 {
				_, err := c.Latest(t.Context(), "users-value")
				require.NoError(t, err)
			}
		}
		time.Sleep(3 * time.Minute)
		_, err = c.Latest(t.Context(), "users-value")
		var unavailable *UnavailableError
		require.ErrorAs(t, err, &unavailable, "the bound")

		f.down.Store(false)
		time.Sleep(time.Minute) // the breaker's pause
		_, err = c.Latest(t.Context(), "users-value")
		require.NoError(t, err)
	})
}

func TestLatestOfADeletedSubjectGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.register(t, "users-value", userV1)
		c := f.client(t, WithLatest(time.Minute, time.Hour, 10))
		_, err := c.Latest(t.Context(), "users-value")
		require.NoError(t, err)
		_, err = f.Memory.DeleteSubject(t.Context(), "users-value")
		require.NoError(t, err)
		time.Sleep(time.Minute)
		_, err = c.Latest(t.Context(), "users-value") // notices
		require.NoError(t, err)
		synctest.Wait()
		_, err = c.Latest(t.Context(), "users-value")
		var notFound *NotFoundError
		require.ErrorAs(t, err, &notFound)
	})
}

func TestLatestLifetimes(t *testing.T) {
	for _, test := range []struct {
		name     string
		ttl      time.Duration
		requests int
	}{
		{"for ever", -1, 1},
		{"none: each call asks", 0, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture()
				f.register(t, "users-value", userV1)
				c := f.client(t, WithLatest(test.ttl, 0, 10))
				for range 3 {
					_, err := c.Latest(t.Context(), "users-value")
					require.NoError(t, err)
					time.Sleep(1000 * time.Hour)
				}
				require.Equal(t, test.requests, f.asked(latestRequest))
			})
		})
	}
}

func TestOwnChangesShowAtOnce(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	ctx := t.Context()
	first, err := c.Register(ctx, "users-value", Definition{Text: userV1})
	require.NoError(t, err)
	s, err := c.Latest(ctx, "users-value")
	require.NoError(t, err)
	require.Equal(t, 1, s.Version)
	_, err = c.Register(ctx, "users-value", Definition{Text: userV2})
	require.NoError(t, err)
	s, err = c.Latest(ctx, "users-value")
	require.NoError(t, err)
	require.Equal(t, 2, s.Version)
	require.Equal(t, 2, f.asked("POST /subjects/users-value/versions"))

	_, err = c.Version(ctx, "users-value", 2)
	require.NoError(t, err)
	require.NoError(t, c.DeleteVersion(ctx, "users-value", 2))
	s, err = c.Latest(ctx, "users-value")
	require.NoError(t, err)
	require.Equal(t, 1, s.Version)
	_, err = c.Version(ctx, "users-value", 2)
	require.Error(t, err)

	_, err = c.DeleteSubject(ctx, "users-value")
	require.NoError(t, err)
	_, err = c.Lookup(ctx, "users-value", Definition{Text: userV1})
	require.Error(t, err)
	again, err := c.Register(ctx, "users-value", Definition{Text: userV1})
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, 3, again.Version, "it was really registered again")
}

// An answer that was asked for before a change, and comes after it, is given to
// those who asked, and not kept.
func TestAnswerFromBeforeAChangeIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.register(t, "users-value", userV1)
		f.Add(Fault{Method: "GET", Path: "/subjects/users-value/versions/latest", Count: 1, Body: text(`{"subject":"users-value","version":1,"id":1,"schema":"\"int\""}`), Delay: time.Second})
		c := f.client(t)
		old := make(chan *SubjectSchema)
		go func() {
			s, err := c.Latest(t.Context(), "users-value")
			if err != nil {
				t.Error(err)
			}
			old <- s
		}()
		synctest.Wait()
		_, err := c.Register(t.Context(), "users-value", Definition{Text: userV2})
		require.NoError(t, err)
		s, err := c.Latest(t.Context(), "users-value")
		require.NoError(t, err)
		require.Equal(t, 2, s.Version, "does not join the request from before")
		require.Equal(t, `"int"`, (<-old).Text)
		s, err = c.Latest(t.Context(), "users-value")
		require.NoError(t, err)
		require.Equal(t, 2, s.Version)
	})
}

func TestLatestWithMetadata(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	ctx := t.Context()
	for i, text := range []string{userV1, userV2} {
		_, err := c.Register(ctx, "users-value", Definition{Text: text, Metadata: &Metadata{Properties: map[string]string{"a & b": "1=2", "n": string(rune('1' + i))}}})
		require.NoError(t, err)
	}
	for range 2 {
		s, err := c.LatestWithMetadata(ctx, "users-value", map[string]string{"a & b": "1=2", "n": "1"})
		require.NoError(t, err)
		require.Equal(t, 1, s.Version)
		s, err = c.LatestWithMetadata(ctx, "users-value", map[string]string{"a & b": "1=2"})
		require.NoError(t, err)
		require.Equal(t, 2, s.Version)
	}
	require.Equal(t, 2, f.asked("GET /subjects/users-value/metadata"))
	_, err := c.LatestWithMetadata(ctx, "users-value", map[string]string{"n": "9"})
	var notFound *NotFoundError
	require.ErrorAs(t, err, &notFound)
}
