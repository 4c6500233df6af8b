package kafka_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func TestStrings(t *testing.T) {
	orders := kafka.TopicPartition{Topic: "orders", Partition: 3}
	for _, tt := range []struct {
		v    any
		want string
	}{
		{orders, "orders [3]"},
		{&orders, "orders [3]"},
		{[]kafka.TopicPartition{orders, {Topic: "orders", Partition: 0}}, "[orders [3] orders [0]]"},
		{kafka.TopicPartition{Topic: "orders", Partition: -1}, "orders"},
		{kafka.Offset{TopicPartition: orders, Offset: 12, LeaderEpoch: 5}, "orders [3] offset 12"},
		{kafka.Offset{TopicPartition: orders, Offset: kafka.OffsetStart}, "orders [3] offset start"},
		{kafka.Offset{TopicPartition: orders, Offset: kafka.OffsetEnd}, "orders [3] offset end"},
		{kafka.Offset{TopicPartition: orders, Offset: kafka.OffsetNone}, "orders [3] offset none"},
		{map[kafka.TopicPartition]int{orders: 1}, "map[orders [3]:1]"},
		{kafka.PartitionError{TopicPartition: orders, Err: errors.New("gone")}, "orders [3]: gone"},
		{kafka.PartitionError{TopicPartition: kafka.TopicPartition{Partition: -1}, Err: errors.New("gone")}, "gone"},
		{kafka.PartitionError{TopicPartition: orders}, "orders [3]: no error"},
		{kafka.Header{Key: "trace", Value: []byte("a")}, "trace (1 byte)"},
		{kafka.Header{Key: "trace"}, "trace (null)"},
		{kafka.Header{Key: "trace", Value: []byte{}}, "trace (0 bytes)"},
		{&kafka.Record{Topic: "orders", Partition: 3, Offset: 12, Key: []byte("hello"), Headers: make([]kafka.Header, 1)}, "orders [3] offset 12 (key 5 bytes, value null, 1 header)"},
		{&kafka.Record{Topic: "orders", Partition: -1, Value: []byte{}}, "orders (key null, value 0 bytes)"},
		{&kafka.Record{Topic: "orders", Partition: 3, Offset: -1}, "orders [3] (key null, value null)"},
		{(*kafka.Record)(nil), "no record"},
		{kafka.TimestampCreate, "create"},
		{kafka.TimestampAppend, "append"},
		{kafka.TimestampNone, "none"},
		{kafka.TimestampType(9), "timestamp type 9"},
		{kafka.Token{Value: "sesame", Principal: "ada", Expires: time.Unix(0, 0)}, "token of ada until 1970-01-01T00:00:00Z"},
		{kafka.Token{Value: "sesame"}, "token"},
	} {
		require.Equal(t, tt.want, fmt.Sprint(tt.v))
		require.Equal(t, tt.want, fmt.Sprintf("%+v", tt.v))
	}
	require.Equal(t, "token", fmt.Sprintf("%#v", kafka.Token{Value: "sesame"}))
}

// A log in text reads like an error; one in JSON has the fields, as before.
func TestStringsInLogs(t *testing.T) {
	offset := kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: "orders", Partition: 3}, Offset: 12}
	var text, fields bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "at", offset)
	require.Contains(t, text.String(), `at="orders [3] offset 12"`)
	slog.New(slog.NewJSONHandler(&fields, nil)).Info("m", "at", offset)
	require.Contains(t, fields.String(), `"at":{"Topic":"orders","Partition":3,"Offset":12,"LeaderEpoch":0}`)

	var back kafka.Offset
	data, err := json.Marshal(offset)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, offset, back)
}
