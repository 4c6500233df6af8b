//go:build cgo

package confluent_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

// Two members share six partitions, then one leaves: what is told adds up, and
// no record is lost.
func TestRebalance(t *testing.T) {
	for _, strategy := range []string{"range,roundrobin", "cooperative-sticky"} {
		t.Run(strategy, func(t *testing.T) {
			e := newEnv(t, 6, "t")
			conf := kafka.Config{"partition.assignment.strategy": strategy}
			p := e.producer()

			first, second := e.consumer("g", conf), e.consumer("g", conf)
			a, b := new(observer), new(observer)
			require.NoError(t, first.Subscribe([]string{"t"}, a))
			e.serve(first, func() bool { return a.count() == 6 })

			require.NoError(t, second.Subscribe([]string{"t"}, b))
			stop := make(chan struct{})
			joined := make(chan struct{})
			go func() {
				defer close(joined)
				e.serve(second, func() bool {
					select {
					case <-stop:
						return true
					default:
						return false
					}
				})
			}()
			e.serve(first, func() bool { return a.count() == 3 && b.count() == 3 })
			close(stop)
			<-joined
			if strategy == "cooperative-sticky" {
				require.Len(t, a.events(), 9, "six come, three go")
			}

			// Everyone reads its own, where the group is.
			for i := range int32(6) {
				e.produce(p, "t", i, "x")
			}
			require.Len(t, e.poll(first, 3), 3)
			require.Len(t, e.poll(second, 3), 3)
			e.quiet(first)

			require.NoError(t, second.Close(e.ctx()))
			require.Zero(t, b.count())
			e.serve(first, func() bool { return a.count() == 6 })
			require.NotContains(t, a.events(), "which is not a change")
			require.NotContains(t, b.events(), "which is not a change")
		})
	}
}

// Records of a partition that goes while they are being collected do not come
// out after Revoked: they belong to its next owner.
func TestRevokedRecordsDoNotComeOut(t *testing.T) {
	e := newEnv(t, 2, "t")
	p := e.producer()
	first, second := e.consumer("g"), e.consumer("g")
	a, b := new(observer), new(observer)
	require.NoError(t, first.Subscribe([]string{"t"}, a))
	e.serve(first, func() bool { return a.count() == 2 })
	require.NoError(t, second.Subscribe([]string{"t"}, b))

	done := make(chan struct{})
	go func() {
		defer close(done)
		e.serve(second, func() bool { return b.count() == 1 })
	}()
	var batch kafka.Batch
	for i := 0; a.count() != 1 || b.count() != 1; i++ {
		require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t", Partition: int32(i % 2)}, nil))
		short, cancel := context.WithTimeout(e.ctx(), 10*time.Millisecond)
		if err := first.Poll(short, &batch, 100); err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		cancel()
		for _, r := range batch.Records {
			require.True(t, a.has[tp(r.Topic, r.Partition)])
		}
	}
	<-done
}

func TestAssignedFails(t *testing.T) {
	e := newEnv(t, 1, "t")
	e.produce(e.producer(), "t", 0, "a")
	c := e.consumer("g")
	boom := errors.New("boom")
	o := &observer{assigned: func(context.Context, []kafka.Offset) ([]kafka.Offset, error) { return nil, boom }}
	require.NoError(t, c.Subscribe([]string{"t"}, o))
	var b kafka.Batch
	require.ErrorIs(t, c.Poll(e.ctx(), &b, 1), boom)
	require.ErrorIs(t, c.Poll(e.ctx(), &b, 1), boom, "nothing is read until it succeeds")
	o.assigned = nil
	require.Equal(t, []string{"a"}, e.poll(c, 1))
}

// The group's offsets may take longer to come than one Poll lasts.
func TestOffsetsThatComeLate(t *testing.T) {
	e := newEnv(t, 1, "t")
	e.produce(e.producer(), "t", 0, "a")
	release := e.hold(kmsg.OffsetFetch)
	defer release()
	c := e.consumer("g")
	o := new(observer)
	require.NoError(t, c.Subscribe([]string{"t"}, o))
	e.quiet(c)
	e.quiet(c)
	require.Zero(t, o.count())
	release()
	require.Equal(t, []string{"a"}, e.poll(c, 1))
	require.Equal(t, []string{"assigned t/0"}, o.events())
}

func TestPauseEndsWithItsAssignment(t *testing.T) {
	for _, strategy := range []string{"range", "cooperative-sticky"} {
		t.Run(strategy, func(t *testing.T) {
			e := newEnv(t, 1, "t")
			conf := kafka.Config{"partition.assignment.strategy": strategy}
			c := e.consumer("g", conf)
			o := new(observer)
			require.NoError(t, c.Subscribe([]string{"t"}, o))
			e.serve(c, func() bool { return o.count() == 1 })
			require.NoError(t, c.Pause(tp("t", 0)))
			require.NoError(t, c.Subscribe([]string{"t"}, o)) // gives everything up first
			e.serve(c, func() bool { return o.count() == 1 })
			e.produce(e.producer(), "t", 0, "a")
			require.Equal(t, []string{"a"}, e.poll(c, 1))
			require.Equal(t, []string{"assigned t/0", "revoked t/0", "assigned t/0"}, o.events())
		})
	}
}

func TestSubscribeAgain(t *testing.T) {
	for _, strategy := range []string{"range", "cooperative-sticky"} {
		t.Run(strategy, func(t *testing.T) {
			e := newEnv(t, 1, "t", "u", "x1", "x2")
			p := e.producer()
			for _, topic := range []string{"t", "u", "x1", "x2"} {
				e.produce(p, topic, 0, topic)
			}
			c := e.consumer("g", kafka.Config{"partition.assignment.strategy": strategy})
			before, after := new(observer), new(observer)
			require.NoError(t, c.Subscribe([]string{"t"}, before))
			require.Equal(t, []string{"t"}, e.poll(c, 1))
			require.NoError(t, c.Commit(e.ctx(), []kafka.Offset{at("t", 0, 1)}))

			require.NoError(t, c.Subscribe([]string{"t", "u"}, after))
			require.Equal(t, []string{"assigned t/0", "revoked t/0"}, before.events())
			require.Equal(t, []string{"u"}, e.poll(c, 1))
			require.Equal(t, 2, after.count())

			require.NoError(t, c.Subscribe([]string{"^x.*"}, nil))
			got := e.poll(c, 2)
			slices.Sort(got)
			require.Equal(t, []string{"x1", "x2"}, got)
			require.Len(t, before.events(), 2)
		})
	}
}

// A member that does not poll for too long is told that what it had is lost,
// and goes on.
func TestLost(t *testing.T) {
	e := newEnv(t, 1, "t")
	c := e.consumer("g", kafka.Config{"max.poll.interval.ms": 1000, "session.timeout.ms": 1000})
	o := new(observer)
	require.NoError(t, c.Subscribe([]string{"t"}, o))
	e.serve(c, func() bool { return o.count() == 1 })
	time.Sleep(2500 * time.Millisecond) // the interval is checked once a second
	e.serve(c, func() bool { return len(o.events()) == 3 })
	require.Equal(t, []string{"assigned t/0", "lost t/0", "assigned t/0"}, o.events())
	e.produce(e.producer(), "t", 0, "a")
	require.Equal(t, []string{"a"}, e.poll(c, 1))
}
