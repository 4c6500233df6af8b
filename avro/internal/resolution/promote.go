package resolution

import "github.com/kavro/kavro/schemas"

// promotable reports whether what was written as one type may be read as
// another, primitive, type ("Schema Resolution", Avro specification).
func promotable(from, to schemas.Type) bool {
	switch to {
	case schemas.Long:
		return from == schemas.Int
	case schemas.Float:
		return from == schemas.Int || from == schemas.Long
	case schemas.Double:
		return from == schemas.Int || from == schemas.Long || from == schemas.Float
	case schemas.Bytes:
		return from == schemas.String
	case schemas.String:
		return from == schemas.Bytes
	}
	return false
}

// promotionOp is the instruction for a promotion. Where both types are encoded
// alike it only checks: an int is a long, a string is bytes.
func promotionOp(from, to schemas.Type) op {
	switch {
	case to == schemas.Long:
		return opInt
	case to == schemas.Bytes || to == schemas.String:
		return opBytes
	case from == schemas.Int && to == schemas.Float:
		return opIntToFloat
	case from == schemas.Int:
		return opIntToDouble
	case from == schemas.Long && to == schemas.Float:
		return opLongToFloat
	case from == schemas.Long:
		return opLongToDouble
	default:
		return opFloatToDouble
	}
}
