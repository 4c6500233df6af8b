package franz

import (
	"hash/crc32"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// How librdkafka chooses partitions (rdkafka_msg.c):
//
//	name               key            no key                   empty key
//	random             random         any                      any
//	consistent         CRC-32         CRC-32 of nothing: 0     as no key
//	consistent_random  CRC-32         any                      any
//	murmur2            Java's murmur2 murmur2 of nothing       as no key
//	murmur2_random     Java's murmur2 any                      murmur2
//	fnv1a              FNV-1a         FNV-1a of nothing        as no key
//	fnv1a_random       FNV-1a         any                      FNV-1a
//
// "Any" is one partition for sticky.partitioning.linger.ms, then another.

// Partitioner returns librdkafka's partitioner of a name: random, consistent, consistent_random,
// murmur2, murmur2_random, fnv1a or fnv1a_random. Any other name is consistent_random, the
// default. A record whose Partition is not -1 keeps it, so [WrapProducer] honours
// kafka.Record.Partition with a client that was made with this partitioner.
//
// Records whose key is not hashed go to one partition for sticky, then to another at random.
func Partitioner(name string, sticky time.Duration) kgo.Partitioner {
	p := partitioner{hash: crc, sticky: sticky}
	switch name {
	case "random":
		p.hash = nil
	case "consistent":
		p.hashNull, p.hashEmpty = true, true
	case "murmur2":
		p.hash, p.hashNull, p.hashEmpty = murmur2, true, true
	case "murmur2_random":
		p.hash, p.hashEmpty = murmur2, true
	case "fnv1a":
		p.hash, p.hashNull, p.hashEmpty = fnv1a, true, true
	case "fnv1a_random":
		p.hash, p.hashEmpty = fnv1a, true
	}
	return p
}

type partitioner struct {
	hash                func([]byte) uint32 // nil: no key is hashed
	hashNull, hashEmpty bool                // whether null and empty keys are hashed
	sticky              time.Duration
}

// ForTopic implements kgo.Partitioner. kgo calls it once for each topic.
func (p partitioner) ForTopic(string) kgo.TopicPartitioner {
	return &topicPartitioner{partitioner: p}
}

// topicPartitioner is used by one record at a time.
type topicPartitioner struct {
	partitioner
	current int       // the sticky partition's index
	until   time.Time // when to choose another
	of      int       // the number of partitions that it was chosen from
}

func (p *topicPartitioner) hashes(r *kgo.Record) bool {
	switch {
	case p.hash == nil:
		return false
	case r.Key == nil:
		return p.hashNull
	case len(r.Key) == 0:
		return p.hashEmpty
	}
	return true
}

// RequiresConsistency makes kgo offer all partitions, so that an index is the number of a
// partition, instead of those alone that can be written to.
func (p *topicPartitioner) RequiresConsistency(r *kgo.Record) bool {
	return r.Partition >= 0 || p.hashes(r)
}

func (p *topicPartitioner) Partition(r *kgo.Record, n int) int {
	if r.Partition >= 0 {
		return int(r.Partition) // kgo refuses numbers from n on
	}
	if p.hashes(r) {
		return int(p.hash(r.Key) % uint32(n))
	}
	if p.hash == nil && len(r.Key) > 0 {
		return rand.IntN(n)
	}
	if now := time.Now(); p.of != n || !now.Before(p.until) {
		p.current, p.of, p.until = rand.IntN(n), n, now.Add(p.sticky)
	}
	return p.current
}

func crc(key []byte) uint32 { return crc32.ChecksumIEEE(key) }

// fnv1a is librdkafka's: 32 bits taken as a signed number, without its sign.
func fnv1a(key []byte) uint32 {
	h := uint32(2166136261)
	for _, b := range key {
		h = (h ^ uint32(b)) * 16777619
	}
	if h >= 1<<31 {
		h = -h
	}
	return h
}

// murmur2 is the hash of Kafka's Java producer, without its sign bit.
func murmur2(key []byte) uint32 {
	const m = 0x5bd1e995
	h := 0x9747b28c ^ uint32(len(key))
	for ; len(key) >= 4; key = key[4:] {
		k := uint32(key[0]) | uint32(key[1])<<8 | uint32(key[2])<<16 | uint32(key[3])<<24
		k *= m
		k ^= k >> 24
		h = h*m ^ k*m
	}
	switch len(key) {
	case 3:
		h ^= uint32(key[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(key[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(key[0])) * m
	}
	h = (h ^ h>>13) * m
	return (h ^ h>>15) & 0x7fffffff
}
