package kafkatest

import (
	"context"
	"log/slog"
	"maps"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
)

func adminCases() []testCase {
	return []testCase{
		{"Admin/ping", adminPing},
		{"Admin/create topics", adminCreateTopics},
		{"Admin/the broker's numbers", adminDefaults},
		{"Admin/topics that exist", adminTopicsExist},
		{"Admin/keys of every role", adminKeys},
		{"Admin/unknown key", adminUnknownKey},
		{"Admin/close", adminClose},
	}
}

// admin makes an admin client that is closed with the test.
func (e *env) admin(more ...kafka.Config) kafka.Admin {
	a, err := e.driver.NewAdmin(e.conf(more...), kafka.Hooks{})
	require.NoError(e, err)
	e.Cleanup(func() { require.NoError(e, a.Close(e.ctx())) })
	return a
}

func adminPing(e *env) {
	a := e.admin()
	for range 3 {
		require.NoError(e, a.Ping(e.ctx()))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(e, a.Ping(ctx), context.Canceled)
}

func adminCreateTopics(e *env) {
	a := e.admin()
	compacted, plain := e.name("topic"), e.name("topic")
	require.NoError(e, a.CreateTopics(e.ctx()))
	require.NoError(e, a.CreateTopics(e.ctx(),
		kafka.NewTopic{Name: compacted, Partitions: 3, ReplicationFactor: 1, Config: map[string]string{"cleanup.policy": "compact", "retention.ms": "3600000"}},
		kafka.NewTopic{Name: plain, Partitions: 1, ReplicationFactor: 1},
	))
	parts, err := a.Partitions(e.ctx(), compacted)
	require.NoError(e, err)
	require.Equal(e, []int32{0, 1, 2}, parts)
	parts, err = a.Partitions(e.ctx(), plain)
	require.NoError(e, err)
	require.Equal(e, []int32{0}, parts)
	require.Equal(e, map[string]string{"cleanup.policy": "compact", "retention.ms": "3600000"}, e.topicConfig(compacted, "cleanup.policy", "retention.ms"))
	e.send(e.producer(), text(plain, 0, "v"))
}

// topicConfig asks for settings of a topic.
func (e *env) topicConfig(topic string, names ...string) map[string]string {
	resource := kmsg.NewDescribeConfigsRequestResource()
	resource.ResourceType, resource.ResourceName, resource.ConfigNames = kmsg.ConfigResourceTypeTopic, topic, names
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.Resources = append(req.Resources, resource)
	got := map[string]string{}
	e.plainClient(func(cl *kgo.Client) {
		resp, err := req.RequestWith(e.ctx(), cl)
		require.NoError(e, err)
		require.Zero(e, resp.Resources[0].ErrorCode)
		for _, c := range resp.Resources[0].Configs {
			got[c.Name] = *c.Value
		}
	})
	return got
}

// adminDefaults: what a NewTopic leaves out, the broker decides.
func adminDefaults(e *env) {
	a, topic := e.admin(), e.name("topic")
	require.NoError(e, a.CreateTopics(e.ctx(), kafka.NewTopic{Name: topic}))
	parts, err := a.Partitions(e.ctx(), topic)
	require.NoError(e, err)
	require.NotEmpty(e, parts)
}

// adminTopicsExist: each topic that was not made has an error of its own, and the others
// are made.
func adminTopicsExist(e *env) {
	a := e.admin()
	first, second, third := e.name("topic"), e.name("topic"), e.name("topic")
	require.NoError(e, a.CreateTopics(e.ctx(), kafka.NewTopic{Name: first}, kafka.NewTopic{Name: second}))
	err := a.CreateTopics(e.ctx(), kafka.NewTopic{Name: first}, kafka.NewTopic{Name: third}, kafka.NewTopic{Name: second})
	require.Implements(e, (*interface{ Unwrap() []error })(nil), err)
	codes := map[string]int16{}
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		var ke *kafka.Error
		require.ErrorAs(e, err, &ke)
		require.Equal(e, int32(-1), ke.Partition)
		require.False(e, ke.Retriable)
		require.ErrorContains(e, err, ke.Topic+": ")
		codes[ke.Topic] = ke.Code
	}
	require.Equal(e, map[string]int16{first: 36, second: 36}, codes, "TOPIC_ALREADY_EXISTS")
	_, err = a.Partitions(e.ctx(), third)
	require.NoError(e, err)
}

// adminKeys: an admin client accepts the keys of other clients without a warning, and does not
// use the transactional id.
func adminKeys(e *env) {
	topic, id := e.topic(1), e.name("txn")
	p := e.txnProducer(id)
	require.NoError(e, p.Begin(e.ctx()))
	e.send(p, text(topic, 0, "v"))

	j := &journal{}
	conf := e.consumerConf("group", kafka.Config{
		"transactional.id": id, "linger.ms": 5, "enable.auto.commit": true, "enable.idempotence": true,
		"isolation.level": "read_uncommitted", "compression.type": "lz4", "enable.partition.eof": true,
	})
	before := maps.Clone(conf)
	a, err := e.driver.NewAdmin(conf, kafka.Hooks{Logger: slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	require.NoError(e, err)
	require.NoError(e, a.Ping(e.ctx()))
	require.NoError(e, a.CreateTopics(e.ctx(), kafka.NewTopic{Name: e.name("topic")}))
	require.NoError(e, a.Close(e.ctx()))
	require.Equal(e, before, conf)
	require.Empty(e, j.lines)
	require.NoError(e, p.End(e.ctx(), true), "it was not fenced")
}

func adminUnknownKey(e *env) {
	_, err := e.driver.NewAdmin(e.conf(kafka.Config{"bootstrap.server": "a:1"}), kafka.Hooks{})
	var ce *kafka.ConfigError
	require.ErrorAs(e, err, &ce)
	require.Equal(e, "bootstrap.servers", ce.Nearest)
	_, err = e.driver.NewAdmin(nil, kafka.Hooks{})
	require.ErrorAs(e, err, &ce)
	require.Equal(e, "bootstrap.servers", ce.Key)
}

func adminClose(e *env) {
	a := e.admin()
	require.NoError(e, a.Close(e.ctx()))
	require.NoError(e, a.Close(e.ctx()), "idempotent")
	require.ErrorIs(e, a.Ping(e.ctx()), kafka.ErrClosed)
	_, err := a.Partitions(e.ctx(), "t")
	require.ErrorIs(e, err, kafka.ErrClosed)
	require.ErrorIs(e, a.CreateTopics(e.ctx(), kafka.NewTopic{Name: "t"}), kafka.ErrClosed)
}
