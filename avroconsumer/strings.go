package avroconsumer

import (
	"fmt"
	"strings"
	"time"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/kafka"
)

// String returns, for example, "orders [3] offset 12, committed 10, 2 records in flight".
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v, committed %s, %s in flight", kafka.Offset{TopicPartition: s.TopicPartition, Offset: s.Position}, committed(s.Committed), count.Of(s.InFlight, "record"))
	if s.OldestAge > 0 {
		fmt.Fprintf(&b, " for %v", s.OldestAge.Round(time.Millisecond))
	}
	if s.Paused {
		b.WriteString(", paused")
	}
	if s.Waiting {
		b.WriteString(", waiting for the registry")
	}
	return b.String()
}

func committed(offset int64) string {
	if offset == kafka.OffsetNone {
		return "none"
	}
	return fmt.Sprint(offset)
}

// String returns, for example, "orders [3] end 20, 8 records to go".
func (l Lag) String() string {
	if l.Records < 0 {
		return fmt.Sprintf("%v end %d, position not known", l.TopicPartition, l.End)
	}
	return fmt.Sprintf("%v end %d, %s to go", l.TopicPartition, l.End, count.Of(l.Records, "record"))
}
