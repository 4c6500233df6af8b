// Package nearname finds what a misspelt name was probably meant to be.
package nearname

import "strings"

// Of returns the candidate that name was probably meant to be: the one that differs in the fewest
// characters, case ignored, two at most. It returns "" if there is none.
func Of(name string, candidates []string) string {
	best, bestDistance := "", min(3, (len(name)+2)/2)
	if len(name) > 100 {
		return ""
	}
	for _, c := range candidates[:min(len(candidates), 1000)] {
		if d := len(name) - len(c); d >= bestDistance || -d >= bestDistance {
			continue
		}
		if d := distance(name, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the number of characters to insert, remove or replace
// (Levenshtein), case ignored.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
