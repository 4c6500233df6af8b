package memory

import (
	"net/http"
	"sync"

	"github.com/kavro/kavro/internal/inprocess"
)

// mocks are the registries that URLs like mock://orders name. Two clients made
// from one configuration must find the same registry, though nothing passes from
// one to the other but that text: so it says in the ecosystem's configuration, and
// so a producer and a consumer of one test meet. This is the only state of this
// package that outlives what its callers hold; [Drop] ends it.
var mocks struct {
	sync.Mutex
	byScope map[string]*Registry
}

// Mock returns the registry behind the URL mock://scope: the same one for the
// same scope, in all of this process. It is empty when first asked for.
func Mock(scope string) *Registry {
	mocks.Lock()
	defer mocks.Unlock()
	m := mocks.byScope[scope]
	if m == nil {
		m = New()
		if mocks.byScope == nil {
			mocks.byScope = map[string]*Registry{}
		}
		mocks.byScope[scope] = m
	}
	return m
}

// Drop drops the registry behind mock://scope. Clients that have it keep it;
// those made from now on share a new, empty one.
func Drop(scope string) {
	mocks.Lock()
	defer mocks.Unlock()
	delete(mocks.byScope, scope)
}

// Resolve carries requests to the registry behind mock://scope, in this process. It is
// for [registry.WithResolver].
func Resolve(scope string) (http.RoundTripper, error) {
	return inprocess.Transport{Handler: Handler(Mock(scope))}, nil
}
