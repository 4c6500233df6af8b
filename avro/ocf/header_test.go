package ocf_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro/ocf"
	"github.com/kavro/kavro/schemas"
)

// A schema beyond 1 MiB is read with the header that holds it; the header's limit
// bounds both.
func TestLargeSchema(t *testing.T) {
	s := schemas.MustParse(`{"type":"fixed","name":"F","size":1,"doc":"`+strings.Repeat("x", 2<<20)+`"}`, schemas.WithMaxBytes(4<<20))
	var file bytes.Buffer
	w, err := ocf.NewWriter[[1]byte](&file, s)
	require.NoError(t, err)
	require.NoError(t, w.Write(&[1]byte{7}))
	require.NoError(t, w.Close())
	r, err := ocf.NewReader[[1]byte](bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	var v [1]byte
	require.NoError(t, r.Read(&v))
	require.Equal(t, [1]byte{7}, v)
	_, err = ocf.NewReader[[1]byte](bytes.NewReader(file.Bytes()), ocf.WithMaxHeader(2<<20))
	require.Error(t, err)
}

// A schema's comments are no part of the file: its readers may not know any.
func TestCommentsStayOut(t *testing.T) {
	var file bytes.Buffer
	w, err := ocf.NewWriter[string](&file, schemas.MustParse("// secret\n\"string\" /* secret */"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NotContains(t, file.String(), "secret")
}
