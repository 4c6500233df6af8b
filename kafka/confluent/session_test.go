//go:build cgo

package confluent_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

// upper reads n records of in, writes each in capitals to out, and returns what it read.
func (e *env) upper(s kafka.Session, n int) []string {
	values := e.poll(s, n)
	for _, v := range values {
		require.NoError(e, s.Producer().Produce(e.ctx(), &kafka.Record{Topic: "out", Value: []byte(strings.ToUpper(v))}, nil))
	}
	return values
}

// committedOut is what a reader of committed records sees of out.
func (e *env) committedOut(n int) []string {
	c := e.consumer("reader")
	require.NoError(e, c.Assign(e.ctx(), at("out", 0, 0)))
	defer func() { require.NoError(e, c.Close(e.ctx())) }()
	values := e.poll(c, n)
	e.quiet(c)
	return values
}

func TestSession(t *testing.T) {
	e := newEnv(t, 1, "in", "out")
	e.produce(e.producer(), "in", 0, "a", "b", "c", "d", "e")
	s := e.session("id", "g")
	require.NoError(t, s.Subscribe([]string{"in"}, nil))

	require.NoError(t, s.Begin(e.ctx()))
	require.Equal(t, []string{"a", "b"}, e.upper(s, 2))
	ok, err := s.End(e.ctx(), true)
	require.NoError(t, err)
	require.True(t, ok)

	require.NoError(t, s.Begin(e.ctx()))
	require.Equal(t, []string{"c", "d"}, e.upper(s, 2))
	ok, err = s.End(e.ctx(), false)
	require.NoError(t, err)
	require.False(t, ok)

	require.NoError(t, s.Begin(e.ctx()))
	require.Equal(t, []string{"c"}, e.upper(s, 1), "positions went back")
	ok, err = s.End(e.ctx(), true)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"A", "B", "C"}, e.committedOut(3))

	got, err := s.(kafka.Offsets).Committed(e.ctx(), tp("in", 0))
	require.NoError(t, err)
	require.EqualValues(t, 3, got[0].Offset, "exactly what was polled since Begin")
	require.ErrorIs(t, s.Commit(e.ctx(), got), kafka.ErrUnsupported)

	require.NoError(t, s.Close(e.ctx()))
	var b kafka.Batch
	require.ErrorIs(t, s.Poll(e.ctx(), &b, 1), kafka.ErrClosed)
	require.ErrorIs(t, s.Begin(e.ctx()), kafka.ErrClosed)
	require.ErrorIs(t, s.Producer().Produce(e.ctx(), &kafka.Record{Topic: "out"}, nil), kafka.ErrClosed)
}

// Nothing polled, nothing produced: nothing to decide.
func TestEmptyTransaction(t *testing.T) {
	e := newEnv(t, 1, "in", "out")
	s := e.session("id", "g")
	require.NoError(t, s.Subscribe([]string{"in"}, nil))
	for _, commit := range []bool{true, false, true} {
		require.NoError(t, s.Begin(e.ctx()))
		ok, err := s.End(e.ctx(), commit)
		require.NoError(t, err)
		require.Equal(t, commit, ok)
	}
}

// Partitions that go within a transaction doom it; their next owner reads the
// same records again, and the output has each once.
func TestSessionLosesPartitions(t *testing.T) {
	for _, strategy := range []string{"range", "cooperative-sticky"} {
		t.Run(strategy, func(t *testing.T) {
			e := newEnv(t, 2, "in")
			e.fakeTopic("out", 1)
			conf := kafka.Config{"partition.assignment.strategy": strategy}
			p := e.producer()
			e.produce(p, "in", 0, "a", "b")
			e.produce(p, "in", 1, "c", "d")
			s := e.session("id1", "g", conf)
			o := new(observer)
			require.NoError(t, s.Subscribe([]string{"in"}, o))
			require.NoError(t, s.Begin(e.ctx()))
			require.Len(t, e.upper(s, 4), 4)

			other := e.session("id2", "g", conf)
			o2 := new(observer)
			require.NoError(t, other.Subscribe([]string{"in"}, o2))
			stop, done := make(chan struct{}), make(chan struct{})
			require.NoError(t, other.Begin(e.ctx()))
			var theirs []string
			go func() {
				defer close(done)
				theirs = e.upper(other, 2)
				<-stop
			}()
			e.serve(s, func() bool { return o.count() == 1 && o2.count() == 1 })
			ok, err := s.End(e.ctx(), true)
			require.NoError(t, err)
			require.False(t, ok)

			require.NoError(t, s.Begin(e.ctx()))
			require.Len(t, e.upper(s, 2), 2)
			ok, err = s.End(e.ctx(), true)
			require.NoError(t, err)
			require.True(t, ok)
			close(stop)
			<-done
			require.Len(t, theirs, 2)
			ok, err = other.End(e.ctx(), true)
			require.NoError(t, err)
			require.True(t, ok)
			require.ElementsMatch(t, []string{"A", "B", "C", "D"}, e.committedOut(4))
		})
	}
}

// A member that the group has thrown out notices when it sends its offsets.
func TestSessionOutOfTheGroup(t *testing.T) {
	e := newEnv(t, 1, "in", "out")
	e.produce(e.producer(), "in", 0, "a")
	s := e.session("id", "g")
	require.NoError(t, s.Subscribe([]string{"in"}, nil))
	require.NoError(t, s.Begin(e.ctx()))
	e.upper(s, 1)
	once := true
	e.fake.ControlKey(int16(kmsg.TxnOffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if !once {
			return nil, nil, false
		}
		once = false
		resp := req.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
		for _, rt := range req.(*kmsg.TxnOffsetCommitRequest).Topics {
			topic := kmsg.NewTxnOffsetCommitResponseTopic()
			topic.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				topic.Partitions = append(topic.Partitions, kmsg.TxnOffsetCommitResponseTopicPartition{Partition: rp.Partition, ErrorCode: 22})
			}
			resp.Topics = append(resp.Topics, topic)
		}
		return resp, nil, true
	})
	ok, err := s.End(e.ctx(), true)
	require.NoError(t, err)
	require.False(t, ok)

	require.NoError(t, s.Begin(e.ctx()))
	require.Equal(t, []string{"a"}, e.upper(s, 1))
	ok, err = s.End(e.ctx(), true)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"A"}, e.committedOut(1))
}

// A record that cannot be delivered: the transaction is aborted, with the reason.
func TestSessionFailedRecord(t *testing.T) {
	e := newEnv(t, 1, "in", "out")
	e.produce(e.producer(), "in", 0, "a")
	s := e.session("id", "g", kafka.Config{"topic.metadata.propagation.max.ms": 100})
	require.NoError(t, s.Subscribe([]string{"in"}, nil))
	require.NoError(t, s.Begin(e.ctx()))
	e.upper(s, 1)
	require.NoError(t, s.Producer().Produce(e.ctx(), &kafka.Record{Topic: "missing", Partition: -1}, nil))
	ok, err := s.End(e.ctx(), true)
	require.False(t, ok)
	require.ErrorContains(t, err, "aborted")
	require.NoError(t, s.Begin(e.ctx()))
	require.Equal(t, []string{"a"}, e.upper(s, 1))
	ok, err = s.End(e.ctx(), true)
	require.NoError(t, err)
	require.True(t, ok)
}

// End that is cut short by its context is taken up again, as often as it takes.
func TestSessionResumes(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.TxnOffsetCommit, kmsg.EndTxn} {
		t.Run(key.Name(), func(t *testing.T) {
			e := newEnv(t, 1, "in", "out")
			e.produce(e.producer(), "in", 0, "a", "b")
			s := e.session("id", "g")
			require.NoError(t, s.Subscribe([]string{"in"}, nil))
			require.NoError(t, s.Begin(e.ctx()))
			e.upper(s, 1)
			release := e.hold(key)
			short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			_, err := s.End(short, true)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			be, ok := errors.AsType[*kafka.Error](err)
			require.True(t, ok)
			require.True(t, be.Retriable)
			release()
			committed, err := s.End(e.ctx(), true)
			require.NoError(t, err)
			require.True(t, committed)
			require.Equal(t, []string{"A"}, e.committedOut(1))
			require.NoError(t, s.Begin(e.ctx()))
			require.Equal(t, []string{"b"}, e.upper(s, 1))
			committed, err = s.End(e.ctx(), true)
			require.NoError(t, err)
			require.True(t, committed)
		})
	}
}

func TestSessionFenced(t *testing.T) {
	e := newEnv(t, 1, "in", "out")
	e.produce(e.producer(), "in", 0, "a")
	s := e.session("id", "g")
	require.NoError(t, s.Subscribe([]string{"in"}, nil))
	require.NoError(t, s.Begin(e.ctx()))
	e.upper(s, 1)
	require.NoError(t, e.txnProducer("id").Begin(e.ctx()))
	_, err := s.End(e.ctx(), true)
	be, ok := errors.AsType[*kafka.Error](err)
	require.True(t, ok)
	require.True(t, be.Fatal)
}

func TestSessionNeeds(t *testing.T) {
	for _, key := range []string{"transactional.id", "group.id", "bootstrap.servers"} {
		conf := kafka.Config{"transactional.id": "id", "group.id": "g", "bootstrap.servers": "127.0.0.1:1"}
		delete(conf, key)
		_, err := confluent.NewSession(conf, kafka.Hooks{})
		var ce *kafka.ConfigError
		require.ErrorAs(t, err, &ce)
		require.Equal(t, key, ce.Key)
	}
}
