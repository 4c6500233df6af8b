package server_test

import (
	"context"
	"fmt"
	"net"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/server"
)

// A registry with a user who may do everything and one who may read, on a port of
// its own, until its context ends.
func ExampleServer() {
	users, err := server.NewUsers(
		server.User{Name: "deploy", Password: "hunter2"},
		server.User{Name: "dashboard", Password: "secret", ReadOnly: true},
	)
	if err != nil {
		panic(err)
	}
	s, err := server.New(memory.New(), server.WithUsers(users))
	if err != nil {
		panic(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, ln) }()

	c, err := registry.New("http://"+ln.Addr().String(), registry.WithBasicAuth("dashboard", "secret"))
	if err != nil {
		panic(err)
	}
	_, err = c.Register(ctx, "orders-value", registry.Definition{Text: `"string"`})
	fmt.Println(err != nil)
	c.Close()
	end()
	fmt.Println(<-ended)
	// Output:
	// true
	// <nil>
}
