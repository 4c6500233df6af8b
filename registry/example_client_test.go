package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
	"github.com/kavro/kavro/schemas"
)

// exampleRegistry is a registry over HTTP with one subject in it.
func exampleRegistry() (*httptest.Server, *registrytest.Faults) {
	m := memory.New()
	m.Register(context.Background(), "orders-value", registry.Definition{Text: `{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}`})
	faults := registrytest.NewFaults(memory.Handler(m))
	return httptest.NewServer(faults), faults
}

// A client asks once for what does not change, however often and from wherever
// it is asked.
func ExampleNew() {
	server, requests := exampleRegistry()
	defer server.Close()
	client, err := registry.New(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	for range 1000 {
		order, err := client.SchemaByID(context.Background(), "orders-value", 1)
		if err != nil || order.Schema.FullName() != "Order" {
			fmt.Println(err)
		}
	}
	fmt.Println(requests.Total(), "request")
	// Output: 1 request
}

// Register gives a schema its id, or says why it may not have one.
func ExampleClient_Register() {
	server, _ := exampleRegistry()
	defer server.Close()
	client, err := registry.New(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx := context.Background()
	with := func(field string) registry.Definition {
		return registry.Definition{Text: `{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},` + field + `]}`}
	}
	order, err := client.Register(ctx, "orders-value", with(`{"name":"note","type":"string","default":""}`))
	fmt.Println("id", order.ID, "version", order.Version, err)

	_, err = client.Register(ctx, "orders-value", with(`{"name":"price","type":"double"}`))
	var incompatible *schemas.IncompatibleError
	if errors.As(err, &incompatible) {
		for _, r := range incompatible.Reasons {
			fmt.Println("against version", r.Version, r.Kind, "at", r.Path)
		}
	}
	// Output:
	// id 2 version 2 <nil>
	// against version 2 READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1
}

// What to do about an error depends on its type, not on its text.
func ExampleUnavailableError() {
	server, faults := exampleRegistry()
	defer server.Close()
	client, err := registry.New(server.URL, registry.WithRetries(0, 0, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	_, err = client.SchemaByID(context.Background(), "", 41)
	var notFound *registry.NotFoundError
	fmt.Println("not there:", errors.As(err, &notFound))

	faults.Add(registrytest.Fault{Status: http.StatusServiceUnavailable, Body: registrytest.HTMLPage()})
	_, err = client.SchemaByID(context.Background(), "", 1)
	var unavailable *registry.UnavailableError
	fmt.Println("worth waiting for:", errors.As(err, &unavailable))
	// Output:
	// not there: true
	// worth waiting for: true
}

// A configuration map, as programs in Java and Python have it, with Kafka's keys
// and the registry's in one.
func ExampleFromConfig() {
	settings, err := registry.FromConfig(map[string]any{
		"bootstrap.servers":                "localhost:9092",
		"schema.registry.url":              "mock://examples",
		"basic.auth.credentials.source":    "USER_INFO",
		"basic.auth.user.info":             "ann:secret",
		"latest.cache.ttl.sec":             30,
		"kavro.registry.call.timeout.ms":   5000,
		"schema.registry.max.retries":      5,
		"schema.registry.request.header.X": "y",
	})
	fmt.Println(len(settings.Keys), "keys are the registry's", err)

	_, err = registry.FromConfig(map[string]any{"schema.registry.ulr": "http://localhost:8081"})
	fmt.Println(err)
	// Output:
	// 7 keys are the registry's <nil>
	// configuration: schema.registry.ulr: no such key; did you mean "schema.registry.url"?
}

// An observer counts what a client does.
func ExampleWithObserver() {
	server, _ := exampleRegistry()
	defer server.Close()
	var seen []string
	client, err := registry.New(server.URL, registry.WithObserver(registry.ObserverFunc(func(e registry.Event) {
		seen = append(seen, e.Kind.String())
	})))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	for range 3 {
		if _, err := client.Latest(context.Background(), "orders-value"); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(strings.Join(seen, ", "))
	// Output: miss, request, hit, hit
}
