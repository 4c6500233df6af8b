package avro

import (
	"fmt"
	"math"
	"strconv"

	"github.com/kavro/kavro/internal/numtext"
)

// parseWhole reads a JSON number that is a whole number of 64 bits, exactly.
func parseWhole(text []byte) (int64, error) {
	v, ok := numtext.Whole(text)
	if !ok {
		return 0, notWhole(text)
	}
	return v, nil
}

func notWhole(text []byte) error {
	return fmt.Errorf("%w: %s is not a whole number of 64 bits", ErrRange, short(text))
}

// parseFloat reads a JSON number as the nearest float of 32 or 64 bits. One that
// is too large is an error, not an infinity.
func parseFloat(text []byte, bits int) (float64, error) {
	v, err := strconv.ParseFloat(string(text), bits)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is beyond a float of %d bits", ErrRange, short(text), bits)
	}
	return v, nil
}

// notFinite reads the strings that stand for what JSON has no numbers for, as
// Java spells them.
func notFinite(text []byte) (float64, bool) {
	switch string(text) {
	case "NaN":
		return math.Float64frombits(0x7ff8_0000_0000_0000), true // Java's, not Go's
	case "Infinity", "INF":
		return math.Inf(1), true
	case "-Infinity", "-INF":
		return math.Inf(-1), true
	}
	return 0, false
}

// appendJSONFloat appends the shortest number that reads back as v, which has
// the given number of bits, or a string if there is none.
func appendJSONFloat(dst []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Infinity"`...)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, bits)
}

// short cuts a piece of text to what a person cares to read in a message.
func short(text []byte) string {
	const enough = 64
	if len(text) > enough {
		return string(text[:enough]) + "..."
	}
	return string(text)
}
