package logical

import "github.com/kavro/kavro/schemas"

// logical is a logical type ("Logical Types", Avro 1.12 specification).
type Type uint8

const (
	None Type = iota
	Decimal
	BigDecimal
	UUID
	Date
	TimeMillis
	TimeMicros
	TimestampMillis
	TimestampMicros
	TimestampNanos
	LocalMillis
	LocalMicros
	LocalNanos
	Duration
)

var logicalByName = map[string]Type{
	"decimal":                Decimal,
	"big-decimal":            BigDecimal,
	"uuid":                   UUID,
	"date":                   Date,
	"time-millis":            TimeMillis,
	"time-micros":            TimeMicros,
	"timestamp-millis":       TimestampMillis,
	"timestamp-micros":       TimestampMicros,
	"timestamp-nanos":        TimestampNanos,
	"local-timestamp-millis": LocalMillis,
	"local-timestamp-micros": LocalMicros,
	"local-timestamp-nanos":  LocalNanos,
	"duration":               Duration,
}

// logicalOf is the node's logical type; package schemas has dropped invalid ones.
func Of(n *schemas.Node) Type { return logicalByName[n.Logical().Name] }

// isTime says that the Go type is time.Time.
func (l Type) IsTime() bool {
	return l == Date || TimestampMillis <= l && l <= LocalNanos
}

// isDecimal says that the Go types are Decimal and *big.Rat.
func (l Type) IsDecimal() bool { return l == Decimal || l == BigDecimal }

// isClock says that the Go type is time.Duration, since midnight.
func (l Type) IsClock() bool { return l == TimeMillis || l == TimeMicros }
