//go:build race || kavro_safe || purego

package avro_test

// exactAllocations is false where allocations are not what users get: the race
// detector makes pools forget, and reflection allocates.
const exactAllocations = false
