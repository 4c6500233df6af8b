package base_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/base"
)

func TestStrings(t *testing.T) {
	orders := base.TopicPartition{Topic: "orders", Partition: 3}
	for _, tt := range []struct {
		v    any
		want string
	}{
		{orders, "orders [3]"},
		{&orders, "orders [3]"},
		{[]base.TopicPartition{orders, {Topic: "orders", Partition: 0}}, "[orders [3] orders [0]]"},
		{base.TopicPartition{Topic: "orders", Partition: -1}, "orders"},
		{base.Offset{TopicPartition: orders, Offset: 12, LeaderEpoch: 5}, "orders [3] offset 12"},
		{base.Offset{TopicPartition: orders, Offset: base.OffsetStart}, "orders [3] offset start"},
		{base.Offset{TopicPartition: orders, Offset: base.OffsetEnd}, "orders [3] offset end"},
		{base.Offset{TopicPartition: orders, Offset: base.OffsetNone}, "orders [3] offset none"},
		{map[base.TopicPartition]int{orders: 1}, "map[orders [3]:1]"},
		{base.PartitionError{TopicPartition: orders, Err: errors.New("gone")}, "orders [3]: gone"},
		{base.PartitionError{TopicPartition: base.TopicPartition{Partition: -1}, Err: errors.New("gone")}, "gone"},
		{base.PartitionError{TopicPartition: orders}, "orders [3]: no error"},
		{base.Header{Key: "trace", Value: []byte("a")}, "trace (1 byte)"},
		{base.Header{Key: "trace"}, "trace (null)"},
		{base.Header{Key: "trace", Value: []byte{}}, "trace (0 bytes)"},
		{&base.Record{Topic: "orders", Partition: 3, Offset: 12, Key: []byte("hello"), Headers: make([]base.Header, 1)}, "orders [3] offset 12 (key 5 bytes, value null, 1 header)"},
		{&base.Record{Topic: "orders", Partition: -1, Value: []byte{}}, "orders (key null, value 0 bytes)"},
		{&base.Record{Topic: "orders", Partition: 3, Offset: -1}, "orders [3] (key null, value null)"},
		{(*base.Record)(nil), "no record"},
		{base.TimestampCreate, "create"},
		{base.TimestampAppend, "append"},
		{base.TimestampNone, "none"},
		{base.TimestampType(9), "timestamp type 9"},
		{base.Token{Value: "sesame", Principal: "ada", Expires: time.Unix(0, 0)}, "token of ada until 1970-01-01T00:00:00Z"},
		{base.Token{Value: "sesame"}, "token"},
	} {
		require.Equal(t, tt.want, fmt.Sprint(tt.v))
		require.Equal(t, tt.want, fmt.Sprintf("%+v", tt.v))
	}
	require.Equal(t, "token", fmt.Sprintf("%#v", base.Token{Value: "sesame"}))
}

// A log in text reads like an error; one in JSON has the fields, as before.
func TestStringsInLogs(t *testing.T) {
	offset := base.Offset{TopicPartition: base.TopicPartition{Topic: "orders", Partition: 3}, Offset: 12}
	var text, fields bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "at", offset)
	require.Contains(t, text.String(), `at="orders [3] offset 12"`)
	slog.New(slog.NewJSONHandler(&fields, nil)).Info("m", "at", offset)
	require.Contains(t, fields.String(), `"at":{"Topic":"orders","Partition":3,"Offset":12,"LeaderEpoch":0}`)

	var back base.Offset
	data, err := json.Marshal(offset)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, offset, back)
}
