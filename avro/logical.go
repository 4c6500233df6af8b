package avro

import "github.com/kavro/kavro/schemas"

// logical is a logical type ("Logical Types", Avro 1.12 specification).
type logical uint8

const (
	noLogical logical = iota
	decimalLogical
	bigDecimalLogical
	uuidLogical
	dateLogical
	timeMillis
	timeMicros
	timestampMillis
	timestampMicros
	timestampNanos
	localMillis
	localMicros
	localNanos
	durationLogical
)

var logicalByName = map[string]logical{
	"decimal":                decimalLogical,
	"big-decimal":            bigDecimalLogical,
	"uuid":                   uuidLogical,
	"date":                   dateLogical,
	"time-millis":            timeMillis,
	"time-micros":            timeMicros,
	"timestamp-millis":       timestampMillis,
	"timestamp-micros":       timestampMicros,
	"timestamp-nanos":        timestampNanos,
	"local-timestamp-millis": localMillis,
	"local-timestamp-micros": localMicros,
	"local-timestamp-nanos":  localNanos,
	"duration":               durationLogical,
}

// logicalOf is the node's logical type; package schemas has dropped invalid ones.
func logicalOf(n *schemas.Node) logical { return logicalByName[n.Logical().Name] }

// isTime says that the Go type is time.Time.
func (l logical) isTime() bool {
	return l == dateLogical || timestampMillis <= l && l <= localNanos
}

// isDecimal says that the Go types are Decimal and *big.Rat.
func (l logical) isDecimal() bool { return l == decimalLogical || l == bigDecimalLogical }

// isClock says that the Go type is time.Duration, since midnight.
func (l logical) isClock() bool { return l == timeMillis || l == timeMicros }
