// Package transport carries requests to a Schema Registry at one or several URLs. It
// retries, fails over, limits the rate, breaks the circuit and authenticates.
//
// A [Transport] is an [http.RoundTripper], for any client that takes one; [New] makes it
// from [Settings]. It is under every call of a registry.Client, which sets it up with the
// options of package registry and sends requests with [Transport.Do].
//
// The error types are those of package registry, which has aliases for them.
//
// # Specifications
//
//   - RFC 9110, "HTTP Semantics": Retry-After, redirects, headers
//   - RFC 6749, "The OAuth 2.0 Authorization Framework", section 4.4
//   - Confluent Platform 8.5 documentation, "Schema Registry API Reference"
package transport
