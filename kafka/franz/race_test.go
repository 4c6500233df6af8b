//go:build race

package franz

const raceEnabled = true
