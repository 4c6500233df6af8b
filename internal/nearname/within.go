package nearname

// Within reports whether two names differ in at most n characters, case ignored.
func Within(a, b string, n int) bool { return distance(a, b) <= n }
