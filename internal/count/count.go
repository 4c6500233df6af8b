// Package count formats numbers of things in messages: "1 record", "2 records", "an int".
package count

import "strconv"

// Of returns n and the noun, in the plural unless n is 1: Of(2, "record") is "2 records",
// Of(1, "entry") "1 entry", Of(0, "entry") "0 entries".
func Of[N ~int | ~int32 | ~int64 | ~uint64](n N, thing string) string {
	return strconv.FormatInt(int64(n), 10) + " " + Things(n, thing)
}

// Things returns the noun in the plural unless n is 1.
func Things[N ~int | ~int32 | ~int64 | ~uint64](n N, thing string) string {
	if n == 1 {
		return thing
	}
	switch last := len(thing) - 1; {
	case last < 1:
		return thing + "s"
	case thing[last] == 'y' && !isVowel(thing[last-1]):
		return thing[:last] + "ies"
	case thing[last] == 's' || thing[last] == 'x' || thing[last-1:] == "ch" || thing[last-1:] == "sh":
		return thing + "es"
	}
	return thing + "s"
}

func isVowel(c byte) bool { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' }

// Verb returns one if n is 1, else many.
func Verb[N ~int | ~int32 | ~int64 | ~uint64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// A returns the name of a Go type, or another word, with its article: "an int", "a *int", "a uint".
func A(name string) string {
	if name != "" && name[0]|0x20 != 'u' && isVowel(name[0]|0x20) {
		return "an " + name
	}
	return "a " + name
}

// Ordinal returns "1st", "2nd", "3rd", "4th" and so on.
func Ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}
