//go:build !race && !kavro_safe && !purego

package avro_test

const exactAllocations = true
