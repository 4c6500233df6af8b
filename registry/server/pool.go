package server

import (
	"net"
	"net/http"
	"sync"
)

// pool is a number of things, such as bytes, of which each client may have only so
// many at a time. It is safe for concurrent use.
type pool struct {
	most, each int64

	mu      sync.Mutex
	taken   int64
	by      map[string]int64 // by client
	refused int64
}

// newPool makes a pool of which one client may have a share, in percent.
func newPool(most int64, percent int) *pool {
	return &pool{most: most, each: shareOf(most, percent), by: map[string]int64{}}
}

// shareOf is so many percent of most, at least 1.
func shareOf(most int64, percent int) int64 {
	return max(most/100*int64(percent)+most%100*int64(percent)/100, 1)
}

// take takes n for clients, who are one by several names, or nothing.
func (p *pool) take(clients []string, n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	ok := p.taken <= p.most-n // their sum may be too great
	for _, c := range clients {
		ok = ok && p.by[c] <= p.each-n
	}
	if !ok {
		p.refused++
		return false
	}
	p.add(clients, n)
	return true
}

// give gives back what was taken.
func (p *pool) give(clients []string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(clients, -n)
}

func (p *pool) add(clients []string, n int64) {
	p.taken += n
	for _, c := range clients {
		if p.by[c] += n; p.by[c] == 0 {
			delete(p.by, c)
		}
	}
}

// counts returns what is taken, and how often something was refused.
func (p *pool) counts() (taken, refused int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken, p.refused
}

// clientsOf are the names of who sends a request: the address and, if there is one,
// the user, whose password was checked before.
func clientsOf(r *http.Request) []string {
	clients := []string{"address " + addressOf(r.RemoteAddr)}
	if name, _, ok := r.BasicAuth(); ok {
		clients = append(clients, "user "+name)
	}
	return clients
}

// addressOf is an address without its port; of IPv6 the network, as a client has all
// of it.
func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}
