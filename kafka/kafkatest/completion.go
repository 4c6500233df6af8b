package kafkatest

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// told is a Rebalance that wants to know when a rebalance is over.
type completionLog struct {
	*rebalanceLog
	over chan struct{} // gets one for each, and drops what nobody takes
}

func (t completionLog) Rebalanced() {
	defer t.enter("rebalanced", nil)()
	select {
	case t.over <- struct{}{}:
	default:
	}
}

// groupTold: every member hears that a rebalance is over, also one that gets nothing, for
// want of partitions.
func groupTold(e *env, conf kafka.Config) {
	topic, group := e.topic(1), e.name("group")
	join := func() completionLog {
		t := completionLog{rebalanceLog: &rebalanceLog{}, over: make(chan struct{}, 1)}
		c := e.consumer(group, conf)
		require.NoError(e, c.Subscribe([]string{topic}, t))
		ctx, cancel := context.WithCancel(context.Background())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			var b kafka.Batch
			for ctx.Err() == nil {
				_ = c.Poll(ctx, &b, 10)
			}
		}()
		e.Cleanup(func() {
			cancel()
			<-stopped
			t.check(e)
		})
		return t
	}
	wait := func(t completionLog) {
		e.Helper()
		select {
		case <-t.over:
		case <-e.ctx().Done():
			e.Fatalf("not told: %v", t.all())
		}
	}
	first := join()
	wait(first)
	e.eventually(func() bool { return first.owned() == 1 })
	second := join()
	wait(second)
	if conf["group.protocol"] != "consumer" { // there, nobody hears of others
		wait(first)
	}
	e.eventually(func() bool { return first.owned()+second.owned() == 1 })
}
