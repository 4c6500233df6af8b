package kafka

import "context"

// Driver makes the clients of one package: [github.com/kavro/kavro/kafka/confluent] and
// [github.com/kavro/kavro/kafka/franz] have one each. Making a client does not wait for the network.
// Each constructor takes the keys of all kinds of client in one Config; its error is a
// [*ConfigError], or several joined. All methods are safe for concurrent use.
type Driver interface {
	// Name is the driver's name in the key kavro.client: "confluent" or "franz".
	Name() string
	// NewProducer makes a producer, with transactional.id set a [TxnProducer].
	NewProducer(Config, Hooks) (Producer, error)
	// NewConsumer makes a consumer; Subscribe needs group.id.
	NewConsumer(Config, Hooks) (Consumer, error)
	// NewSession makes a session; transactional.id and group.id are required.
	NewSession(Config, Hooks) (Session, error)
	// NewAdmin makes an admin client.
	NewAdmin(Config, Hooks) (Admin, error)
}

// Admin asks a cluster about itself and makes topics. All methods are safe for concurrent
// use; all but Close wait for the network. Errors that come of an unreachable cluster, or
// of a context that has ended meanwhile, carry the client's last error.
type Admin interface {
	Metadata
	// Ping returns nil once a broker has answered: it can be reached, and accepts the
	// credentials. It returns an error when all known brokers have failed, or ctx has ended.
	Ping(ctx context.Context) error
	// CreateTopics makes topics and waits until the controller has made them. The error
	// joins an [*Error] for each topic that was not made; code 36 is a topic that exists.
	// The others were made.
	CreateTopics(ctx context.Context, topics ...NewTopic) error
	// Close releases the client. It is idempotent. Other methods return ErrClosed
	// afterwards.
	Close(ctx context.Context) error
}

// NewTopic describes a topic to make.
type NewTopic struct {
	Name              string
	Partitions        int32             // 0: num.partitions of the brokers
	ReplicationFactor int16             // 0: default.replication.factor of the brokers
	Config            map[string]string // settings of the topic, such as cleanup.policy; may be nil
}
