package avroproducer

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func newAccount() *account {
	a := new(account)
	a.start()
	return a
}

func isDone(g *generation) bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// A flush waits for what was added before it, in whichever order that is removed, and for nothing
// that is added later.
func TestAccount(t *testing.T) {
	a := newAccount()
	require.True(t, isDone(a.seal()), "of nothing")

	one := a.add()
	first := a.seal()
	two := a.add()
	second := a.seal()
	three := a.add()
	require.Equal(t, 3, a.len())
	require.True(t, one.sealed())
	require.False(t, three.sealed())

	two.remove()
	require.False(t, isDone(first))
	require.False(t, isDone(second), "not before the first")
	one.remove()
	require.True(t, isDone(first))
	require.True(t, isDone(second))

	last := a.close()
	require.Nil(t, a.add())
	require.False(t, isDone(last))
	require.Equal(t, 1, a.len())
	three.remove()
	require.True(t, isDone(last))
	require.True(t, isDone(a.seal()))
	require.Zero(t, a.len())
}

func TestAccountConcurrently(t *testing.T) {
	a := newAccount()
	var added, removed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				g := a.add()
				if g == nil {
					return
				}
				added.Add(1)
				removed.Add(1)
				g.remove()
			}
		})
	}
	for range 100 {
		<-a.seal().done
	}
	<-a.close().done
	require.Equal(t, added.Load(), removed.Load())
	wg.Wait()
	require.Zero(t, a.len())
}
