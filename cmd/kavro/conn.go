package main

import (
	"errors"
	"strings"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
)

// registryConf says which registry to use, and how to log in. What it logs in
// with comes from the environment alone: a flag would show in lists of processes.
type registryConf struct {
	url    string
	getenv func(string) string
	max    *size // of a schema's text; nil for the client's default
}

// registryFlags adds -registry to f.
func registryFlags(f *flags, env *environment) *registryConf {
	r := &registryConf{getenv: env.getenv}
	f.StringVar(&r.url, "registry", env.getenv("KAVRO_REGISTRY"), "`URL` of the schema registry, or several with commas (KAVRO_REGISTRY)")
	f.StringVar(&r.url, "r", env.getenv("KAVRO_REGISTRY"), "short for -registry")
	return r
}

// client connects when it is first used. The caller closes it.
func (r *registryConf) client() (*registry.Client, error) {
	if r.url == "" {
		return nil, errors.New("no registry: give -registry URL, or set KAVRO_REGISTRY")
	}
	var opts []registry.Option
	if r.max != nil {
		answer := max(64<<20, 2*int64(*r.max)) // with its quotes escaped, and what stands around it
		opts = append(opts, registry.WithMaxSchema(int(*r.max)), registry.WithMaxAnswer(answer))
	}
	login, token := r.getenv("KAVRO_REGISTRY_USER"), r.getenv("KAVRO_REGISTRY_TOKEN")
	switch user, password, ok := strings.Cut(login, ":"); {
	case login != "" && token != "":
		return nil, errors.New("both KAVRO_REGISTRY_USER and KAVRO_REGISTRY_TOKEN are set: one of them can count")
	case ok:
		opts = append(opts, registry.WithBasicAuth(user, password))
	case login != "":
		return nil, errors.New("KAVRO_REGISTRY_USER is not user:password") // its value may be a secret
	case token != "":
		opts = append(opts, registry.WithBearerToken(token))
	}
	return registry.New(r.url, append(opts, registry.WithResolver(memory.Resolve))...)
}
