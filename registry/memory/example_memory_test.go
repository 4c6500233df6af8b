package memory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
	"github.com/kavro/kavro/schemas"
)

// A schema that takes a field away and adds one without a default cannot read what
// was written before it.
func ExampleRegistry_Register() {
	ctx, m := context.Background(), memory.New()
	v1 := registry.Definition{Text: `{"type":"record","name":"User","fields":[{"name":"name","type":"string"}]}`}
	v2 := registry.Definition{Text: `{"type":"record","name":"User","fields":[{"name":"email","type":"string"}]}`}

	got, err := m.Register(ctx, "users-value", v1)
	fmt.Println(got.ID, got.Version, err)

	_, err = m.Register(ctx, "users-value", v2)
	if refused, ok := errors.AsType[*schemas.IncompatibleError](err); ok {
		for _, r := range refused.Reasons {
			fmt.Println("version", r.Version, r.Kind, r.Path)
		}
	}
	// Output:
	// 1 1 <nil>
	// version 1 READER_FIELD_MISSING_DEFAULT_VALUE /fields/0
}

// Any client that knows Confluent's API can use a registry in memory.
func ExampleHandler() {
	srv := httptest.NewServer(memory.Handler(memory.New()))
	defer srv.Close()

	c, err := registry.New(srv.URL)
	if err != nil {
		panic(err)
	}
	defer c.Close()
	got, err := c.Register(context.Background(), "orders-value", registry.Definition{Text: `"string"`})
	fmt.Println(got.ID, got.GUID, err)
	// Output: 1 095d71cf-1255-6b9d-5e33-0ad575b3df5d <nil>
}

// The GUID of a schema can be computed without a registry.
func ExampleGUID() {
	s := schemas.MustParse(`{"type": "string"}`)
	fmt.Println(memory.GUID(registry.Definition{Text: s.Print()}))
	// Output: 095d71cf-1255-6b9d-5e33-0ad575b3df5d
}

// A registry that answers the first two requests for a schema with an error.
func ExampleFaults() {
	m := memory.New()
	got, err := m.Register(context.Background(), "orders-value", registry.Definition{Text: `"string"`})
	if err != nil {
		panic(err)
	}
	faults := registrytest.NewFaults(memory.Handler(m))
	faults.Add(registrytest.Fault{Path: "/schemas/ids/*", Count: 2, Status: 503})
	srv := httptest.NewServer(faults)
	defer srv.Close()

	for range 3 {
		resp, err := srv.Client().Get(fmt.Sprintf("%s/schemas/ids/%d", srv.URL, got.ID))
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	// Output:
	// 503
	// 503
	// 200
}

// Two clients of one name share a registry.
func ExampleMock() {
	defer memory.Drop("example")
	ctx := context.Background()
	producer, err := registry.New("mock://example", registry.WithResolver(memory.Resolve))
	if err != nil {
		panic(err)
	}
	defer producer.Close()
	got, err := producer.Register(ctx, "orders-value", registry.Definition{Text: `"string"`})
	if err != nil {
		panic(err)
	}

	consumer, err := registry.New("mock://example", registry.WithResolver(memory.Resolve))
	if err != nil {
		panic(err)
	}
	defer consumer.Close()
	found, err := consumer.SchemaByID(ctx, "", got.ID)
	fmt.Println(found.Text, err)
	// Output: "string" <nil>
}
