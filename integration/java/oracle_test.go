package java

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/integration/internal/parts"
)

// startOracle starts Oracle.java on Apache Avro for Java, and returns its address.
func startOracle(t *testing.T) string {
	t.Helper()
	lib, err := parts.JavaLibrary("avro-java",
		"org.apache.avro:avro:1.12.2",
		"org.xerial.snappy:snappy-java:1.1.10.8",
		"com.github.luben:zstd-jni:1.5.7-12",
		"org.slf4j:slf4j-nop:2.0.18")
	require.NoError(t, err)
	p, err := parts.Start("oracle", "", nil, "java", "-Xmx512m", "-XX:+UseSerialGC",
		"-XX:-OmitStackTraceInFastThrow", // or messages go missing after a while
		"-cp", filepath.Join(lib, "*"), "Oracle.java")
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	port := ""
	require.NoError(t, p.Await(ctx, func(lines []string) bool {
		for _, l := range lines {
			if after, ok := strings.CutPrefix(l, "listening on "); ok {
				port = after
			}
		}
		return port != ""
	}))
	return net.JoinHostPort("127.0.0.1", port)
}

// oracle is one connection: one question at a time.
type oracle struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(t *testing.T, address string) *oracle {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return &oracle{conn: conn, in: bufio.NewReader(conn)}
}

// question is what Oracle.java is asked: "op" and what that needs.
type question map[string]any

// answer is what it says; the fields that an op fills, or an error.
type answer struct {
	description              // parse
	Error                    string
	Writer, Reader           description
	Reasons                  []reason
	CompatError              string
	Hex, Single, DecodeError string
	JSON, JSONError          string
	FromJSON, FromJSONError  string
	Resolved, ResolveError   string
	File                     []byte
	Data                     []string
}

// description is what there is to say of a schema.
type description struct{ Text, Canonical, CRC64, MD5, SHA256 string }

// reason is an incompatibility: its kind, where it is, and Java's words for it.
type reason struct{ Kind, Path, Message string }

func (o *oracle) ask(q question) (answer, error) {
	var a answer
	text, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	if err := o.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return a, err
	}
	if _, err := o.conn.Write(append(text, '\n')); err != nil {
		return a, err
	}
	line, err := o.in.ReadBytes('\n')
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(line, &a)
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
