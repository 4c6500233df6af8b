package kafka

import (
	"strconv"
	"strings"
	"time"

	"github.com/kavro/kavro/internal/count"
)

// How the types of this package read in errors and logs. Bytes of records, and
// tokens, are not shown: they may be anybody's data. JSON is as it was.

// String returns "orders [3]", or "orders" if there is no partition.
func (p TopicPartition) String() string { return partition(p.Topic, p.Partition) }

func partition(topic string, n int32) string {
	if n < 0 {
		return topic
	}
	return topic + " [" + strconv.Itoa(int(n)) + "]"
}

// String returns "orders [3] offset 12", with "start", "end" or "none" for the
// offsets that are no numbers.
func (o Offset) String() string {
	switch o.Offset {
	case OffsetStart:
		return o.TopicPartition.String() + " offset start"
	case OffsetEnd:
		return o.TopicPartition.String() + " offset end"
	case OffsetNone:
		return o.TopicPartition.String() + " offset none"
	}
	return o.TopicPartition.String() + " offset " + strconv.FormatInt(o.Offset, 10)
}

// String returns "orders [3]: no such topic"; for the group, the error alone.
func (e PartitionError) String() string {
	if e.Topic == "" {
		return errorText(e.Err)
	}
	return e.TopicPartition.String() + ": " + errorText(e.Err)
}

func errorText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// String returns the header's name and what it holds: `trace (16 bytes)`, or
// `trace (null)`.
func (h Header) String() string { return h.Key + " (" + size(h.Value) + ")" }

// String returns where r is, if it is known, and how large its parts are: "orders
// [3] offset 12 (key 5 bytes, value null)".
func (r *Record) String() string {
	if r == nil {
		return "no record"
	}
	var b strings.Builder
	b.WriteString(partition(r.Topic, r.Partition))
	// A record that is yet to be produced has no offset: it stays 0, or becomes -1.
	if r.Partition >= 0 && r.Offset >= 0 {
		b.WriteString(" offset " + strconv.FormatInt(r.Offset, 10))
	}
	b.WriteString(" (key " + size(r.Key) + ", value " + size(r.Value))
	if n := len(r.Headers); n > 0 {
		b.WriteString(", " + count.Of(n, "header"))
	}
	b.WriteByte(')')
	return b.String()
}

func size(b []byte) string {
	if b == nil {
		return "null"
	}
	return count.Of(len(b), "byte")
}

// String returns "none", "create" or "append".
func (t TimestampType) String() string {
	switch t {
	case TimestampNone:
		return "none"
	case TimestampCreate:
		return "create"
	case TimestampAppend:
		return "append"
	}
	return "timestamp type " + strconv.Itoa(int(t))
}

// String returns whose the token is, and until when. The token itself is a secret.
func (t Token) String() string {
	s := "token"
	if t.Principal != "" {
		s += " of " + t.Principal
	}
	if !t.Expires.IsZero() {
		s += " until " + t.Expires.UTC().Format(time.RFC3339)
	}
	return s
}

// GoString is String: %#v does not show the token either.
func (t Token) GoString() string { return t.String() }
