package kafka_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

type (
	acks  string
	level int8
	flag  bool
)

func TestConfigText(t *testing.T) {
	tests := []struct {
		name  string
		value any
		text  string
		ok    bool
	}{
		{name: "string", value: "lz4", text: "lz4", ok: true},
		{name: "empty string", value: "", text: "", ok: true},
		{name: "bool", value: true, text: "true", ok: true},
		{name: "int", value: -1, text: "-1", ok: true},
		{name: "int32", value: int32(7), text: "7", ok: true},
		{name: "int64", value: int64(1) << 40, text: "1099511627776", ok: true},
		{name: "whole float", value: 5.0, text: "5", ok: true},
		{name: "float", value: 0.5, text: "0.5", ok: true},
		{name: "duration in milliseconds", value: 3 * time.Second, text: "3000", ok: true},
		{name: "duration below a millisecond", value: 500 * time.Microsecond, text: "0.5", ok: true},
		{name: "list", value: []string{"a:1", "b:2"}, text: "a:1,b:2", ok: true},
		{name: "a named string", value: acks("all"), text: "all", ok: true},
		{name: "a named number", value: level(3), text: "3", ok: true},
		{name: "a named bool", value: flag(true), text: "true", ok: true},
		{name: "small and unsigned numbers", value: uint16(7), text: "7", ok: true},
		{name: "the largest number", value: uint64(math.MaxUint64), text: "18446744073709551615", ok: true},
		{name: "a float of 32 bits", value: float32(0.1), text: "0.1", ok: true},
		{name: "a number of JSON", value: json.Number("5"), text: "5", ok: true},
		{name: "a list of JSON", value: []any{"a:1", "b:2"}, text: "a:1,b:2", ok: true},
		{name: "a URL", value: &url.URL{Scheme: "http", Host: "a"}, text: "http://a", ok: true},
		{name: "no URL", value: (*url.URL)(nil)},
		{name: "a list of numbers", value: []any{"a", 1}},
		{name: "a list with nil", value: []any{"a", nil}},
		{name: "bytes", value: []byte("a")},
		{name: "a pointer", value: new(string)},
		{name: "nil", value: nil},
		{name: "map", value: map[string]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, ok := kafka.Text(tt.value)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.text, text)
		})
	}
}

func TestConfigReads(t *testing.T) {
	c := kafka.Config{
		"text": "x", "number": "12", "int": 12, "yes": "True", "no": "0", "float": "2.5",
		"ms": 1500, "ms text": " 250 ", "fraction": "0.5", "duration": time.Minute, "list": []string{"a", "b"},
	}
	text, err := c.String("list", "")
	require.NoError(t, err)
	require.Equal(t, "a,b", text)
	text, err = c.String("missing", "def")
	require.NoError(t, err)
	require.Equal(t, "def", text)

	for key, want := range map[string]int{"number": 12, "int": 12, "missing": 7} {
		n, err := c.Int(key, 7)
		require.NoError(t, err, key)
		require.Equal(t, want, n, key)
	}
	for key, want := range map[string]bool{"yes": true, "no": false, "missing": true} {
		b, err := c.Bool(key, true)
		require.NoError(t, err, key)
		require.Equal(t, want, b, key)
	}
	for key, want := range map[string]float64{"float": 2.5, "int": 12, "missing": 0.1} {
		f, err := c.Float(key, 0.1)
		require.NoError(t, err, key)
		require.Equal(t, want, f, key)
	}
	for key, want := range map[string]time.Duration{
		"ms": 1500 * time.Millisecond, "ms text": 250 * time.Millisecond,
		"fraction": 500 * time.Microsecond, "duration": time.Minute, "missing": time.Hour,
	} {
		d, err := c.Duration(key, time.Hour)
		require.NoError(t, err, key)
		require.Equal(t, want, d, key)
	}
	require.Equal(t, []string{"duration", "float", "fraction", "int", "list", "ms", "ms text", "no", "number", "text", "yes"}, c.Keys())
}

func TestConfigErrors(t *testing.T) {
	c := kafka.Config{"linger.ms": "soon", "acks": []int{1}, "enable.idempotence": "yes", "batch.size": "1.5", "nan": "NaN", "nil": nil, "huge": "1e300"}
	read := func(_ any, err error) error { return err }
	tests := []struct {
		name string
		err  error
		want string
	}{
		{name: "not milliseconds", err: read(c.Duration("linger.ms", 0)), want: `configuration: linger.ms: "soon": want a number of milliseconds`},
		{name: "beyond a duration", err: read(c.Duration("huge", 0)), want: `configuration: huge: "1e300": want a number of milliseconds`},
		{name: "a type that no Config holds", err: read(c.String("acks", "")), want: `configuration: acks: a []int cannot be a configuration value`},
		{name: "nil is not unset", err: read(c.Int("nil", 1)), want: `configuration: nil: a <nil> cannot be a configuration value`},
		{name: "not a bool", err: read(c.Bool("enable.idempotence", false)), want: `configuration: enable.idempotence: "yes": want true or false`},
		{name: "not whole", err: read(c.Int("batch.size", 0)), want: `configuration: batch.size: "1.5": want a whole number`},
		{name: "not a number", err: read(c.Float("nan", 0)), want: `configuration: nan: "NaN": want a number`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ce *kafka.ConfigError
			require.ErrorAs(t, tt.err, &ce)
			require.EqualError(t, tt.err, tt.want)
		})
	}
}

// A time.Duration is written in the unit of its key.
func TestConfigTimes(t *testing.T) {
	c := kafka.Config{"linger.ms": time.Second, "broker.address.ttl": time.Second, "claim.exp.seconds": 1500 * time.Millisecond, "cache.ttl.sec": time.Minute, "batch.size": time.Second}
	for key, want := range map[string]string{"linger.ms": "1000", "broker.address.ttl": "1000", "claim.exp.seconds": "1.5", "cache.ttl.sec": "60"} {
		text, err := c.String(key, "")
		require.NoError(t, err)
		require.Equal(t, want, text, key)
	}
	_, err := c.Int("batch.size", 0)
	require.EqualError(t, err, "configuration: batch.size: 1s is a time, and the key is not")
}

func TestNearest(t *testing.T) {
	known := []string{"linger.ms", "batch.size", "bootstrap.servers", "client.id", "acks"}
	tests := []struct {
		name, key, want string
	}{
		{name: "missing letter", key: "bootstrap.server", want: "bootstrap.servers"},
		{name: "swapped letters", key: "bacth.size", want: "batch.size"},
		{name: "underscore for dot", key: "linger_ms", want: "linger.ms"},
		{name: "one letter of a short key", key: "ack", want: "acks"},
		{name: "the key itself", key: "acks", want: "acks"},
		{name: "dot missing", key: "lingerms", want: "linger.ms"},
		{name: "upper case", key: "BOOTSTRAP.SERVERS", want: "bootstrap.servers"},
		{name: "camel case", key: "bootstrapServers", want: "bootstrap.servers"},
		{name: "as in the environment", key: "BOOTSTRAP_SERVER", want: "bootstrap.servers"},
		{name: "spaces around", key: " client.id ", want: "client.id"},
		{name: "nothing near", key: "compression.type", want: ""},
		{name: "empty", key: "", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, kafka.Nearest(tt.key, known))
		})
	}
}

// A misspelt key names the one that was probably meant.
func ExampleUnknown() {
	fmt.Println(kafka.Unknown("bootstrap.server", []string{"bootstrap.servers", "client.id"}))
	// Output: configuration: bootstrap.server: no such key; did you mean "bootstrap.servers"?
}
