// Package registrytest checks that a registry behaves as Confluent's does: what is
// the same schema, which id and version it gets, what a delete leaves behind, what
// each level refuses, and what each mistake is answered with.
//
// [Run] asks through methods, and so checks a [memory.Registry], or a
// [registry.Client] and whatever is behind it. [RunHTTP] asks through HTTP and
// checks what methods do not show: paths, statuses, bodies. Both use subjects of
// their own with random names, and put back what they change globally, so a
// registry that holds something already can be checked; one that lacks a
// [Feature] is not asked for it.
//
// [Compare] is for a registry that is known to differ: each of its differences has
// to be there.
//
// It is for tests only: it imports testing.
package registrytest
