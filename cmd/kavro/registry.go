package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/server"
	"github.com/kavro/kavro/schemas"
)

// runRegistry serves a registry until the process is told to end.
func runRegistry(ctx context.Context, env *environment, c *command, args []string) (err error) {
	f := newFlags(env, c.name, c.args)
	listen := f.String("listen", "127.0.0.1:8081", "`address` to listen on")
	data := f.String("data", "", "`folder` to keep schemas in (default: in memory only)")
	level := f.String("level", schemas.Backward.String(), "compatibility `level` where none is configured")
	users := f.String("users", "", "`file` of users, one name:password a line; 'ro ' in front is a user who may only read")
	openReads := f.Bool("open-reads", false, "let everybody read")
	cert := f.String("tls-cert", "", "certificate `file` (PEM), for https")
	key := f.String("tls-key", "", "key `file` (PEM)")
	clientCA := f.String("tls-client-ca", "", "ask clients for certificates of this CA `file` (PEM)")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	parsed, err := schemas.ParseLevel(*level)
	if err != nil {
		return err
	}
	opts, err := await(ctx, func() ([]server.Option, error) { // a file may be a pipe
		return serverOptions(*users, *openReads, *cert, *key, *clientCA)
	})
	if err != nil {
		return err
	}
	m, err := openRegistry(*data, registry.WithLevel(parsed))
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := m.Close(); err == nil {
			err = closeErr
		}
	}()
	if r := m.Recovery(); r.Dropped > 0 {
		fmt.Fprintf(env.err, "kavro: %s: dropped %s at the end of the log (%s); %s before it are kept\n", *data, count.Of(r.Dropped, "byte"), r.Reason, count.Of(r.Records, "change"))
	}
	opts = append(opts, server.WithLogger(slog.New(slog.NewTextHandler(env.err, nil))))
	s, err := server.New(m, opts...)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	scheme := map[bool]string{false: "http", true: "https"}[*cert != ""]
	fmt.Fprintf(env.out, "listening on %s://%s\n", scheme, ln.Addr())
	return s.Serve(ctx, ln)
}

func openRegistry(dir string, opts ...registry.MemoryOption) (*registry.Memory, error) {
	if dir == "" {
		return registry.NewMemory(opts...), nil
	}
	return registry.OpenMemory(dir, opts...)
}

func serverOptions(users string, openReads bool, cert, key, clientCA string) ([]server.Option, error) {
	var opts []server.Option
	if users != "" {
		file, err := os.Open(users)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		u, err := server.ReadUsers(file)
		if err != nil {
			return nil, err
		}
		opts = append(opts, server.WithUsers(u))
	}
	if openReads {
		opts = append(opts, server.WithOpenReads())
	}
	if cert != "" || key != "" || clientCA != "" {
		conf, err := server.TLSFiles(cert, key, clientCA)
		if err != nil {
			return nil, err
		}
		opts = append(opts, server.WithTLS(conf))
	}
	return opts, nil
}
