package count

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		n     int
		thing string
		want  string
	}{
		{0, "record", "0 records"}, {1, "record", "1 record"}, {2, "record", "2 records"}, {-1, "byte", "-1 bytes"},
		{1, "entry", "1 entry"}, {2, "entry", "2 entries"}, {3, "key", "3 keys"}, {2, "class", "2 classes"}, {2, "branch", "2 branches"},
		{11, "other record", "11 other records"}, {2, "suffix", "2 suffixes"},
	} {
		require.Equal(t, tt.want, Of(tt.n, tt.thing))
	}
	require.Equal(t, "1 record", Of(int64(1), "record"))
	require.Equal(t, "records", Things(uint64(2), "record"))
	require.Equal(t, "is", Verb(1, "is", "are"))
	require.Equal(t, "are", Verb(0, "is", "are"))
}

func TestA(t *testing.T) {
	for name, want := range map[string]string{
		"int": "an int", "avro.Codec": "an avro.Codec", "Order": "an Order", "*int": "a *int", "[]int": "a []int", "string": "a string", "uint8": "a uint8",
		"interface {}": "an interface {}", "map[int]int": "a map[int]int", "<nil>": "a <nil>", "": "a ",
	} {
		require.Equal(t, want, A(name))
	}
}

func TestOrdinal(t *testing.T) {
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 102: "102nd", 111: "111th"} {
		require.Equal(t, want, Ordinal(n))
	}
}
