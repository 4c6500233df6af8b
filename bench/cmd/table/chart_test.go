package main

import (
	"html"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	rowPattern  = regexp.MustCompile(`<text x="(\d+)" y="\d+">([^<]*)</text><rect x="(\d+)" y="\d+" width="(\d+)" height="\d+" fill="[^"]*"/><text x="(\d+)" y="(\d+)">([^<]*)</text>`)
	sizePattern = regexp.MustCompile(`<svg [^>]*width="(\d+)" height="(\d+)"`)
)

// requireLabelsFit checks that no text is cut off or covered. perRune is what a character
// of a label takes, in pixels.
func requireLabelsFit(t *testing.T, svg string, perRune float64) (rows int) {
	const perDigit = 8.0
	number := func(s string) float64 {
		n, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return n
	}
	size := sizePattern.FindStringSubmatch(svg)
	require.NotNil(t, size)
	for _, m := range rowPattern.FindAllStringSubmatch(svg, -1) {
		label, value := float64(len([]rune(html.UnescapeString(m[2])))), float64(len([]rune(m[7])))
		require.LessOrEqual(t, number(m[1])+perRune*label, number(m[3]), "%q does not reach into its bar", m[2])
		require.LessOrEqual(t, number(m[3])+number(m[4]), number(m[5]), "%q stands behind its bar", m[7])
		require.LessOrEqual(t, number(m[5])+perDigit*value, number(size[1]), "%q is within the chart", m[7])
		require.Less(t, number(m[6]), number(size[2]))
		rows++
	}
	return rows
}

func TestChartLabelsFit(t *testing.T) {
	for _, label := range []string{"a", "kavro generated", "measure: the objects alone", strings.Repeat("a long name ", 10), "größer als alles", "a < b & c"} {
		svg := chart([]bar{{"encode", "kavro", 100}, {"encode", label, 123456789}, {"decode", label, 0}})
		require.Equal(t, 3, requireLabelsFit(t, svg, 7.5), label)
	}
	wide := chart([]bar{{"encode", strings.Repeat("W", 30), 1}})
	require.Equal(t, 1, requireLabelsFit(t, wide, 12), "of the widest letters, too")
}

// The chart in the repository is what the results beside it give.
func TestChartIsOfTheResults(t *testing.T) {
	all, err := barsOf("../..")
	require.NoError(t, err)
	drawn, err := os.ReadFile("../../chart.svg")
	require.NoError(t, err)
	require.Equal(t, chart(all), string(drawn), "go run ./cmd/table -chart")
	require.Equal(t, len(all), requireLabelsFit(t, string(drawn), 7.5))
}

func TestBars(t *testing.T) {
	all, err := bars("# Results\n\n## Order\n\n| operation | library | ns |\n|---|---|--:|\n| encode | kavro | 7 | 0 |\n| encode more | x | 1 |\n| decode | x | 9 |\n\n## other\n\n| encode | y | 1 |\n")
	require.NoError(t, err)
	require.Equal(t, []bar{{"encode", "kavro", 7}, {"decode", "x", 9}}, all)
	for _, text := range []string{"", "\n## Order\n", "\n## Order\n| encode | x | fast |\n"} {
		_, err := bars(text)
		require.Error(t, err, text)
	}
}

func TestAnchors(t *testing.T) {
	own := []bar{{"encode", "kavro generated", 100}, {"encode", "x", 150}, {"decode", "kavro generated", 1000}}
	all, err := withAnchors(own, "# Title\n\n| operation | library | ns | ratio |\n|---|---|--:|--:|\n"+
		"| encode | kavro generated | 120 | **1.00** (1.00-1.00) |\n| encode | y (Rust) | 360 | **3.00** (2.00-4.00) |\n"+
		"| encode into | y (Rust) | 9 | **9.00** |\n| decode | z (Java) | 600 | **0.50** (0.45-0.55) |\n")
	require.NoError(t, err)
	require.Equal(t, []bar{own[0], own[1], {"encode", "y (Rust)", 300}, own[2], {"decode", "z (Java)", 500}}, all)
	_, err = withAnchors(own, "| decode | z (Java) | 600 | half |")
	require.ErrorContains(t, err, "anchors.md: decode, z (Java)")
}
