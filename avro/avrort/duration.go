package avrort

import (
	"encoding/binary"
	"fmt"
)

// A Duration is the logical type duration: months, days and milliseconds, three
// numbers that do not add up to one, since months and days differ in length.
type Duration struct {
	Months, Days, Millis uint32
}

// durationSize is the size in bytes of the fixed that holds a duration: three
// unsigned 32-bit numbers, little-endian.
const durationSize = 12

// String returns the duration in the notation of ISO 8601, such as P1M2DT3.004S.
func (d Duration) String() string {
	return fmt.Sprintf("P%dM%dDT%d.%03dS", d.Months, d.Days, d.Millis/1000, d.Millis%1000)
}

func (d Duration) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, d.Months)
	dst = binary.LittleEndian.AppendUint32(dst, d.Days)
	return binary.LittleEndian.AppendUint32(dst, d.Millis)
}

func durationOf(b *[durationSize]byte) Duration {
	return Duration{
		Months: binary.LittleEndian.Uint32(b[0:]),
		Days:   binary.LittleEndian.Uint32(b[4:]),
		Millis: binary.LittleEndian.Uint32(b[8:]),
	}
}
