package schemas

import (
	"math"
	"strconv"
)

// Logical is a valid logical type of a node. The zero value is none: unknown and invalid logical
// types are ignored ("Logical Types", Avro 1.12 specification).
type Logical struct {
	Name      string // "decimal", "big-decimal", "uuid", "date", "time-millis", ..., "duration"
	Precision int    // decimal only
	Scale     int    // decimal only
}

// logicalOf is the logical type that a node's attributes give it, if it is one
// that the node's type can carry.
//
//	decimal                                 bytes, fixed    0 < precision, 0 <= scale <= precision
//	big-decimal                             bytes
//	uuid                                    string, fixed   size 16
//	date, time-millis                       int
//	time-micros                             long
//	[local-]timestamp-millis/-micros/-nanos long
//	duration                                fixed           size 12
func logicalOf(n *Node) Logical {
	var name string
	for _, p := range n.props {
		if p.Name == "logicalType" && p.Value[0] == '"' {
			name = unquote(string(p.Value))
		}
	}
	valid := false
	switch name {
	case "decimal":
		return decimalOf(n)
	case "big-decimal":
		valid = n.typ == Bytes
	case "uuid":
		valid = n.typ == String || n.typ == Fixed && n.size == 16
	case "date", "time-millis":
		valid = n.typ == Int
	case "time-micros", "timestamp-millis", "timestamp-micros", "timestamp-nanos",
		"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos":
		valid = n.typ == Long
	case "duration":
		valid = n.typ == Fixed && n.size == 12
	}
	if !valid {
		return Logical{}
	}
	return Logical{Name: name}
}

func decimalOf(n *Node) Logical {
	precision, scale := 0, 0
	for _, p := range n.props {
		var err error
		switch p.Name {
		case "precision":
			precision, err = int32Of(p.Value)
		case "scale":
			scale, err = int32Of(p.Value)
		}
		if err != nil {
			return Logical{}
		}
	}
	if precision <= 0 || scale < 0 || scale > precision {
		return Logical{}
	}
	switch n.typ {
	case Bytes:
	case Fixed:
		// The digits that a two's complement number of this size always has room for.
		if float64(precision) > math.Floor(math.Log10(2)*(8*float64(n.size)-1)) {
			return Logical{}
		}
	default:
		return Logical{}
	}
	return Logical{Name: "decimal", Precision: precision, Scale: scale}
}

// int32Of is the value of a JSON number without fraction or exponent.
func int32Of(value []byte) (int, error) {
	n, err := strconv.ParseInt(string(value), 10, 32)
	return int(n), err
}

// isLogical reports whether the specification has a logical type of this name.
func isLogical(name string) bool {
	switch name {
	case "decimal", "big-decimal", "uuid", "date", "time-millis", "time-micros", "duration",
		"timestamp-millis", "timestamp-micros", "timestamp-nanos",
		"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos":
		return true
	}
	return false
}
