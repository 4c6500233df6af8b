package franz

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The hashes that librdkafka's own unit tests expect (rdfnv1a.c, rdmurmur2.c).
func TestHashes(t *testing.T) {
	tests := []struct {
		key            string
		fnv1a, murmur2 uint32
	}{
		{"kafka", 0x0d33c4e1, 0xd067cf64 & 0x7fffffff},
		{"giberish123456789", 0x77a58295, 0x8f552b0c & 0x7fffffff},
		{"1234", 0x23bdd03, 0x9fc97b14 & 0x7fffffff},
		{"234", 0x2dea3cd2, 0xe7c009ca & 0x7fffffff},
		{"34", 0x740fa83e, 0x873930da & 0x7fffffff},
		{"4", 0x310ca263, 0x5a4b5ca1},
		{"PreAmbleWillBeRemoved,ThePrePartThatIs", 0x65cbd69c, 0x78424f1c},
		{"", 0x7ee3623b, 0x106e08d9},
	}
	for _, tt := range tests {
		require.Equal(t, tt.fnv1a, fnv1a([]byte(tt.key)), "fnv1a of %q", tt.key)
		require.Equal(t, tt.murmur2, murmur2([]byte(tt.key)), "murmur2 of %q", tt.key)
	}
}

func TestPartitioners(t *testing.T) {
	const any = -1 // wherever; not the same for all
	tests := []struct {
		name             string
		key, null, empty int // partition of "kafka" among 7, of a null and of an empty key
	}{
		{"random", any, any, any},
		{"consistent", int(crc([]byte("kafka")) % 7), 0, 0},
		{"consistent_random", int(crc([]byte("kafka")) % 7), any, any},
		{"", int(crc([]byte("kafka")) % 7), any, any},
		{"murmur2", 0x5067cf64 % 7, 0x106e08d9 % 7, 0x106e08d9 % 7},
		{"murmur2_random", 0x5067cf64 % 7, any, 0x106e08d9 % 7},
		{"fnv1a", 0x0d33c4e1 % 7, 0x7ee3623b % 7, 0x7ee3623b % 7},
		{"fnv1a_random", 0x0d33c4e1 % 7, any, 0x7ee3623b % 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Partitioner(tt.name, 0).ForTopic("topic")
			for what, want := range map[string]int{"key": tt.key, "null": tt.null, "empty": tt.empty} {
				r := &kgo.Record{Partition: -1, Key: map[string][]byte{"key": []byte("kafka"), "empty": {}}[what]}
				require.Equal(t, want != any, p.RequiresConsistency(r), what)
				seen := map[int]bool{}
				for range 200 {
					got := p.Partition(r, 7)
					require.True(t, got >= 0 && got < 7)
					seen[got] = true
				}
				if want == any {
					require.Greater(t, len(seen), 1, what)
				} else {
					require.Equal(t, map[int]bool{want: true}, seen, what)
				}
			}
			own := &kgo.Record{Partition: 3, Key: []byte("kafka")}
			require.True(t, p.RequiresConsistency(own))
			require.Equal(t, 3, p.Partition(own, 7))
		})
	}
}

// Records without a key stay together for sticky, and then move.
func TestPartitionerSticks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Partitioner("", 10*time.Millisecond).ForTopic("topic")
		r := &kgo.Record{Partition: -1}
		seen := map[int]bool{}
		for range 50 {
			at := p.Partition(r, 1000)
			for range 10 {
				require.Equal(t, at, p.Partition(r, 1000))
			}
			seen[at] = true
			time.Sleep(10 * time.Millisecond)
		}
		require.Greater(t, len(seen), 1)
		require.Less(t, p.Partition(r, 2), 2, "fewer partitions are heeded at once")
	})
}

// A client made with Partitioner places records as a producer of this package.
func ExamplePartitioner() {
	p := Partitioner("murmur2_random", 10*time.Millisecond).ForTopic("orders")
	fmt.Println(p.Partition(&kgo.Record{Partition: -1, Key: []byte("customer-7")}, 6))
	fmt.Println(p.Partition(&kgo.Record{Partition: 4, Key: []byte("customer-7")}, 6))
	// Output:
	// 1
	// 4
}
