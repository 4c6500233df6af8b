package kafka

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/kavro/kavro/internal/count"
)

// Text returns a value of a [Config] as the text that librdkafka reads: true and false, decimal numbers, a
// [time.Duration] in milliseconds, a []string joined by commas. Values of named types, and those that
// decoders of JSON and YAML make (json.Number, []any), are written like their underlying types. ok is
// false if a Config cannot hold the type of v.
func Text(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case time.Duration:
		return strconv.FormatFloat(float64(v)/float64(time.Millisecond), 'f', -1, 64), true
	case []string:
		return strings.Join(v, ","), true
	}
	r := reflect.ValueOf(v)
	if s, named := v.(fmt.Stringer); named { // such as *url.URL, or confluent-kafka-go's own ConfigValue types
		if r.Kind() == reflect.Pointer && r.IsNil() {
			return "", false
		}
		return s.String(), true
	}
	switch r.Kind() {
	case reflect.String:
		return r.String(), true
	case reflect.Bool:
		return strconv.FormatBool(r.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(r.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(r.Uint(), 10), true
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(r.Float(), 'f', -1, r.Type().Bits()), true
	case reflect.Slice:
		return list(r)
	}
	return "", false
}

// list returns the items of a slice of strings, separated by commas. ok is false for other slices.
func list(r reflect.Value) (text string, ok bool) {
	if r.Type().Elem().Kind() == reflect.Uint8 {
		return "", false
	}
	items := make([]string, r.Len())
	for i := range items {
		item := r.Index(i)
		if item.Kind() == reflect.Interface {
			item = item.Elem()
		}
		if item.Kind() != reflect.String {
			return "", false
		}
		items[i] = item.String()
	}
	return strings.Join(items, ","), true
}

// String returns the value of key as text, see [Text], or def if key is not set. The error of each method
// that reads a value as a type is a [*ConfigError].
func (c Config) String(key, def string) (string, error) {
	v, ok := c[key]
	if !ok {
		return def, nil
	}
	text, ok := Text(v)
	if !ok {
		return "", &ConfigError{Key: key, Reason: count.A(fmt.Sprintf("%T", v)) + " cannot be a configuration value"}
	}
	if d, isTime := v.(time.Duration); isTime {
		return c.time(key, d, text)
	}
	return text, nil
}

// time writes a duration in the unit that the end of key names, else in
// milliseconds, which is what text holds.
func (c Config) time(key string, d time.Duration, text string) (string, error) {
	switch key[strings.LastIndexByte(key, '.')+1:] {
	case "s", "sec", "secs", "seconds":
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64), nil
	case "bytes", "kbytes", "messages", "retries", "size", "acks", "records", "cnt", "level":
		return "", &ConfigError{Key: key, Reason: fmt.Sprintf("%v is a time, and the key is not", d)}
	}
	return text, nil
}

// Bool returns the value of key, or def if key is not set. As in librdkafka,
// true, t and 1 are true, false, f and 0 are false, in any case.
func (c Config) Bool(key string, def bool) (bool, error) {
	return parse(c, key, def, func(text string) (bool, string) {
		switch strings.ToLower(text) {
		case "true", "t", "1":
			return true, ""
		case "false", "f", "0":
			return false, ""
		}
		return false, "want true or false"
	})
}

// Int returns the value of key, or def if key is not set.
func (c Config) Int(key string, def int) (int, error) {
	return parse(c, key, def, func(text string) (int, string) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, "want a whole number"
		}
		return n, ""
	})
}

// Float returns the value of key, or def if key is not set.
func (c Config) Float(key string, def float64) (float64, error) {
	return parse(c, key, def, func(text string) (float64, string) {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return 0, "want a number"
		}
		return f, ""
	})
}

// Duration returns the value of key, a number of milliseconds (fractions are
// allowed) or a [time.Duration], or def if key is not set.
func (c Config) Duration(key string, def time.Duration) (time.Duration, error) {
	return parse(c, key, def, func(text string) (time.Duration, string) {
		ms, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(ms) > math.MaxInt64/float64(time.Millisecond)/2 || math.IsNaN(ms) {
			return 0, "want a number of milliseconds"
		}
		return time.Duration(ms * float64(time.Millisecond)), ""
	})
}

// Keys returns the keys that are set, sorted.
func (c Config) Keys() []string {
	return slices.Sorted(maps.Keys(c))
}

// Unknown returns the error for a key that is in none of known, with the
// nearest of them.
func Unknown(key string, known []string) *ConfigError {
	return &ConfigError{Key: key, Reason: "no such key", Nearest: Nearest(key, known)}
}

// Nearest returns the element of known that is most similar to key, the first of several, or "" if more
// than a third of key would have to change. Case, and missing or other separators (linger_ms, lingerms),
// do not count.
func Nearest(key string, known []string) string {
	plain := plainKey(key)
	nearest, best, bestRaw := "", len(plain)/3+1, 0
	for _, k := range known {
		d := distance(plain, plainKey(k), best+1)
		if d > best || d == best && nearest == "" {
			continue
		}
		raw := distance(key, k, len(key)+len(k)+1)
		if d < best || raw < bestRaw {
			nearest, best, bestRaw = k, d, raw
		}
	}
	return nearest
}

// plainKey is key in lower case, without separators.
func plainKey(key string) string {
	return strings.Map(func(c rune) rune {
		switch c {
		case '.', '_', '-', ' ', '\t', '/':
			return -1
		}
		return unicode.ToLower(c)
	}, key)
}

// parse returns the value of key by read. read returns a reason if it cannot read the text.
func parse[T any](c Config, key string, def T, read func(text string) (v T, reason string)) (T, error) {
	if _, ok := c[key]; !ok {
		return def, nil
	}
	text, err := c.String(key, "")
	if err != nil {
		return def, err
	}
	v, reason := read(strings.TrimSpace(text))
	if reason != "" {
		return def, &ConfigError{Key: key, Reason: fmt.Sprintf("%q: %s", text, reason)}
	}
	return v, nil
}

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours that turn a into b (optimal string alignment). It stops counting
// at limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	// Three rows of the table: the one being filled and the two above it.
	above, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], above[j-2]+1)
			}
		}
		above, row, next = row, next, above
	}
	return row[len(b)]
}
