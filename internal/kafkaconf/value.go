package kafkaconf

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Value returns text in a form that librdkafka reads correctly, or the reason why it cannot be a value of
// k. librdkafka itself reads numbers up to the first character that is none ("30s" is 30, "1e6" is 1,
// "010" is 8), and wraps them at 32 bits. librdkafka checks ranges and enumerations.
func (k Key) Value(text string) (value, reason string) {
	trimmed := strings.TrimSpace(text)
	switch k.Type {
	case "int":
		if k.Main == "request.required.acks" && !isNumeric(trimmed) {
			return strings.ToLower(trimmed), "" // all
		}
		n, err := strconv.ParseInt(trimmed, 10, 64)
		switch {
		case err != nil:
			return "", fmt.Sprintf("%q: want a whole number", text)
		case n < math.MinInt32 || n > math.MaxInt32:
			return "", fmt.Sprintf("%d is out of range", n)
		}
		return strconv.FormatInt(n, 10), ""
	case "float":
		f, err := strconv.ParseFloat(trimmed, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return "", fmt.Sprintf("%q: want a number", text)
		}
		return strconv.FormatFloat(f, 'f', -1, 64), ""
	case "bool":
		switch strings.ToLower(trimmed) {
		case "true", "t", "1":
			return "true", ""
		case "false", "f", "0":
			return "false", ""
		}
		return "", fmt.Sprintf("%q: want true or false", text)
	case "enum", "flags":
		return trimmed, ""
	}
	if isSecret(k.Name) && strings.TrimLeft(text, " \t\r\n\v\f") != text {
		return "", "librdkafka removes spaces at the beginning of a value, which would change this one"
	}
	return text, ""
}

func isNumeric(text string) bool { return text == "" || strings.ContainsAny(text[:1], "+-0123456789") }

// isSecret reports whether the value of a key must not be shown.
func isSecret(key string) bool {
	return strings.Contains(key, "secret") || strings.Contains(key, "pass")
}
