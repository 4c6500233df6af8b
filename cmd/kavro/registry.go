package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/kavro/kavro/cmd/kavro/internal/metrics"
	"github.com/kavro/kavro/registry/memory"
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
	dropDamaged := f.Bool("drop-damaged", false, "start from what stands before the damage in a damaged log; the rest is kept in a file beside it")
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
	storage := []memory.Option{memory.WithLevel(parsed)}
	if *dropDamaged {
		storage = append(storage, memory.DropDamaged())
	}
	m, err := openRegistry(*data, []string{*users, *cert, *key, *clientCA}, storage...)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := m.Close(); err == nil {
			err = closeErr
		}
	}()
	opts = append(opts, server.WithLogger(slog.New(slog.NewTextHandler(env.err, nil))), server.WithMetrics(metrics.New()))
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

// openRegistry opens the registry in a folder, or one in memory only. Some files may be
// in the folder besides its own.
func openRegistry(dir string, beside []string, opts ...memory.Option) (*memory.Registry, error) {
	if dir == "" {
		return memory.New(opts...), nil
	}
	if err := checkData(dir, beside); err != nil {
		return nil, fmt.Errorf("-data %s: %w", dir, err)
	}
	m, err := memory.Open(dir, opts...)
	if bad, damaged := errors.AsType[*memory.LogError](err); damaged && strings.Contains(bad.Reason, "DropDamaged") {
		return nil, fmt.Errorf("%w (or -drop-damaged: start from what stands before it)", err)
	}
	return m, err
}

// checkData refuses what is no folder, and a folder that other things are in but no
// registry: a slip would otherwise start an empty registry there.
func checkData(dir string, beside []string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it is made
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errors.New("a file, want a folder")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var foreign []string
	for _, e := range entries {
		name := e.Name()
		if name == "registry.log" {
			return nil
		}
		ours := strings.HasPrefix(name, "registry.") || strings.HasPrefix(name, ".") || name == "lost+found"
		for _, file := range beside {
			other, err := os.Stat(file)
			its, err2 := e.Info()
			ours = ours || err == nil && err2 == nil && os.SameFile(other, its)
		}
		if !ours {
			foreign = append(foreign, name)
		}
	}
	if len(foreign) > 0 {
		return fmt.Errorf("the folder has other things in it and no registry (%s): want an empty folder, one that does not exist, or one of a registry",
			strings.Join(foreign[:min(len(foreign), 3)], ", "))
	}
	return nil
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
			return nil, fmt.Errorf("-users %s: %w", users, err)
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
