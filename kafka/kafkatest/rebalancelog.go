package kafkatest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// rebalanceLog is a Rebalance that records its calls. Its functions are optional.
type rebalanceLog struct {
	assigned func(context.Context, []kafka.Offset) ([]kafka.Offset, error)
	revoked  func(context.Context, []kafka.TopicPartition)
	lost     func([]kafka.TopicPartition)

	mu    sync.Mutex
	has   map[kafka.TopicPartition]bool
	lines []string // "assigned [0 1]", with the partitions' numbers
	calls int      // in progress: they must not overlap
	bad   []string // violations
}

func (l *rebalanceLog) Assigned(ctx context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
	var parts []kafka.TopicPartition
	for _, o := range committed {
		parts = append(parts, o.TopicPartition)
	}
	defer l.enter("assigned", parts)()
	if l.assigned == nil {
		return nil, nil
	}
	start, err := l.assigned(ctx, committed)
	if err != nil {
		l.set(parts, false) // not assigned: the client calls again
	}
	return start, err
}

func (l *rebalanceLog) Revoked(ctx context.Context, parts []kafka.TopicPartition) {
	defer l.enter("revoked", parts)()
	if l.revoked != nil {
		l.revoked(ctx, parts)
	}
}

func (l *rebalanceLog) Lost(parts []kafka.TopicPartition) {
	defer l.enter("lost", parts)()
	if l.lost != nil {
		l.lost(parts)
	}
}

// enter records a call, and checks that it changes the state of its partitions.
func (l *rebalanceLog) enter(what string, parts []kafka.TopicPartition) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls++; l.calls > 1 {
		l.bad = append(l.bad, what+" beside another call")
	}
	if l.has == nil {
		l.has = map[kafka.TopicPartition]bool{}
	}
	var ids []int32
	for _, tp := range parts {
		ids = append(ids, tp.Partition)
		if l.has[tp] == (what == "assigned") {
			l.bad = append(l.bad, fmt.Sprintf("%s %v is no delta", what, tp))
		}
		l.has[tp] = what == "assigned"
	}
	slices.Sort(ids)
	l.lines = append(l.lines, fmt.Sprint(what, " ", ids))
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls--
	}
}

func (l *rebalanceLog) set(parts []kafka.TopicPartition, has bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, tp := range parts {
		l.has[tp] = has
	}
}

// owned is the number of partitions that are assigned.
func (l *rebalanceLog) owned() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, has := range l.has {
		if has {
			n++
		}
	}
	return n
}

// saw reports whether there was a call of a kind.
func (l *rebalanceLog) saw(what string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.lines, func(line string) bool { return strings.HasPrefix(line, what) })
}

func (l *rebalanceLog) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// check fails the test if a call was not a delta, or overlapped another.
func (l *rebalanceLog) check(e *env) {
	e.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Empty(e, l.bad, "%v", l.lines)
}
