package kafkatest

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// writeAndRead: what one client writes, the other reads as it was.
func writeAndRead(a, b *env) {
	topic := a.topic(1)
	codecs := []string{"none", "gzip", "snappy", "lz4", "zstd"}
	headers := []kafka.Header{{Key: "h", Value: nil}, {Key: "h", Value: []byte{}}, {Key: "", Value: []byte("x")}}
	var want []*kafka.Record
	for _, codec := range codecs {
		p := a.producer(kafka.Config{"compression.type": codec})
		for i := range 20 {
			r := &kafka.Record{Topic: topic, Partition: 0, Key: fmt.Append(nil, codec, i), Value: make([]byte, i), Headers: headers}
			if i%5 == 0 {
				r.Key, r.Value = nil, nil
			}
			a.send(p, r)
			want = append(want, r)
		}
	}
	for i, r := range b.read(b.subscribed([]string{topic}), len(want)) {
		require.Equal(b, want[i].Key, r.Key)
		require.Equal(b, want[i].Value, r.Value)
		require.Equal(b, want[i].Headers, r.Headers)
		require.Equal(b, want[i].Offset, r.Offset)
		require.True(b, want[i].Timestamp.Equal(r.Timestamp))
		require.Equal(b, kafka.TimestampCreate, r.TimestampType)
	}
}

// samePartitions: both clients place 1,000 keys alike, with each partitioner that
// looks at keys.
func samePartitions(a, b *env) {
	const parts = 6
	topic := a.topic(parts)
	for _, partitioner := range []string{"", "consistent", "murmur2", "murmur2_random", "fnv1a", "fnv1a_random"} {
		conf := kafka.Config{"partitioner": partitioner}
		if partitioner == "" { // the default
			conf = nil
		}
		placed := func(e *env) []int32 {
			recs := make([]*kafka.Record, 1000)
			for i := range recs {
				recs[i] = &kafka.Record{Topic: topic, Partition: -1, Key: fmt.Append(nil, "key ", i*i), Value: []byte("v")}
			}
			e.send(e.producer(conf), recs...)
			out := make([]int32, len(recs))
			for i, r := range recs {
				out[i] = r.Partition
			}
			return out
		}
		require.Equal(a, placed(a), placed(b), "partitioner %q", partitioner)
	}
}
