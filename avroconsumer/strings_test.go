package avroconsumer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

func TestStatusInLogs(t *testing.T) {
	orders := kafka.TopicPartition{Topic: "orders", Partition: 3}
	for _, tt := range []struct {
		v    any
		want string
	}{
		{avroconsumer.Status{TopicPartition: orders, Position: 12, Committed: 10, InFlight: 2, OldestAge: 1500 * time.Microsecond}, "orders [3] offset 12, committed 10, 2 records in flight for 2ms"},
		{avroconsumer.Status{TopicPartition: orders, Position: kafka.OffsetNone, Committed: kafka.OffsetNone, InFlight: 1, Paused: true, Waiting: true}, "orders [3] offset none, committed none, 1 record in flight, paused, waiting for the registry"},
		{avroconsumer.Lag{TopicPartition: orders, End: 20, Records: 1}, "orders [3] end 20, 1 record to go"},
		{avroconsumer.Lag{TopicPartition: orders, End: 20, Records: -1}, "orders [3] end 20, position not known"},
	} {
		require.Equal(t, tt.want, fmt.Sprint(tt.v))
	}
}
