package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
)

// deadLetters appends dead letters of n records to "in-dlt", and returns the records.
func deadLetters(p *plant, n int) []kafka.Record {
	var out []kafka.Record
	for i := range n {
		r := kafka.Record{
			Topic: "in", Partition: int32(i % 3), Offset: int64(i),
			Key:       fmt.Append(nil, "key", i),
			Value:     []byte{byte(i), 0, 0xff, byte(i >> 8)},
			Headers:   []kafka.Header{{Key: "trace", Value: fmt.Append(nil, i)}, {Key: "null"}},
			Timestamp: time.UnixMilli(1_700_000_000_000 + int64(i)),
		}
		if i%10 == 0 {
			r.Key, r.Headers = nil, nil
		}
		stage := avroconsumer.StageValue
		if i%2 == 0 {
			stage = avroconsumer.StageHandler
		}
		e := &avroconsumer.RecordError{Raw: &r, Stage: stage, SchemaID: 41, Attempts: 3, Err: errors.New("no")}
		deadLetter := avroconsumer.NewDeadLetters(nil, avroconsumer.WithDeadLetterGroup("g")).Record(e)
		p.Append("in-dlt", 0, *deadLetter)
		out = append(out, r)
	}
	return out
}

// replayed returns the records of "in", in the form of deadLetters.
func (p *plant) replayed() map[string]kafka.Record {
	out := map[string]kafka.Record{}
	for _, r := range p.Records("in") {
		r.Offset, r.LeaderEpoch, r.TimestampType = 0, 0, 0
		out[fmt.Sprint(r.Value)] = *r
	}
	return out
}

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 3)
		want := deadLetters(p, 1000)
		s := p.session(true)
		var last pipeline.Replayed
		n, err := pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{Progress: func(r pipeline.Replayed) { last = r }})
		require.NoError(t, err)
		require.Equal(t, pipeline.Replayed{Read: 1000, Sent: 1000}, n)
		require.Equal(t, n, last)
		got := p.replayed()
		require.Len(t, got, 1000)
		for _, r := range want {
			r.Offset = 0
			require.Equal(t, r, got[fmt.Sprint(r.Value)])
		}
		n, err = pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{})
		require.NoError(t, err)
		require.Zero(t, n, "all of it is done")
		require.NoError(t, s.Close(t.Context()))
	})
}

// After an interruption, Replay continues: each is sent exactly once.
func TestReplayResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 3)
		deadLetters(p, 1000)
		total := int64(0)
		for life := 0; total < 1000; life++ {
			require.Less(t, life, 20)
			s := p.session(true)
			ctx, cancel := context.WithCancel(t.Context())
			n := int64(0)
			_, err := pipeline.Replay(ctx, s, []string{"in-dlt"}, pipeline.ReplayConfig{Progress: func(r pipeline.Replayed) {
				if n = r.Sent; n == 250 { // killed during a batch
					cancel()
				}
			}}, pipeline.WithBatch(100, time.Second))
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			cancel()
			require.NoError(t, s.Close(t.Context()))
			total = p.Group("g").Committed("in-dlt", 0)
		}
		require.Len(t, p.Records("in"), 1000)
		require.Len(t, p.replayed(), 1000)
	})
}

func TestReplaySome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 3)
		deadLetters(p, 100)
		handlers := func(d pipeline.DeadLetterRecord) bool {
			return d.Stage == avroconsumer.StageHandler && d.SchemaID == 41 && d.Count == 3
		}

		s := p.session(true)
		n, err := pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{Filter: handlers, DryRun: true})
		require.NoError(t, err)
		require.Equal(t, pipeline.Replayed{Read: 100, Sent: 50}, n)
		require.Empty(t, p.Records("in"))
		require.NoError(t, s.Close(t.Context()))
		require.Equal(t, kafka.OffsetNone, p.Group("g").Committed("in-dlt", 0))

		s = p.session(false)
		n, err = pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{
			Filter: handlers,
			Topic:  func(d pipeline.DeadLetterRecord) string { return "out" },
		})
		require.NoError(t, err)
		require.Equal(t, pipeline.Replayed{Read: 100, Sent: 50}, n)
		require.Len(t, p.Records("out"), 50)
		require.NoError(t, s.Close(t.Context()))
		require.Equal(t, int64(100), p.Group("g").Committed("in-dlt", 0))
	})
}

// A record that is not a dead letter stops Replay at that record, also with DryRun.
func TestReplayOfSomethingElse(t *testing.T) {
	for _, dry := range []bool{false, true} {
		t.Run(fmt.Sprintf("dry %v", dry), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlant(t, 3)
				deadLetters(p, 5)
				p.Append("in-dlt", 0, kafka.Record{Value: []byte("hello")})
				deadLetters(p, 5)
				s := p.session(true)
				n, err := pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{DryRun: dry})
				require.EqualError(t, err, "in-dlt [0] offset 5: value: not a dead letter: there is no header __dlq.errors.topic")
				require.Equal(t, int64(5), n.Read)
				if !dry {
					require.Equal(t, int64(5), p.Group("g").Committed("in-dlt", 0))
					require.Len(t, p.Records("in"), 5)
				}
				n, err = pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{DryRun: dry},
					pipeline.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Skip()))
				require.NoError(t, err)
				require.NoError(t, s.Close(t.Context()))
				if !dry {
					require.Equal(t, pipeline.Replayed{Read: 5, Sent: 5}, n)
				}
			})
		})
	}
}
