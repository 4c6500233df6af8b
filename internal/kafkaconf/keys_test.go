package kafkaconf

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func TestKeys(t *testing.T) {
	require.Greater(t, len(Names()), 150)
	for _, name := range Names() {
		k, ok := Find(name)
		require.True(t, ok)
		require.Contains(t, []string{"C", "P", "*"}, k.Client, name)
		require.Contains(t, []string{"string", "bool", "int", "float", "enum", "flags"}, k.Type, name)
		main, ok := Find(k.Main)
		require.True(t, ok, name)
		require.Equal(t, main.Name, main.Main, "an alias of an alias: %s", name)
		if k.Default != "" {
			_, reason := k.Value(k.Default)
			require.Empty(t, reason, name)
		}
		require.False(t, IsForeign(name), name)
	}
	require.Equal(t, "request.required.acks", Main("acks"))
	require.Equal(t, "no.such.key", Main("no.such.key"))
	require.Equal(t, []string{"group.id"}, Foreign([]string{"acks", "client.id", "group.id", "no.such.key"}, "P"))
	require.Equal(t, []string{"acks"}, Foreign([]string{"acks", "client.id", "group.id"}, "C"))
}

// Each key of another client names one of librdkafka's, or says what to do.
func TestForeigners(t *testing.T) {
	seen := map[string]bool{}
	for _, list := range [][]foreign{javaKeys[:], bindingKeys[:]} {
		for _, f := range list {
			require.False(t, seen[f.name], f.name)
			seen[f.name] = true
			if f.instead != "" {
				_, ok := Find(f.instead)
				require.True(t, ok, f.instead)
			} else {
				require.NotEmpty(t, f.note, f.name)
			}
		}
	}
	require.True(t, seen[firstOfProducers])
	require.True(t, seen[firstOfConsumers])
}

func TestValue(t *testing.T) {
	for _, tt := range []struct{ key, text, value, reason string }{
		{"retries", "5", "5", ""},
		{"retries", " 5 ", "5", ""},
		{"retries", "010", "10", ""},
		{"retries", "0x10", "", `"0x10": want a whole number`},
		{"retries", "5.0", "", `"5.0": want a whole number`},
		{"retries", "1e6", "", `"1e6": want a whole number`},
		{"retries", "", "", `"": want a whole number`},
		{"retries", "4294967297", "", "4294967297 is out of range"},
		{"socket.timeout.ms", "30s", "", `"30s": want a whole number`},
		{"linger.ms", "0.5", "0.5", ""},
		{"linger.ms", "5ms", "", `"5ms": want a number`},
		{"linger.ms", "nan", "", `"nan": want a number`},
		{"acks", "All", "all", ""},
		{"acks", "-1", "-1", ""},
		{"acks", "1x", "", `"1x": want a whole number`},
		{"enable.idempotence", "T", "true", ""},
		{"enable.idempotence", "yes", "", `"yes": want true or false`},
		{"compression.type", " LZ4 ", "LZ4", ""},
		{"client.id", " a ", " a ", ""},
		{"sasl.password", "p ", "p ", ""},
		{"sasl.password", " p", "", "librdkafka removes spaces at the beginning of a value, which would change this one"},
	} {
		k, ok := Find(tt.key)
		require.True(t, ok, tt.key)
		value, reason := k.Value(tt.text)
		require.Equal(t, tt.value, value, "%s=%s", tt.key, tt.text)
		require.Equal(t, tt.reason, reason, "%s=%s", tt.key, tt.text)
	}
}

func TestJoin(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	both := fmt.Errorf("%w and %w", a, b)
	require.NoError(t, Join())
	require.NoError(t, Join(nil, nil))
	require.Equal(t, a, Join(nil, a, errors.New("a")))
	err := Join(errors.Join(a, errors.Join(b, nil)), both, b)
	require.Equal(t, []error{a, b, both}, err.(interface{ Unwrap() []error }).Unwrap())
	require.Equal(t, "a\nb\na and b", err.Error())
}

// Names of one key: one that is empty says nothing.
func TestView(t *testing.T) {
	v := NewView(kafka.Config{"bootstrap.servers": "", "metadata.broker.list": "a:1", "linger.ms": "5", "queue.buffering.max.ms": 5.0, "acks": nil, "default.topic.config": map[string]int{}})
	require.Equal(t, "metadata.broker.list", v.Name("metadata.broker.list"))
	require.Equal(t, "linger.ms", v.Name("queue.buffering.max.ms"))
	require.Equal(t, "5", v.Get("queue.buffering.max.ms"))
	require.Equal(t, "none", v.Get("compression.codec"))
	require.False(t, v.Changed("queue.buffering.max.ms"))
	require.True(t, v.Changed("metadata.broker.list"))
	require.EqualError(t, v.Err(), "configuration: acks: a <nil> cannot be a configuration value")
	require.True(t, v.Failed("acks"))
	v.CheckForeign()
	require.Equal(t, 2, strings.Count(v.Err().Error(), "configuration: "))
}
