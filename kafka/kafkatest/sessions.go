package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func sessionCases() []testCase {
	return []testCase{
		{"Session/exactly once", sessionExactlyOnce},
		{"Session/abort", sessionAbort},
		{"Session/covers what was polled since Begin", sessionCovers},
		{"Session/a lost record", sessionLostRecord},
		{"Session/out of order", sessionOutOfOrder},
		{"Session/rebalance", sessionRebalance},
		{"Session/poll interval", sessionPollInterval},
		{"Session/close", sessionClose},
	}
}

// transform copies up to max records from one topic to another in one
// transaction, and returns how many.
func transform(ctx context.Context, s kafka.Session, to string, max int, commit bool) (n int, committed bool, err error) {
	if err := s.Begin(ctx); err != nil {
		return 0, false, fmt.Errorf("begin: %w", err)
	}
	var b kafka.Batch
	if err := s.Poll(ctx, &b, max); err != nil {
		_, endErr := s.End(context.WithoutCancel(ctx), false)
		return 0, false, errors.Join(err, endErr)
	}
	for _, r := range b.Records {
		out := &kafka.Record{Topic: to, Partition: 0, Key: r.Key, Value: r.Value}
		if err := s.Producer().Produce(ctx, out, nil); err != nil {
			return 0, false, fmt.Errorf("produce: %w", err)
		}
	}
	committed, err = s.End(ctx, commit)
	return len(b.Records), committed, err
}

// sessionExactlyOnce: with aborts in between, and another session going on from
// where the first stopped, each record comes out once.
func sessionExactlyOnce(e *env) {
	const n = 60
	from, to := e.topic(2), e.topic(1)
	group, id := e.name("group"), e.name("txn")
	p := e.producer()
	e.fill(p, from, 0, n/2)
	e.fill(p, from, 1, n/2)

	done := 0
	for s := range 2 {
		session := e.session(group, id)
		require.NoError(e, session.Subscribe([]string{from}, nil))
		for round := 0; done < n/2*(s+1); round++ {
			commit := round%3 != 2
			count, committed, err := transform(e.ctx(), session, to, 7, commit)
			require.NoError(e, err)
			if committed {
				require.True(e, commit)
				done += count
			}
		}
		require.NoError(e, session.Close(e.ctx()))
	}
	// What comes after must not be preceded by duplicates.
	seen := map[string]int{}
	for _, v := range values(e.read(e.subscribed([]string{to}), n)) {
		seen[v]++
	}
	require.Equal(e, n, done)
	require.Len(e, seen, n/2)
	for v, times := range seen {
		require.Equal(e, 2, times, v) // once of each partition
	}
}

// sessionAbort: positions go back to where they were at Begin, and the group's
// offsets stay.
func sessionAbort(e *env) {
	from, to := e.topic(1), e.topic(1)
	group := e.name("group")
	e.fill(e.producer(), from, 0, 10)
	s := e.session(group, e.name("txn"))
	require.NoError(e, s.Subscribe([]string{from}, nil))

	require.NoError(e, s.Begin(e.ctx()))
	require.Equal(e, numbers(0, 10), values(e.read(s, 10)))
	committed, err := s.End(e.ctx(), true)
	require.NoError(e, err)
	require.True(e, committed)
	require.Equal(e, int64(10), e.committed(s, from))

	e.fill(e.producer(), from, 0, 5)
	for range 2 {
		require.NoError(e, s.Begin(e.ctx()))
		require.Equal(e, numbers(0, 5), values(e.read(s, 5)))
		e.send(s.Producer(), text(to, 0, "never"))
		committed, err = s.End(e.ctx(), false)
		require.NoError(e, err)
		require.False(e, committed)
		require.Equal(e, int64(10), e.committed(s, from))
	}
	require.NoError(e, s.Begin(e.ctx()))
	e.read(s, 5)
	e.send(s.Producer(), text(to, 0, "kept"))
	committed, err = s.End(e.ctx(), true)
	require.NoError(e, err)
	require.True(e, committed)
	require.Equal(e, int64(15), e.committed(s, from))
	require.Equal(e, []string{"kept"}, values(e.read(e.subscribed([]string{to}), 1)))
}

// committed is the group's offset of a topic's first partition.
func (e *env) committed(c any, topic string) int64 {
	e.Helper()
	offsets, err := c.(kafka.Offsets).Committed(e.ctx(), part(topic, 0))
	require.NoError(e, err)
	require.Len(e, offsets, 1)
	return offsets[0].Offset
}

// sessionCovers: what was polled before Begin is not part of the transaction:
// an abort goes back to Begin, not further.
func sessionCovers(e *env) {
	from := e.topic(1)
	e.fill(e.producer(), from, 0, 10)
	s := e.session(e.name("group"), e.name("txn"))
	require.NoError(e, s.Subscribe([]string{from}, nil))
	for n := 0; n < 4; n++ {
		e.readOne(s)
	}
	require.NoError(e, s.Begin(e.ctx()))
	require.Equal(e, "4", string(e.readOne(s).Value))
	_, err := s.End(e.ctx(), false)
	require.NoError(e, err)
	require.Equal(e, "4", string(e.readOne(s).Value))

	require.NoError(e, s.Begin(e.ctx()))
	require.Equal(e, "5", string(e.readOne(s).Value))
	committed, err := s.End(e.ctx(), true)
	require.NoError(e, err)
	require.True(e, committed)
	require.Equal(e, int64(6), e.committed(s, from))
	require.Equal(e, "6", string(e.readOne(s).Value))
}

// sessionLostRecord: if a record was not delivered, End aborts and says why;
// the session goes on.
func sessionLostRecord(e *env) {
	from, to := e.topic(1), e.topic(1)
	e.fill(e.producer(), from, 0, 3)
	s := e.session(e.name("group"), e.name("txn"), kafka.Config{"topic.metadata.propagation.max.ms": 500})
	require.NoError(e, s.Subscribe([]string{from}, nil))
	require.NoError(e, s.Begin(e.ctx()))
	e.read(s, 3)
	e.send(s.Producer(), text(to, 0, "never"))
	require.Error(e, e.report(s.Producer(), text(e.name("missing"), -1, "bad")))
	committed, err := s.End(e.ctx(), true)
	require.Error(e, err)
	require.False(e, committed)

	count, committed, err := transform(e.ctx(), s, to, 10, true)
	require.NoError(e, err)
	require.True(e, committed)
	require.Equal(e, 3, count)
	require.Equal(e, numbers(0, 3), values(e.read(e.subscribed([]string{to}), 3)))
}

func sessionOutOfOrder(e *env) {
	const state = int16(-172) // librdkafka's STATE
	from, to := e.topic(1), e.topic(1)
	e.fill(e.producer(), from, 0, 1)
	s := e.session(e.name("group"), e.name("txn"))
	require.NoError(e, s.Subscribe([]string{from}, nil))
	require.Equal(e, state, e.code(s.Producer().Produce(e.ctx(), text(to, 0, "outside"), nil)))
	_, err := s.End(e.ctx(), true)
	require.Equal(e, state, e.code(err))
	e.read(s, 1)
	require.Error(e, s.Commit(e.ctx(), []kafka.Offset{offset(from, 0, 1)}), "offsets belong to transactions")

	for _, missing := range []string{"group.id", "transactional.id"} {
		_, err := e.driver.NewSession(e.consumerConf("group", kafka.Config{"transactional.id": "id"}, kafka.Config{missing: nil}), kafka.Hooks{})
		var ce *kafka.ConfigError
		require.ErrorAs(e, err, &ce)
		require.Equal(e, missing, ce.Key)
	}
}

// sessionRebalance: two sessions share a group, one comes late and leaves
// early; what rebalances interrupt is aborted, and each record comes out once.
func sessionRebalance(e *env) { rebalanceSessions(e, e, kafka.Config{}) }

func rebalanceSessions(a, b *env, conf kafka.Config) {
	const parts, n = 4, 100
	from, to, group := a.topic(parts), a.topic(1), a.name("group")
	p := a.producer()
	total := 0
	more := func() {
		for i := range int32(parts) {
			for j := range n {
				a.send(p, &kafka.Record{Topic: from, Partition: i, Value: fmt.Append(nil, i, "/", total/parts+j)})
			}
		}
		total += parts * n
	}
	more()

	var mu sync.Mutex
	done := 0
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return done
	}
	run := func(e *env, ctx context.Context, s kafka.Session) error {
		for {
			copied, committed, err := transform(ctx, s, to, 20, true)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				return err
			case committed:
				mu.Lock()
				done += copied
				mu.Unlock()
			}
		}
	}
	start := func(e *env) (*rebalanceLog, func()) {
		s, l := e.session(group, e.name("txn"), conf), &rebalanceLog{}
		require.NoError(e, s.Subscribe([]string{from}, l))
		ctx, cancel := context.WithCancel(context.Background())
		result := make(chan error, 1)
		go func() { result <- run(e, ctx, s) }()
		return l, func() {
			cancel()
			require.NoError(e, <-result)
			require.NoError(e, s.Close(e.ctx()))
			l.check(e)
		}
	}

	first, stopFirst := start(a)
	a.eventually(func() bool { return count() > 0 })
	second, stopSecond := start(b)
	a.eventually(func() bool { return first.owned() == parts/2 && second.owned() == parts/2 })
	more()
	a.eventually(func() bool { return count() >= total })
	stopSecond()
	more()
	// A transaction that was committed when its End was interrupted is not
	// counted, so wait for the group's offsets instead of the count.
	probe := a.consumer(group)
	a.eventually(func() bool {
		offsets, err := probe.(kafka.Offsets).Committed(a.ctx(), part(from, 0), part(from, 1), part(from, 2), part(from, 3))
		require.NoError(a, err)
		for _, o := range offsets {
			if o.Offset < int64(total/parts) {
				return false
			}
		}
		return true
	})
	stopFirst()

	d := &drain{}
	c := a.subscribed([]string{to}, eof)
	a.until(c, d, func(d *drain) bool { return len(d.ends) > 0 })
	seen := map[string]int{}
	for _, v := range values(d.recs) {
		seen[v]++
	}
	for v, times := range seen {
		require.Equal(a, 1, times, v)
	}
	require.Len(a, seen, total)
}

// sessionPollInterval: a session that is not polled for max.poll.interval.ms leaves the group,
// its transaction is not committed, whether End is the first to notice or Poll,
// and it joins again: each record comes out once.
func sessionPollInterval(e *env) {
	from, to, group := e.topic(1), e.topic(1), e.name("group")
	e.fill(e.producer(), from, 0, 9)
	s := e.session(group, e.name("txn"), kafka.Config{"session.timeout.ms": 2000, "max.poll.interval.ms": 2000})
	rebalances := &rebalanceLog{}
	require.NoError(e, s.Subscribe([]string{from}, rebalances))
	done := 0
	// copied transforms until so many were committed. What a loss of the group has
	// to do with is no failure.
	copied := func(n int) {
		for done < n {
			count, committed, err := transform(e.ctx(), s, to, n-done, true)
			if abort := (*kafka.Error)(nil); !errors.As(err, &abort) || !abort.AbortTxn {
				require.NoError(e, err)
			}
			if committed {
				done += count
			}
		}
	}
	copied(3)
	for _, notices := range []string{"End", "Poll"} {
		before := len(rebalances.all())
		require.NoError(e, s.Begin(e.ctx()))
		e.read(s, 9-done)
		e.send(s.Producer(), text(to, 0, "never"))
		e.eventually(func() bool { return e.members(group) == 0 })
		if notices == "Poll" {
			ctx, cancel := context.WithTimeout(e.ctx(), shortWait)
			var b kafka.Batch
			if err := s.Poll(ctx, &b, 1); !errors.Is(err, context.DeadlineExceeded) && err != nil {
				var abort *kafka.Error
				require.ErrorAs(e, err, &abort)
				require.True(e, abort.AbortTxn)
			}
			cancel()
		}
		committed, err := s.End(e.ctx(), true)
		require.NoError(e, err)
		require.False(e, committed)
		copied(done + 3)
		require.Equal(e, []string{"lost [0]", "assigned [0]"}, rebalances.all()[before:before+2])
	}
	rebalances.check(e)
	require.Equal(e, numbers(0, 9), values(e.read(e.subscribed([]string{to}), 9)))
}

// sessionClose: an open transaction is not committed, its producer is closed
// too.
func sessionClose(e *env) {
	from, to, group, id := e.topic(1), e.topic(1), e.name("group"), e.name("txn")
	e.fill(e.producer(), from, 0, 3)
	s := e.session(group, id)
	require.NoError(e, s.Subscribe([]string{from}, nil))
	require.NoError(e, s.Begin(e.ctx()))
	e.read(s, 3)
	p := s.Producer()
	e.send(p, text(to, 0, "never"))
	require.NoError(e, s.Close(e.ctx()))
	require.NoError(e, s.Close(e.ctx()))
	require.ErrorIs(e, p.Produce(e.ctx(), text(to, 0, "late"), nil), kafka.ErrClosed)
	require.ErrorIs(e, s.Begin(e.ctx()), kafka.ErrClosed)
	_, err := s.End(e.ctx(), true)
	require.ErrorIs(e, err, kafka.ErrClosed)

	next := e.session(group, id)
	require.NoError(e, next.Subscribe([]string{from}, nil))
	count, committed, err := transform(e.ctx(), next, to, 10, true)
	require.NoError(e, err)
	require.True(e, committed)
	require.Equal(e, 3, count)
	require.Equal(e, numbers(0, 3), values(e.read(e.subscribed([]string{to}), 3)))
}
