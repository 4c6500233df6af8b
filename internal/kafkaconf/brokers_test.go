package kafkaconf

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func TestBrokers(t *testing.T) {
	for _, tt := range []struct {
		servers any
		want    []string
	}{
		{"a", []string{"a:9092"}},
		{"a:1,b:2", []string{"a:1", "b:2"}},
		{[]string{"a:1", " b "}, []string{"a:1", "b:9092"}},
		{"a:9092,a", []string{"a:9092"}},
		{"[::1]:1", []string{"[::1]:1"}},
		{"[::1]", []string{"[::1]:9092"}},
		{"::1", []string{"[::1]:9092"}},
		{"PLAINTEXT://[fe80::1%eth0]:1", []string{"[fe80::1%eth0]:1"}},
		{"Plaintext://a", []string{"a:9092"}},
		{"kafka_1.example.com:1", []string{"kafka_1.example.com:1"}},
		{"a:1,\n b:2,", []string{"a:1", "b:2"}},
		{"", nil},
	} {
		v := NewView(kafka.Config{"bootstrap.servers": tt.servers})
		require.Equal(t, tt.want, v.Brokers(), tt.servers)
		require.NoError(t, v.Err(), tt.servers)
	}
}

// Every bad entry of the list is reported, not the first one alone.
func TestBrokersAllAtOnce(t *testing.T) {
	v := NewView(kafka.Config{"metadata.broker.list": "a:x,ssl://b,c:1,[::1", "security.protocol": "SASL_PLAINTEXT"})
	require.Equal(t, []string{"c:1"}, v.Brokers())
	require.EqualError(t, v.Err(), `configuration: metadata.broker.list: "a:x": the port is not a number from 1 to 65535
configuration: metadata.broker.list: "ssl://b": contradicts security.protocol, which is sasl_plaintext
configuration: metadata.broker.list: "[::1": want [address]:port`)
}

// A user and a password, which bootstrap.servers has no place for, are not repeated.
func TestBrokersShowNoPassword(t *testing.T) {
	const mend = "user and a password are given by sasl.username and sasl.password"
	for servers, want := range map[string]string{
		"ann:hunter2@a:1":                 `"***@a:1": want host:port`,
		"SASL_SSL://ann:hunter2@a:1":      `"***@a:1": want host:port`,
		"ann:hunter2@SASL_SSL://a:1":      `"***@SASL_SSL://a:1": want host:port`,
		"ann:hunter2@b@a:1":               `"***@a:1": want host:port`,
		"ann:hunter2://x@a:1":             `"***@a:1": want host:port`,
		"b:1,ann:hunter2,hunter2 ;@a:1,c": `"***": the port is not a number`,
	} {
		v := NewView(kafka.Config{"bootstrap.servers": servers})
		v.Brokers()
		require.ErrorContains(t, v.Err(), want, servers)
		require.ErrorContains(t, v.Err(), mend, servers)
		require.NotContains(t, v.Err().Error(), "hunter2", servers)
	}
}

// Whatever the text, an entry ends in an address that can be split, or in an error.
func FuzzBrokers(f *testing.F) {
	for _, s := range []string{"a:1", "[::1]:1", "ssl://a", "a:1,b", "://", "[]:1", "a:1:2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, servers string) {
		v := NewView(kafka.Config{"bootstrap.servers": servers})
		again := NewView(kafka.Config{"bootstrap.servers": v.Brokers()})
		require.Equal(t, v.Brokers(), again.Brokers())
		require.NoError(t, again.Err())
	})
}
