package server

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many there are, in all and of one address. Where one too many
// comes, one that has nothing to do makes room for it: that which has been idle
// longest, or else that which has sent no whole request for longest. If all are at
// work, the new one is closed.
type connections struct {
	most, each int
	logs       *limitedLog

	mu     sync.Mutex
	all    map[net.Conn]*connection
	by     map[string]int // by address
	number uint64
	closed int64 // to make room
}

type connection struct {
	address string
	state   http.ConnState
	since   uint64 // greater is later
}

func newConnections(most, percent int) *connections {
	return &connections{most: most, each: int(shareOf(int64(most), percent)), all: map[net.Conn]*connection{}, by: map[string]int{}}
}

// changed is told of every change in the state of a connection.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number++
	known := c.all[conn]
	switch {
	case state == http.StateClosed || state == http.StateHijacked:
		c.drop(conn)
	case known != nil:
		known.state, known.since = state, c.number
	case state == http.StateNew:
		address := addressOf(conn.RemoteAddr().String())
		c.all[conn] = &connection{address: address, state: state, since: c.number}
		c.by[address]++
		if c.by[address] > c.each {
			c.makeSpace(conn, address)
		} else if len(c.all) > c.most {
			c.makeSpace(conn, "")
		}
	}
}

// makeSpace closes a connection, of an address if that is not "".
func (c *connections) makeSpace(latest net.Conn, address string) {
	victim, best := latest, c.all[latest]
	better := func(a, b *connection) bool { // a is to go rather than b
		if idle := a.state == http.StateIdle; idle != (b.state == http.StateIdle) {
			return idle
		}
		return a.since < b.since
	}
	for conn, its := range c.all {
		if (address == "" || its.address == address) && its.state != http.StateActive && better(its, best) {
			victim, best = conn, its
		}
	}
	c.drop(victim)
	c.closed++
	c.logs.log(slog.LevelWarn, logSpace, "reason", "there are too many", "address", best.address)
	if encrypted, ok := victim.(*tls.Conn); ok {
		victim = encrypted.NetConn() // without saying goodbye, which could take long
	}
	victim.Close()
}

func (c *connections) drop(conn net.Conn) {
	its := c.all[conn]
	if its == nil {
		return
	}
	delete(c.all, conn)
	if c.by[its.address]--; c.by[its.address] == 0 {
		delete(c.by, its.address)
	}
}

// counts returns how many connections there are, and how many were closed to make room.
func (c *connections) counts() (open, closed int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(len(c.all)), c.closed
}
