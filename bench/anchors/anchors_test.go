package main

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/bench"
)

type discard struct{ bytes.Buffer }

func (*discard) Close() error { return nil }

// What kavro's rows encode and decode is the Order, and what is none is an error.
func TestOwnRows(t *testing.T) {
	for _, r := range ownRows() {
		data, err := r.data()
		require.NoError(t, err)
		require.NoError(t, isTheOrder(data), r.op)
		_, err = r.run(10)
		require.NoError(t, err)
	}
	other := order
	other.Total++
	data, err := codec.Append(nil, &other)
	require.NoError(t, err)
	require.ErrorContains(t, isTheOrder(data), "got {")
	require.Error(t, isTheOrder(data[1:]))
}

func TestProgram(t *testing.T) {
	asked := &discard{}
	p := &program{in: asked, out: bufio.NewReader(strings.NewReader("encode\tx\ndecode\ty\n\n1500\n0aff\nwhat\n"))}
	rows, err := p.rows(language{name: "Rust"})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, "decode", rows[1].op)
	require.Equal(t, "y (Rust)", rows[1].library)
	spent, err := rows[1].run(7)
	require.NoError(t, err)
	require.Equal(t, 1500*time.Nanosecond, spent)
	data, err := rows[0].data()
	require.NoError(t, err)
	require.Equal(t, []byte{0x0a, 0xff}, data)
	_, err = rows[0].run(1)
	require.Error(t, err, "no number")
	_, err = rows[0].run(1)
	require.ErrorIs(t, err, io.EOF, "the program has ended")
	require.Equal(t, "1 7\n0 0\n0 1\n0 1\n", asked.String())
}

func TestTable(t *testing.T) {
	text := table([]row{
		{op: bench.Decode, library: bench.KavroGenerated, nanos: []float64{100, 200, 100}},
		{op: bench.Decode, library: "y (Rust)", nanos: []float64{150, 100, 110}},
		{op: bench.Encode, library: bench.KavroGenerated, nanos: []float64{10, 10, 10}},
	}, []string{"go1"}, 3, time.Second)
	require.Contains(t, text, "go1; ")
	require.Contains(t, text, "3 rounds of 1s")
	require.True(t, strings.HasSuffix(text, "| encode | kavro generated | 10 | **1.00** (1.00-1.00) |\n"+
		"| decode | kavro generated | 100 | **1.00** (1.00-1.00) |\n| decode | y (Rust) | 110 | **1.10** (0.50-1.50) |\n"), text)
}
