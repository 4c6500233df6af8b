package registry_test

import (
	"net/http"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
)

func init() {
	registry.Hooks.NewMemory = func(maxText int) (registry.Memory, http.Handler) {
		var opts []memory.Option
		if maxText > 0 {
			opts = append(opts, memory.WithMaxText(maxText))
		}
		m := memory.New(opts...)
		return m, memory.Handler(m)
	}
	registry.Hooks.NewFaults = func(next http.Handler) registry.Faults { return faults{registrytest.NewFaults(next)} }
	registry.Hooks.GUID = memory.GUID
}

type faults struct{ *registrytest.Faults }

func (f faults) Add(fault registry.Fault) { f.Faults.Add(registrytest.Fault(fault)) }
