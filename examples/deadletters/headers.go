package main

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kafka"
)

// What other tools write into the headers of a dead letter, and read from them.
// Numbers are text in Connect's and Streams', and big-endian in Spring's.

// connect is what Kafka Connect's DeadLetterQueueReporter writes. The names of the
// connector and its task are whatever tells your operators who wrote it.
func connect(connector string) func(*kavro.RecordError) []kavro.Header {
	return func(e *kavro.RecordError) []kavro.Header {
		return []kavro.Header{
			text("__connect.errors.topic", e.Raw.Topic),
			text("__connect.errors.partition", strconv.Itoa(int(e.Raw.Partition))),
			text("__connect.errors.offset", strconv.FormatInt(e.Raw.Offset, 10)),
			text("__connect.errors.connector.name", connector),
			text("__connect.errors.task.id", "0"),
			text("__connect.errors.stage", connectStage(e.Stage)),
			text("__connect.errors.class.name", "avroconsumer.Consumer"),
			text("__connect.errors.exception.class.name", goType(e.Err)),
			text("__connect.errors.exception.message", e.Err.Error()),
		}
	}
}

// connectStage is the stage by Connect's names.
func connectStage(s kavro.Stage) string {
	switch s {
	case kavro.StageKey:
		return "KEY_CONVERTER"
	case kavro.StageValue:
		return "VALUE_CONVERTER"
	default:
		return "TASK_PUT"
	}
}

// streams is what Kafka Streams writes (KIP-1034).
func streams(e *kavro.RecordError) []kavro.Header {
	return []kavro.Header{
		text("__streams.errors.exception", goType(e.Err)),
		text("__streams.errors.message", e.Err.Error()),
		text("__streams.errors.topic", e.Raw.Topic),
		text("__streams.errors.partition", strconv.Itoa(int(e.Raw.Partition))),
		text("__streams.errors.offset", strconv.FormatInt(e.Raw.Offset, 10)),
	}
}

// spring is what Spring's DeadLetterPublishingRecoverer writes. Errors of the key
// have names of their own.
func spring(group string) func(*kavro.RecordError) []kavro.Header {
	return func(e *kavro.RecordError) []kavro.Header {
		exception := "kafka_dlt-exception-"
		if e.Stage == kavro.StageKey {
			exception = "kafka_dlt-key-exception-"
		}
		kind := "CreateTime"
		if e.Raw.TimestampType == kafka.TimestampAppend {
			kind = "LogAppendTime"
		}
		return []kavro.Header{
			text("kafka_dlt-original-topic", e.Raw.Topic),
			{Key: "kafka_dlt-original-partition", Value: binary.BigEndian.AppendUint32(nil, uint32(e.Raw.Partition))},
			{Key: "kafka_dlt-original-offset", Value: binary.BigEndian.AppendUint64(nil, uint64(e.Raw.Offset))},
			{Key: "kafka_dlt-original-timestamp", Value: binary.BigEndian.AppendUint64(nil, uint64(e.Raw.Timestamp.UnixMilli()))},
			text("kafka_dlt-original-timestamp-type", kind),
			text("kafka_dlt-original-consumer-group", group),
			text(exception+"fqcn", goType(e.Err)),
			text(exception+"message", e.Err.Error()),
		}
	}
}

func text(key, value string) kavro.Header { return kavro.Header{Key: key, Value: []byte(value)} }

// goType is what stands for the name of a Java class.
func goType(err error) string { return fmt.Sprintf("%T", err) }
