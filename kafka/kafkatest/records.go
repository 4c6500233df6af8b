package kafkatest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func recordCases() []testCase {
	return []testCase{
		{"Record/headers", recordHeaders},
		{"Record/null and empty", recordNull},
		{"Record/timestamps", recordTimestamps},
		{"Record/timestamps of the broker", recordAppendTime},
		{"Record/kept by the consumer", recordKept},
	}
}

// recordHeaders: names, values, repeats and order survive; null differs from
// empty; the caller's headers are not changed.
func recordHeaders(e *env) {
	topic := e.topic(1)
	headers := []kafka.Header{
		{Key: "a", Value: []byte("1")},
		{Key: "b", Value: nil},
		{Key: "a", Value: []byte("2")},
		{Key: "c", Value: []byte{}},
		{Key: "", Value: []byte{0, 255}},
	}
	first, second := text(topic, 0, "first"), text(topic, 0, "second")
	first.Headers = headers
	e.send(e.producer(), first, second)
	require.Equal(e, []byte("1"), headers[0].Value)
	require.Len(e, first.Headers, 5)

	recs := e.read(e.subscribed([]string{topic}), 2)
	require.Equal(e, headers, recs[0].Headers)
	require.Nil(e, recs[0].Headers[1].Value)
	require.NotNil(e, recs[0].Headers[3].Value)
	require.Empty(e, recs[1].Headers)
}

// recordNull: a null key or value comes back nil, an empty one does not.
func recordNull(e *env) {
	topic := e.topic(1)
	e.send(e.producer(),
		&kafka.Record{Topic: topic, Partition: 0, Key: []byte("k"), Value: nil},
		&kafka.Record{Topic: topic, Partition: 0, Key: []byte{}, Value: []byte{}},
		&kafka.Record{Topic: topic, Partition: 0},
	)
	recs := e.read(e.subscribed([]string{topic}), 3)

	require.Equal(e, "k", string(recs[0].Key))
	require.Nil(e, recs[0].Value, "a tombstone")
	require.NotNil(e, recs[1].Key)
	require.Empty(e, recs[1].Key)
	require.NotNil(e, recs[1].Value)
	require.Empty(e, recs[1].Value)
	require.Nil(e, recs[2].Key)
	require.Nil(e, recs[2].Value)
}

func recordTimestamps(e *env) {
	topic := e.topic(1)
	given := time.UnixMilli(1_234_567_890_123)
	old, now := text(topic, 0, "old"), text(topic, 0, "now")
	old.Timestamp = given.Add(456 * time.Microsecond) // records have milliseconds
	before := time.Now().Truncate(time.Millisecond)
	e.send(e.producer(), old, now)
	sent := time.Now()

	recs := e.read(e.subscribed([]string{topic}), 2)
	require.True(e, recs[0].Timestamp.Equal(given), recs[0].Timestamp)
	require.Equal(e, kafka.TimestampCreate, recs[0].TimestampType)
	require.False(e, recs[1].Timestamp.Before(before), "a zero timestamp is now")
	require.False(e, recs[1].Timestamp.After(sent))
	require.True(e, now.Timestamp.Equal(recs[1].Timestamp), "the report has the timestamp that was stored")
}

func recordAppendTime(e *env) {
	topic := e.topic(1, "message.timestamp.type", "LogAppendTime")
	r := text(topic, 0, "v")
	r.Timestamp = time.UnixMilli(1_234_567_890_123)
	before := time.Now().Truncate(time.Millisecond)
	e.send(e.producer(), r)
	require.Equal(e, int64(1_234_567_890_123), r.Timestamp.UnixMilli(), "a report has what was sent")

	// kfake sets the time and leaves the checksum as it was.
	got := e.read(e.subscribed([]string{topic}, kafka.Config{"check.crcs": false}), 1)[0]
	require.Equal(e, kafka.TimestampAppend, got.TimestampType)
	require.False(e, got.Timestamp.Before(before), got.Timestamp)
}

// recordKept: records that Poll gave are the caller's for good, also when the
// Batch is used again.
func recordKept(e *env) {
	topic := e.topic(1)
	p := e.producer()
	c := e.subscribed([]string{topic})
	var b kafka.Batch
	var kept []*kafka.Record
	for i := range 5 {
		r := text(topic, 0, numbers(0, 5)[i])
		r.Key, r.Headers = []byte("key"), []kafka.Header{{Key: "h", Value: []byte(numbers(0, 5)[i])}}
		e.send(p, r)
		for len(kept) <= i {
			require.NoError(e, c.Poll(e.ctx(), &b, 10))
			kept = append(kept, b.Records...)
		}
	}
	require.Equal(e, numbers(0, 5), values(kept))
	for i, r := range kept {
		require.Equal(e, topic, r.Topic)
		require.Equal(e, int64(i), r.Offset)
		require.Equal(e, "key", string(r.Key))
		require.Equal(e, numbers(0, 5)[i], string(r.Headers[0].Value))
		require.Nil(e, r.Attach)
	}
}
