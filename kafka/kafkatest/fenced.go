package kafkatest

import (
	"context"
	"errors"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// Close of a client that an error has ended, or that reaches no broker, returns long before its
// context ends where nothing is left to wait for, else with it.

func fencedCases() []testCase {
	return []testCase{
		{"Close/static member that was fenced", closeFenced},
		{"Close/static member that was fenced unnoticed", closeFencedUnnoticed},
		{"Close/session whose static member was fenced", closeFencedSession},
		{"Close/subscribed anew after being fenced", subscribeFenced},
		{"Close/transactional producer that was fenced", closeFencedProducer},
		{"Close/session whose producer was fenced", closeSessionFencedProducer},
		{"Close/in the middle of a rebalance", closeInRebalance},
		{"Close/consumer without brokers", closeConsumerAlone},
		{"Close/session without brokers", closeSessionAlone},
		{"Close/transactional producer without brokers", closeTxnAlone},
	}
}

// closeLimit bounds a Close that does not wait for its context, which ends after testTimeout.
const closeLimit = 20 * time.Second

// closeSoon closes c within closeLimit, and returns its error.
func (e *env) closeSoon(c interface{ Close(context.Context) error }) error {
	e.Helper()
	start := time.Now()
	err := c.Close(e.ctx())
	require.Less(e, time.Since(start), closeLimit)
	return err
}

const fencedInstance = int16(82) // FENCED_INSTANCE_ID

// fence joins as the same static member, so that the first one is fenced.
func (e *env) fence(topic, group string) kafka.Consumer {
	second := e.consumer(group, kafka.Config{"group.instance.id": "i", "session.timeout.ms": 6000})
	require.NoError(e, second.Subscribe([]string{topic}, nil))
	got := 0
	e.pollBriefly(second, func() bool { got++; return got > 4 })
	return second
}

// staticMember is a member that has read a record.
func (e *env) staticMember(topic, group string, r kafka.Rebalance) kafka.Consumer {
	c, err := e.driver.NewConsumer(e.consumerConf(group, kafka.Config{"group.instance.id": "i", "session.timeout.ms": 6000}), kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, c.Subscribe([]string{topic}, r))
	e.read(c, 1)
	return c
}

// untilFatal polls until the error that ends c.
func (e *env) untilFatal(c kafka.Consumer) *kafka.Error {
	e.Helper()
	for ctx := e.ctx(); ; {
		var b kafka.Batch
		err := c.Poll(ctx, &b, 10)
		require.NoError(e, ctx.Err())
		if fatal, ok := errors.AsType[*kafka.Error](err); ok && fatal.Fatal {
			return fatal
		}
		require.NoError(e, err)
	}
}

func closeFenced(e *env) {
	topic, group := e.topic(1), e.name("group")
	e.fill(e.producer(), topic, 0, 1)
	rebalances := &rebalanceLog{}
	first := e.staticMember(topic, group, rebalances)
	e.fence(topic, group)
	require.Equal(e, fencedInstance, e.untilFatal(first).Code)

	err := first.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 1)})
	require.Equal(e, fencedInstance, e.code(err), "Commit says why: %v", err)
	err = e.closeSoon(first)
	require.Equal(e, fencedInstance, e.code(err), "Close says why: %v", err)
	require.NoError(e, first.Close(e.ctx()), "idempotent")
	require.Equal(e, []string{"assigned [0]", "lost [0]"}, rebalances.all(), "another member has it")
	rebalances.check(e)
}

// closeFencedUnnoticed: without a Poll after the fencing.
func closeFencedUnnoticed(e *env) {
	topic, group := e.topic(1), e.name("group")
	e.fill(e.producer(), topic, 0, 1)
	rebalances := &rebalanceLog{}
	first := e.staticMember(topic, group, rebalances)
	e.fence(topic, group)
	_ = e.closeSoon(first) // may or may not know
	require.Zero(e, rebalances.owned())
	rebalances.check(e)
}

func closeFencedSession(e *env) {
	topic, group := e.topic(1), e.name("group")
	e.fill(e.producer(), topic, 0, 1)
	conf := e.consumerConf(group, kafka.Config{"group.instance.id": "i", "session.timeout.ms": 6000, "transactional.id": e.name("txn")})
	s, err := e.driver.NewSession(conf, kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, s.Subscribe([]string{topic}, nil))
	require.NoError(e, s.Begin(e.ctx()))
	e.read(s, 1)
	e.fence(topic, group)
	require.Equal(e, fencedInstance, e.untilFatal(s).Code)
	require.Equal(e, fencedInstance, e.code(e.closeSoon(s)))
}

// subscribeFenced: a second subscription does not wait either.
func subscribeFenced(e *env) {
	topic, group := e.topic(1), e.name("group")
	e.fill(e.producer(), topic, 0, 1)
	first := e.staticMember(topic, group, nil)
	e.fence(topic, group)
	e.untilFatal(first)
	start := time.Now()
	_ = first.Subscribe([]string{"^$"}, nil) // may be refused
	require.Less(e, time.Since(start), closeLimit)
	_ = e.closeSoon(first)
}

// fenceProducer lets another producer fence p during a transaction with a record in flight.
func (e *env) fenceProducer(p kafka.TxnProducer, topic, id string) {
	require.NoError(e, p.Begin(e.ctx()))
	require.NoError(e, p.Produce(e.ctx(), text(topic, 0, "v"), nil))
	require.NoError(e, p.Flush(e.ctx()))
	second := e.txnProducer(id)
	require.NoError(e, second.Begin(e.ctx()))
	require.NoError(e, second.End(e.ctx(), true))
	_ = p.Produce(e.ctx(), text(topic, 0, "v"), nil)
}

func closeFencedProducer(e *env) {
	topic, id := e.topic(1), e.name("txn")
	for _, noticed := range []bool{true, false} {
		p, err := e.driver.NewProducer(e.conf(kafka.Config{"transactional.id": id}), kafka.Hooks{})
		require.NoError(e, err)
		e.fenceProducer(p.(kafka.TxnProducer), topic, id)
		if noticed {
			require.Error(e, p.(kafka.TxnProducer).End(e.ctx(), true))
		}
		_ = e.closeSoon(p)
	}
}

func closeSessionFencedProducer(e *env) {
	topic, id := e.topic(1), e.name("txn")
	s, err := e.driver.NewSession(e.consumerConf(e.name("group"), kafka.Config{"transactional.id": id}), kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, s.Subscribe([]string{topic}, nil))
	e.expectNothing(s)
	require.NoError(e, s.Begin(e.ctx()))
	require.NoError(e, s.Producer().Produce(e.ctx(), text(topic, 0, "v"), nil))
	require.NoError(e, s.Producer().Flush(e.ctx()))
	second := e.txnProducer(id)
	require.NoError(e, second.Begin(e.ctx()))
	require.NoError(e, second.End(e.ctx(), true))
	_ = e.closeSoon(s)
}

// closeInRebalance: in any order, while the group waits for its members.
func closeInRebalance(e *env) {
	topic := e.topic(4)
	for _, joinerFirst := range []bool{true, false} {
		group := e.name("group")
		make := func() (kafka.Consumer, *rebalanceLog) {
			c, err := e.driver.NewConsumer(e.consumerConf(group), kafka.Hooks{})
			require.NoError(e, err)
			rebalances := &rebalanceLog{}
			require.NoError(e, c.Subscribe([]string{topic}, rebalances))
			return c, rebalances
		}
		member, of := make()
		e.pollBriefly(member, func() bool { return of.owned() == 4 })
		joiner, ofJoiner := make()
		short, cancel := context.WithTimeout(context.Background(), shortWait)
		var b kafka.Batch
		_ = joiner.Poll(short, &b, 1) // the group waits for member, which does not poll
		cancel()
		clients := []kafka.Consumer{member, joiner}
		if joinerFirst {
			clients = []kafka.Consumer{joiner, member}
		}
		for _, c := range clients {
			require.NoError(e, e.closeSoon(c))
		}
		require.Zero(e, of.owned())
		require.Zero(e, ofJoiner.owned())
		of.check(e)
		ofJoiner.check(e)
	}
}

// stoppableBroker starts a broker that the case stops.
func (e *env) stoppableBroker() (conf kafka.Config, topic string, stop func()) {
	f, err := newFake()
	require.NoError(e, err)
	e.Cleanup(f.Close)
	on := newEnv(e.T, Cluster{Brokers: f.brokers(), fake: f}, e.driver)
	topic = on.topic(1)
	on.fill(on.producer(), topic, 0, 1)
	return kafka.Config{"bootstrap.servers": f.brokers()}, topic, f.Close
}

// closeWithin closes c with a context that ends first, and checks that Close returns.
func (e *env) closeWithin(c interface{ Close(context.Context) error }) {
	e.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	start := time.Now()
	err := c.Close(ctx)
	require.Less(e, time.Since(start), closeLimit)
	if err != nil {
		require.ErrorIs(e, err, kafka.ErrUnreachable, "Close says why")
	}
}

func closeConsumerAlone(e *env) {
	conf, topic, stop := e.stoppableBroker()
	rebalances := &rebalanceLog{}
	c, err := e.driver.NewConsumer(e.consumerConf(e.name("group"), conf), kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, c.Subscribe([]string{topic}, rebalances))
	e.read(c, 1)
	stop()
	var b kafka.Batch
	for ctx := e.failingCtx(); err == nil; { // errors of the connection
		err = c.Poll(ctx, &b, 1)
	}
	require.ErrorIs(e, err, kafka.ErrUnreachable, "Poll says why")
	e.closeWithin(c)
	require.Zero(e, rebalances.owned())
	rebalances.check(e)
}

func closeSessionAlone(e *env) {
	conf, topic, stop := e.stoppableBroker()
	s, err := e.driver.NewSession(e.consumerConf(e.name("group"), conf, kafka.Config{"transactional.id": "t", "transaction.timeout.ms": 1500}), kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, s.Subscribe([]string{topic}, nil))
	require.NoError(e, s.Begin(e.ctx()))
	e.read(s, 1)
	stop()
	var b kafka.Batch
	for ctx := e.failingCtx(); err == nil; {
		err = s.Poll(ctx, &b, 1)
	}
	require.ErrorIs(e, err, kafka.ErrUnreachable, "Poll says why")
	e.closeWithin(s)
}

func closeTxnAlone(e *env) {
	conf, topic, stop := e.stoppableBroker()
	p, err := e.driver.NewProducer(e.conf(conf, kafka.Config{"transactional.id": "t", "transaction.timeout.ms": 1500}), kafka.Hooks{})
	require.NoError(e, err)
	txn := p.(kafka.TxnProducer)
	require.NoError(e, txn.Begin(e.ctx()))
	require.NoError(e, p.Produce(e.ctx(), text(topic, 0, "v"), nil))
	stop()
	require.ErrorIs(e, txn.End(e.failingCtx(), true), kafka.ErrUnreachable, "End says why")
	e.closeWithin(p)
}
