package avroconsumer_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

func TestParseDeadLetter(t *testing.T) {
	h := func(pairs ...string) (out []kafka.Header) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, kafka.Header{Key: pairs[i], Value: []byte(pairs[i+1])})
		}
		return out
	}
	whole := h("__dlq.errors.topic", "t", "__dlq.errors.partition", "3", "__dlq.errors.offset", "1203")
	tests := []struct {
		name string
		give []kafka.Header
		want avroconsumer.DeadLetterInfo
		own  int // headers before
		err  string
	}{
		{name: "what is needed", give: whole, want: avroconsumer.DeadLetterInfo{Topic: "t", Partition: 3, Offset: 1203}},
		{
			name: "all there is", own: 1,
			give: append(append(h("own", "1"), whole...), h("__dlq.errors.group", "g", "__dlq.errors.delivery.count", "4",
				"__dlq.errors.message", "m", "__dlq.errors.exception", "x", "__dlq.errors.stage", "value", "__dlq.errors.schema.id", "41", "else", "")...),
			want: avroconsumer.DeadLetterInfo{Topic: "t", Partition: 3, Offset: 1203, Group: "g", Count: 4, Message: "m", Exception: "x", Stage: avroconsumer.StageValue, SchemaID: 41},
		},
		{
			name: "a dead letter of a dead letter", own: 3,
			give: append(whole[:3:3], h("__dlq.errors.topic", "t-dlt", "__dlq.errors.partition", "0", "__dlq.errors.offset", "7")...),
			want: avroconsumer.DeadLetterInfo{Topic: "t-dlt", Offset: 7},
		},
		{
			name: "a stage of somebody else's", give: append(whole[:3:3], h("__dlq.errors.stage", "TRANSFORMATION")...),
			want: avroconsumer.DeadLetterInfo{Topic: "t", Partition: 3, Offset: 1203, Stage: avroconsumer.StageUnknown},
		},
		{name: "none", give: h("own", "1"), err: "not a dead letter: there is no header __dlq.errors.topic"},
		{name: "no partition", give: h("__dlq.errors.topic", "t", "__dlq.errors.offset", "1"), err: `not a dead letter: topic "t", partition -1, offset 1`},
		{name: "no number", give: h("__dlq.errors.topic", "t", "__dlq.errors.partition", "x", "__dlq.errors.offset", "1"), err: `not a dead letter: header __dlq.errors.partition: "x" is not a number`},
		{name: "too large", give: h("__dlq.errors.topic", "t", "__dlq.errors.partition", "4294967296", "__dlq.errors.offset", "1"), err: `not a dead letter: header __dlq.errors.partition: "4294967296" is not a number`},
		{name: "negative", give: h("__dlq.errors.topic", "t", "__dlq.errors.partition", "1", "__dlq.errors.offset", "-1"), err: `not a dead letter: header __dlq.errors.offset: "-1" is not a number`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, own, err := avroconsumer.ParseDeadLetter(tc.give)
			if tc.err != "" {
				require.EqualError(t, err, tc.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
			require.Len(t, own, tc.own)
		})
	}
}

// The stage of an error is that of its dead letter.
func TestStageOfDeadLetter(t *testing.T) {
	for _, stage := range []avroconsumer.Stage{avroconsumer.StageKey, avroconsumer.StageValue, avroconsumer.StageHandler, avroconsumer.StageOutput} {
		e := &avroconsumer.RecordError{Raw: &kafka.Record{Topic: "t"}, Stage: stage, Err: errors.New("no")}
		info, _, err := avroconsumer.ParseDeadLetter(avroconsumer.DeadLetterHeaders(e, "g"))
		require.NoError(t, err)
		require.Equal(t, stage, info.Stage)
	}
}

// FuzzDeadLetter: for any record, the dead letter's headers give the record's position and its
// own headers.
func FuzzDeadLetter(f *testing.F) {
	f.Add("orders", int32(3), int64(1203), "own", []byte("1"), "no", 41)
	f.Add("t", int32(0), int64(0), "__dlq.errors.topic", []byte("a trap"), "", 0)
	f.Add("t", int32(1), int64(1), "__dlq.errors.offset", []byte("x"), "m", -1)
	f.Fuzz(func(t *testing.T, topic string, partition int32, offset int64, key string, value []byte, message string, id int) {
		if topic == "" || partition < 0 || offset < 0 || id < 0 || id > 1<<31-1 {
			return // no such record
		}
		own := []kafka.Header{{Key: key, Value: value}, {Key: "null"}}
		e := &avroconsumer.RecordError{
			Raw:      &kafka.Record{Topic: topic, Partition: partition, Offset: offset, Headers: own},
			Stage:    avroconsumer.StageValue,
			SchemaID: id,
			Err:      errors.New(message),
		}
		deadLetter := avroconsumer.NewDeadLetters(nil, avroconsumer.WithDeadLetterGroup(message)).Record(e)
		info, back, err := avroconsumer.ParseDeadLetter(deadLetter.Headers)
		require.NoError(t, err)
		require.Equal(t, avroconsumer.DeadLetterInfo{
			Topic: topic, Partition: partition, Offset: offset, Group: message, Count: 1,
			Message: e.Error(), Exception: "*errors.errorString", Stage: avroconsumer.StageValue, SchemaID: id,
		}, info)
		require.Len(t, back, 2)
		require.True(t, bytes.Equal(value, back[0].Value))
		require.Equal(t, key, back[0].Key)
		require.Len(t, own, 2)

		_, _, _ = avroconsumer.ParseDeadLetter(deadLetter.Headers[1:]) // no panic, whichever header is missing
		_, _, _ = avroconsumer.ParseDeadLetter([]kafka.Header{{Key: key, Value: value}})
	})
}
