package apache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/integration/internal/parts"
)

// patience bounds the start of a broker, which takes 2 s on an idle machine.
const patience = 5 * time.Minute

// A Broker is an Apache Kafka node. Its methods that change whether it runs must
// not be called concurrently.
type Broker struct {
	Address string // bootstrap.servers of the listener for everyone
	SASL    string // and of the one for users with passwords

	ports map[string]int // by listener, the same in all its lives
	dir   string         // its data and configuration
	proc  *parts.Process // the present life, or the last
}

// Main runs a package's tests with one broker, and returns their exit status.
func Main(m *testing.M, b **Broker) int {
	var err error
	if *b, err = Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := (*b).Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Start starts a broker without topics, and returns when it answers.
func Start() (*Broker, error) {
	formatted, err := storage()
	if err != nil {
		return nil, err
	}
	for tries := 0; ; tries++ {
		b, err := start(formatted)
		if err == nil || tries == 5 || !errors.Is(err, errPortTaken) {
			return b, err
		}
	}
}

func start(formatted string) (*Broker, error) {
	b := &Broker{ports: map[string]int{}}
	for _, l := range listeners {
		var err error
		if b.ports[l], err = parts.FreePort(); err != nil {
			return nil, fmt.Errorf("kafka: %w", err)
		}
	}
	b.Address = fmt.Sprint("127.0.0.1:", b.ports[plain])
	b.SASL = fmt.Sprint("127.0.0.1:", b.ports[sasl])
	var err error
	if b.dir, err = os.MkdirTemp("", "kavro-kafka-"); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	data := filepath.Join(b.dir, "data")
	err = errors.Join(
		os.CopyFS(data, os.DirFS(formatted)),
		os.WriteFile(filepath.Join(b.dir, "server.properties"), []byte(properties(data, b.ports)), 0o644))
	if err == nil {
		err = b.Restart()
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// library is the folder of Kafka's jars.
func library() (string, error) {
	return parts.JavaLibrary("kafka", "org.apache.kafka:kafka_2.13:"+Version, "org.slf4j:slf4j-simple:1.7.36")
}

// storage is a folder that holds the data of a new broker. Formatting takes a
// start of Java, so it is done once and copied.
func storage() (string, error) {
	lib, err := library()
	if err != nil {
		return "", err
	}
	dir, err := parts.Made("kafka-storage", lib+"\n"+properties("", nil), func(dir string) error {
		conf := filepath.Join(dir, "server.properties")
		if err := os.WriteFile(conf, []byte(properties(filepath.Join(dir, "data"), nil)), 0o644); err != nil {
			return err
		}
		return parts.Run(dir, nil, "java", "-cp", filepath.Join(lib, "*"), "kafka.tools.StorageTool", "format",
			"--standalone", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", conf)
	})
	return filepath.Join(dir, "data"), err
}

// errPortTaken says that another program was faster.
var errPortTaken = errors.New("kafka: a port is in use")

// Restart starts a broker that was stopped or killed, with the same data at the
// same addresses, and returns when it answers.
func (b *Broker) Restart() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	lib, err := library()
	if err != nil {
		return err
	}
	b.proc, err = parts.Start("kafka", b.dir, nil, "java",
		"-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
		"-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
		"-cp", filepath.Join(lib, "*"), "kafka.Kafka", filepath.Join(b.dir, "server.properties"))
	if err != nil {
		return err
	}
	err = b.proc.Await(ctx, func(lines []string) bool {
		return slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "Kafka Server started") })
	})
	if err != nil {
		if strings.Contains(b.proc.Log(), "Address already in use") {
			return fmt.Errorf("%w: %w", errPortTaken, err)
		}
		return err
	}
	return b.warm(ctx)
}

// Stop ends the broker in good order.
func (b *Broker) Stop() error {
	if b.proc == nil {
		return nil
	}
	_ = b.Thaw() // a frozen one would not hear of it; one that has ended need not
	return b.proc.Stop()
}

// Kill9 ends the broker with SIGKILL: no goodbye, no flush.
func (b *Broker) Kill9() { b.proc.Kill() }

// Freeze stops the broker with SIGSTOP: its connections stay, and nobody answers.
func (b *Broker) Freeze() error { return b.proc.Freeze() }

// Thaw lets a frozen broker go on.
func (b *Broker) Thaw() error { return b.proc.Thaw() }

// Close stops the broker and deletes its data.
func (b *Broker) Close() error {
	return errors.Join(b.Stop(), os.RemoveAll(b.dir))
}
