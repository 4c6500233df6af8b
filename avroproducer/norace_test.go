//go:build !race

package avroproducer_test

const raceEnabled = false
