package python

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/parts"
	"github.com/kavro/kavro/registry/memory"
)

// Version is what of confluent-kafka-python is checked, and packages are all that
// belongs to it, so that it is the same tomorrow.
const Version = "2.16.0"

var packages = []string{
	"confluent-kafka[avro,schemaregistry]==" + Version,
	"anyio==4.16.0", "attrs==26.1.0", "authlib==1.9.10", "avro==1.12.2", "cachetools==8.0.2", "certifi==2026.10.19.post1",
	"cffi==2.1.1", "charset-normalizer==3.5.3", "cryptography==50.0.2", "fastavro==1.13.1", "h11==0.16.0", "httpcore2==2.16.2",
	"httpx2==2.16.2", "idna==3.20", "joserfc==1.8.0", "pycparser==3.12", "requests==2.34.2", "truststore==0.10.5",
	"typing-extensions==4.16.0", "urllib3==2.8.0",
}

// patience bounds one run of the peer. Starting it takes a second on an idle
// machine, and some more for the first time.
const patience = 5 * time.Minute

var broker *apache.Broker

func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }

// serve runs kavro's registry over HTTP until the end of the test.
func serve(t *testing.T) (url string, m *memory.Registry) {
	m = memory.New()
	s := httptest.NewServer(memory.Handler(m))
	t.Cleanup(s.Close)
	return s.URL, m
}

//go:embed peer.py
var program string

// peer runs peer.py: in is its input, and out is filled with its output.
func peer(t *testing.T, in, out any, args ...string) {
	t.Helper()
	library, err := parts.PythonLibrary("confluent-kafka-python", packages...)
	require.NoError(t, err)
	input, err := json.Marshal(in)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "python3", append([]string{"-c", program}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+library, "PYTHONDONTWRITEBYTECODE=")
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	if out != nil {
		require.NoError(t, json.Unmarshal(got, out), string(got))
	}
}
