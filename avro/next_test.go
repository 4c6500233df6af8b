package avro_test

import (
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

func TestNext(t *testing.T) {
	c, err := avro.NewCodec[string](schemas.MustParse(`"string"`))
	require.NoError(t, err)
	r, err := avro.NewResolution(schemas.MustParse(`"string"`), schemas.MustParse(`["null","bytes"]`))
	require.NoError(t, err)
	data := unhex(t, "0461 62 00 0278 0a")

	var got []string
	rest := data
	for range 3 {
		var v string
		rest, err = c.DecodeNext(rest, &v)
		require.NoError(t, err)
		got = append(got, v)
	}
	require.Equal(t, []string{"ab", "", "x"}, got)
	var v string
	after, err := c.DecodeNext(rest, &v)
	require.ErrorIs(t, err, avro.ErrShort)
	require.Equal(t, rest, after)
	_, err = c.DecodeNext(rest, nil)
	require.Error(t, err)

	out, rest := []byte("before"), data
	for range 3 {
		out, rest, err = r.AppendNext(out, rest)
		require.NoError(t, err)
	}
	require.Equal(t, "before"+string(unhex(t, "02046162 0200 020278")), string(out))
	again, after, err := r.AppendNext(out, rest)
	require.ErrorIs(t, err, avro.ErrShort)
	require.Equal(t, rest, after)
	require.Equal(t, out, again)
}
