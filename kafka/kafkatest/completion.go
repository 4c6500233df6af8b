package kafkatest

import (
	"context"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// completionLog is a kafka.Rebalanced.
type completionLog struct {
	*rebalanceLog
	over chan struct{} // receives one for each rebalance, and drops those that nobody receives
}

func (t completionLog) Rebalanced() {
	defer t.enter("rebalanced", nil)()
	select {
	case t.over <- struct{}{}:
	default:
	}
}

// groupTold: Rebalanced is called on every member, also on one without partitions.
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
	if conf["group.protocol"] != "consumer" { // there, members do not learn of others
		wait(first)
	}
	e.eventually(func() bool { return first.owned()+second.owned() == 1 })
}
