package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
)

// clients are the default of this build, and franz-go.
var clients = []string{"", "franz"}

func TestRun(t *testing.T) {
	for _, name := range clients {
		t.Run("kavro.client="+name, func(t *testing.T) {
			env := kavrotest.New(t, kavrotest.WithTopic("orders", 1))
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), &out, env, kavro.Config{"kavro.client": name}))
			require.Equal(t, `orders-connect: o-1 = "not an order"
  __connect.errors.topic: orders
  __connect.errors.partition: 0
  __connect.errors.offset: 0
  __connect.errors.connector.name: orders-sink
  __connect.errors.task.id: 0
  __connect.errors.stage: VALUE_CONVERTER
  __connect.errors.class.name: avroconsumer.Consumer
  __connect.errors.exception.class.name: *serde.DecodeError
  __connect.errors.exception.message: orders value: not framed (12 bytes): first byte 0x6e, want 0x00 (schema id) or 0x01 (schema GUID)
orders-streams: o-1 = "not an order"
  __streams.errors.exception: *serde.DecodeError
  __streams.errors.message: orders value: not framed (12 bytes): first byte 0x6e, want 0x00 (schema id) or 0x01 (schema GUID)
  __streams.errors.topic: orders
  __streams.errors.partition: 0
  __streams.errors.offset: 0
orders-spring: o-1 = "not an order"
  kafka_dlt-original-topic: orders
  kafka_dlt-original-partition: 00000000
  kafka_dlt-original-offset: 0000000000000000
  kafka_dlt-original-timestamp-type: CreateTime
  kafka_dlt-original-consumer-group: spring
  kafka_dlt-exception-fqcn: *serde.DecodeError
  kafka_dlt-exception-message: orders value: not framed (12 bytes): first byte 0x6e, want 0x00 (schema id) or 0x01 (schema GUID)
`, out.String())
		})
	}
}
