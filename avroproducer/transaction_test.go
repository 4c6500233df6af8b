package avroproducer_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
)

var (
	errRetriable = &kafka.Error{Code: -185, Partition: -1, Retriable: true, Err: errors.New("timed out")}
	errAbortable = &kafka.Error{Code: 59, Partition: -1, AbortTxn: true, Err: errors.New("abort first")}
	errFatal     = &kafka.Error{Code: -144, Partition: -1, Fatal: true, Err: errors.New("fenced")}
)

// bank is a transactional producer of *strings and its cluster.
type bank struct {
	*avroproducer.Producer[*string, *string]
	cluster *fakekafka.Cluster
	client  *fakekafka.TxnProducer
}

func newBank(t *testing.T, config fakekafka.ProducerConfig, opts ...avroproducer.Option) bank {
	c := fakekafka.New(map[string]int{"t": 1})
	b := c.TxnProducer("bank", config)
	p, err := avroproducer.New(b, framed{}, framed{}, append(opts, avroproducer.WithOwnedClient())...)
	require.NoError(t, err)
	return bank{p, c, b}
}

func (b bank) produce(ctx context.Context, v string) error {
	return b.Produce(ctx, "t", nil, &v)
}

// script answers the calls of a transaction's ends one after the other, then
// lets them through.
func script(answers map[string][]error) func(op string) error {
	return func(op string) error {
		if len(answers[op]) == 0 {
			return nil
		}
		err := answers[op][0]
		answers[op] = answers[op][1:]
		return err
	}
}

func TestTransaction(t *testing.T) {
	errMine := errors.New("mine")
	tests := []struct {
		name    string
		answers map[string][]error // of the client: begin, commit, abort
		body    func(ctx context.Context, b bank) error
		err     string
		is      error
		outcome avroproducer.TransactionError // flags and Op, if it is one
		written []string
	}{
		{
			name:    "commits",
			body:    func(ctx context.Context, b bank) error { return b.produce(ctx, "v") },
			written: []string{"v"},
		},
		{
			name: "an error of the function aborts and is returned as it is",
			body: func(ctx context.Context, b bank) error {
				return errors.Join(b.produce(ctx, "v"), errMine)
			},
			err: "mine", is: errMine,
		},
		{
			name: "a value that does not fit leaves it usable",
			body: func(ctx context.Context, b bank) error {
				require.ErrorIs(t, b.produce(ctx, "unfit"), errUnfit)
				return b.produce(ctx, "v")
			},
			written: []string{"v"},
		},
		{
			name: "a record that is not delivered aborts",
			body: func(ctx context.Context, b bank) error {
				return errors.Join(b.produce(ctx, "v"), b.produce(ctx, "fail"))
			},
			err:     "transaction: produce (aborted): t [0]: timed out (-192)",
			outcome: avroproducer.TransactionError{Op: "produce", Aborted: true},
		},
		{
			name:    "a commit that fails for the moment is repeated",
			answers: map[string][]error{"commit": {errRetriable, errRetriable}},
			body:    func(ctx context.Context, b bank) error { return b.produce(ctx, "v") },
			written: []string{"v"},
		},
		{
			name:    "a commit that must be aborted is",
			answers: map[string][]error{"commit": {errAbortable}},
			body:    func(ctx context.Context, b bank) error { return b.produce(ctx, "v") },
			err:     "transaction: commit (aborted): abort first (59)", is: errAbortable,
			outcome: avroproducer.TransactionError{Op: "commit", Aborted: true, Retriable: true},
		},
		{
			name:    "an abort that fails for the moment is repeated",
			answers: map[string][]error{"abort": {errRetriable}},
			body:    func(ctx context.Context, b bank) error { return errMine },
			err:     "mine", is: errMine,
		},
		{
			name:    "a fatal commit",
			answers: map[string][]error{"commit": {errFatal}},
			body:    func(ctx context.Context, b bank) error { return b.produce(ctx, "v") },
			err:     "transaction: commit (fatal): fatal: fenced (-144)", is: errFatal,
			outcome: avroproducer.TransactionError{Op: "commit", Fatal: true},
		},
		{
			name:    "a fatal abort names both errors",
			answers: map[string][]error{"abort": {errFatal}},
			body:    func(ctx context.Context, b bank) error { return errMine },
			err:     "transaction: abort (fatal): mine\nfatal: fenced (-144)", is: errMine,
			outcome: avroproducer.TransactionError{Op: "abort", Fatal: true},
		},
		{
			name:    "a beginning that may be tried again",
			answers: map[string][]error{"begin": {errRetriable}},
			err:     "transaction: begin: timed out (-185)", is: errRetriable,
			outcome: avroproducer.TransactionError{Op: "begin", Retriable: true},
		},
		{
			name: "they do not nest",
			body: func(ctx context.Context, b bank) error {
				require.ErrorIs(t, b.Transaction(ctx, nil), avroproducer.ErrInTransaction)
				return b.produce(ctx, "v")
			},
			written: []string{"v"},
		},
		{
			name: "it aborts although its context has ended",
			body: func(ctx context.Context, b bank) error {
				require.NoError(t, b.produce(ctx, "v"))
				<-ctx.Done()
				return ctx.Err()
			},
			err: "context deadline exceeded", is: context.DeadlineExceeded,
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBank(t, fakekafka.ProducerConfig{Fail: failing})
				b.client.Hook = script(tc.answers)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := b.Transaction(ctx, func(ctx context.Context) error { return tc.body(ctx, b) })
				if tc.err == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, tc.err)
				}
				if tc.is != nil {
					require.ErrorIs(t, err, tc.is)
				}
				got := &avroproducer.TransactionError{}
				if tc.outcome.Op != "" {
					require.ErrorAs(t, err, &got)
					require.Equal(t, tc.outcome.Retriable, got.Temporary())
				} else {
					require.False(t, errors.As(err, &got))
				}
				got = &avroproducer.TransactionError{Op: got.Op, Retriable: got.Retriable, Aborted: got.Aborted, Unfinished: got.Unfinished, Fatal: got.Fatal}
				require.Equal(t, &tc.outcome, got)
				require.Equal(t, tc.written, values(b.cluster, "t"))

				if !tc.outcome.Fatal {
					require.NoError(t, b.Transaction(t.Context(), func(ctx context.Context) error { return b.produce(ctx, "next") }))
					require.Equal(t, append(tc.written, "next"), values(b.cluster, "t"))
				}
				_ = b.Close(t.Context()) // reports the failure that the transaction told of; nothing of interest here
			})
		})
	}
}

func TestTransactionThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, fakekafka.ProducerConfig{})
		require.PanicsWithValue(t, "oops", func() {
			_ = b.Transaction(t.Context(), func(ctx context.Context) error {
				require.NoError(t, b.produce(ctx, "v"))
				panic("oops")
			})
		})
		require.NoError(t, b.Transaction(t.Context(), func(ctx context.Context) error { return b.produce(ctx, "next") }))
		require.Equal(t, []string{"next"}, values(b.cluster, "t"))
		require.NoError(t, b.Close(t.Context()))
	})
}

// A commit that is cut short may have happened: nobody may guess, so the same
// end is requested again.
func TestUnfinishedTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, fakekafka.ProducerConfig{})
		away := true
		b.client.Hook = func(op string) error {
			if away && op == "commit" {
				return errRetriable
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := b.Transaction(ctx, func(ctx context.Context) error { return b.produce(ctx, "v") })
		var unfinished *avroproducer.TransactionError
		require.ErrorAs(t, err, &unfinished)
		require.True(t, unfinished.Unfinished)
		require.EqualError(t, err, "transaction: commit (unfinished): timed out (-185)")
		require.ErrorIs(t, b.Transaction(t.Context(), nil), avroproducer.ErrInTransaction)

		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = b.FinishTransaction(short)
		require.ErrorAs(t, err, &unfinished)
		away = false
		committed, err := b.FinishTransaction(t.Context())
		require.NoError(t, err)
		require.True(t, committed)
		require.Equal(t, []string{"v"}, values(b.cluster, "t"))
		_, err = b.FinishTransaction(t.Context())
		require.ErrorContains(t, err, "no transaction is unfinished")
		require.NoError(t, b.Transaction(t.Context(), func(ctx context.Context) error { return b.produce(ctx, "next") }))
		require.NoError(t, b.Close(t.Context()))
	})
}

func TestUnfinishedAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, fakekafka.ProducerConfig{})
		away := true
		b.client.Hook = func(op string) error {
			if away && op == "abort" {
				return errRetriable
			}
			return nil
		}
		err := b.Transaction(t.Context(), func(ctx context.Context) error {
			return errors.Join(b.produce(ctx, "v"), errUnfit)
		})
		require.ErrorIs(t, err, errUnfit)
		var unfinished *avroproducer.TransactionError
		require.ErrorAs(t, err, &unfinished)
		require.True(t, unfinished.Unfinished)
		away = false
		committed, err := b.FinishTransaction(t.Context())
		require.NoError(t, err)
		require.False(t, committed)
		require.Empty(t, values(b.cluster, "t"))
		require.NoError(t, b.Close(t.Context()))
	})
}

func TestFencedTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBank(t, fakekafka.ProducerConfig{})
		newer := b.cluster.TxnProducer("bank", fakekafka.ProducerConfig{})
		err := b.Transaction(t.Context(), func(ctx context.Context) error {
			require.NoError(t, b.produce(ctx, "zombie"))
			return newer.Begin(ctx)
		})
		var fenced *avroproducer.TransactionError
		require.ErrorAs(t, err, &fenced)
		require.True(t, fenced.Fatal)
		require.Empty(t, values(b.cluster, "t"))
		require.NoError(t, b.Close(t.Context()))
		require.NoError(t, newer.Close(t.Context()))
	})
}

func TestTransactionNeedsATransactionalBase(t *testing.T) {
	_, b := newCluster(fakekafka.ProducerConfig{})
	p := newText(t, b)
	require.ErrorIs(t, p.Transaction(t.Context(), nil), kafka.ErrUnsupported)
	_, err := p.FinishTransaction(t.Context())
	require.ErrorIs(t, err, kafka.ErrUnsupported)
}
