package kafkatest

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fake is a kfake with message.timestamp.type. kfake ignores that setting, but uses the attribute
// of record batches that only brokers may set. So fake sets the attribute in produce requests.
type fake struct {
	*kfake.Cluster
	mu         sync.Mutex
	appendTime map[any]bool // by a topic's name and by its id
}

func newFake() (*fake, error) {
	k, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.GroupMinSessionTimeout(1), // sessions of milliseconds
		kfake.BrokerConfigs(map[string]string{"group.consumer.heartbeat.interval.ms": "100"}),
	)
	if err != nil {
		return nil, err
	}
	f := &fake{Cluster: k, appendTime: map[any]bool{}}
	k.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		f.stamp(req.(*kmsg.ProduceRequest))
		return nil, nil, false // kfake handles the request
	})
	return f, nil
}

func (f *fake) brokers() string { return strings.Join(f.ListenAddrs(), ",") }

// created records a topic's configuration.
func (f *fake) created(topic string, id [16]byte, configs []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := 0; i+1 < len(configs); i += 2 {
		if configs[i] == "message.timestamp.type" && configs[i+1] == "LogAppendTime" {
			f.appendTime[topic], f.appendTime[id] = true, true
		}
	}
}

// stamp sets bit 3 of a record batch's attributes, "timestamp type"
// (message format v2: crc at 17, over everything from the attributes at 21).
func (f *fake) stamp(req *kmsg.ProduceRequest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range req.Topics {
		if !f.appendTime[t.Topic] && !f.appendTime[t.TopicID] {
			continue
		}
		for _, p := range t.Partitions {
			if b := p.Records; len(b) > 23 {
				b[22] |= 1 << 3
				binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
			}
		}
	}
}
