// Flow measures the cost of kavro, compared with the bare Kafka clients, with the same
// bytes and the same settings: rate, client CPU and allocations per record. It
// writes flow.md into the folder it is started in, bench:
//
//	go run ./cmd/flow                          against kfake, half an hour
//	go run ./cmd/flow -brokers 127.0.0.1:9092  against a broker that is there, such as Apache Kafka
//	go run ./cmd/flow -only load               one scenario of those in scenarios.go
//	go run ./cmd/flow -n 100000 -rounds 1      a look; nothing is written
//	go run ./cmd/flow -sides "produce,franz" -goroutines 16 -bytes 30
//
// The last one runs only the sides of the load whose names have those words, which produce from 16 goroutines,
// ready bytes of 30 bytes; nothing is written.
//
// Each measurement is a process of its own, and so is kfake: nothing that one
// side leaves behind, memory or a warm client, is there for the next. A round
// runs every side once, beginning with another one each time; ratios are taken
// within a round, and the table has their medians.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// settings are what one measurement is told.
type settings struct {
	Brokers    string
	Topic      string
	Partitions int
	Codec      string
	N          int

	Ballast    int // bytes of other live heap in the process
	Goroutines int // that produce, or that Run handles records on
	IDs        int // schema ids that the records take turns with
	Size       int // of values in bytes; 0: orders
}

// figures are what it finds out.
type figures struct {
	Seconds float64
	CPU     float64 // seconds of this process
	Allocs  uint64
	Bytes   uint64 // allocated
	N       int
}

// side is one way to produce or to consume. run is called in a process of its own.
type side struct {
	verb string // "produce" or "consume"
	name string
	run  func(ctx context.Context, s settings) (figures, error)
}

func main() {
	s := settings{IDs: 1}
	flag.StringVar(&s.Brokers, "brokers", "", "addresses of a real broker; default: kfake, in a process of its own")
	flag.IntVar(&s.Partitions, "partitions", 1, "partitions of the topics")
	flag.StringVar(&s.Codec, "codec", "none", "compression.type")
	flag.IntVar(&s.N, "n", 1_000_000, "records of one measurement, at most")
	flag.IntVar(&s.Goroutines, "goroutines", 1, "goroutines of the load that produce, or that Run handles records on")
	flag.IntVar(&s.Size, "bytes", 0, "size of the load's values, for sides without Avro; default: the order's")
	sides := flag.String("sides", "", "words, separated by commas, that the names of the load's sides must have; then nothing is written")
	rounds := flag.Int("rounds", 5, "rounds; with fewer than 3 nothing is written")
	only := flag.String("only", "", "the name of one scenario")
	child := flag.String("child", "", "for the processes that this one starts: a side, or kfake")
	told := flag.String("settings", "", "for the processes that this one starts: settings as JSON")
	flag.Parse()
	var err error
	switch {
	case *child == kfakeChild || *child == blackholeChild:
		err = serve(*child == blackholeChild)
	case *child != "":
		if err = json.Unmarshal([]byte(*told), &s); err == nil {
			err = runChild(*child, s)
		}
	default:
		err = measureAll(s, *rounds, *only, *sides)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "flow:", err)
		os.Exit(1)
	}
}

func runChild(name string, s settings) error {
	ballast := make([]byte, s.Ballast)
	for _, one := range append(producing(), consuming()...) {
		if one.verb+" "+one.name == name {
			found, err := one.run(context.Background(), s)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			runtime.KeepAlive(ballast)
			return json.NewEncoder(os.Stdout).Encode(found)
		}
	}
	return fmt.Errorf("no side %q", name)
}

// apart runs a side in a process of its own.
func apart(one side, s settings) (f figures, err error) {
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	told, err := json.Marshal(s)
	if err != nil {
		return f, err
	}
	cmd := exec.CommandContext(context.Background(), self, "-child", one.verb+" "+one.name, "-settings", string(told))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("%s: %w", one.name, err)
	}
	return f, json.Unmarshal(out, &f)
}

// measureAll runs every scenario, or only one, and prints their tables. If words are given, or settings of a
// scenario, it runs those sides of the load.
func measureAll(s settings, rounds int, only, words string) error {
	all := scenarios()
	own := words != "" || s.Goroutines > 1 || s.Size > 0
	if own {
		all = []scenario{named(all[0], strings.FieldsFunc(words, func(r rune) bool { return r == ',' }))}
	}
	found := false
	for _, c := range all {
		if only != "" && c.name != only {
			continue
		}
		found = true
		text, err := measure(c, s, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Println(text)
		if rounds < 3 || own {
			continue
		}
		if err := save(text); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("no scenario %q", only)
	}
	return nil
}

// measure returns the section of a scenario.
func measure(c scenario, s settings, rounds int) (string, error) {
	if c.change != nil {
		c.change(&s)
	}
	var b strings.Builder
	where := s.Brokers
	if where == "" {
		where = "kfake"
	}
	var tables []func()
	for _, part := range []struct {
		title, broker string
		sides         []side
		of            func([]side, int, settings) ([]row, error)
	}{{"Producing", blackholeChild, selectSides(producing(), c.produce), measureProducing}, {"Consuming", kfakeChild, selectSides(consuming(), c.consume), measureConsuming}} {
		if len(part.sides) == 0 {
			continue
		}
		at := s
		if s.Brokers == "" {
			addr, stop, err := startKfake(part.broker)
			if err != nil {
				return "", err
			}
			defer stop()
			at.Brokers = addr
		}
		rows, err := part.of(part.sides, rounds, at)
		if err != nil {
			return "", err
		}
		tables = append(tables, func() { table(&b, part.title, rows) })
	}
	head(&b, c, s, where, rounds)
	for _, write := range tables {
		write()
	}
	return b.String(), nil
}

// measureProducing gives each measurement a topic of its own.
func measureProducing(sides []side, rounds int, s settings) ([]row, error) {
	return roundsOf(sides, rounds, s, func() (string, func(), error) { return makeTopic(s) })
}

// measureConsuming fills one topic for all measurements.
func measureConsuming(sides []side, rounds int, s settings) ([]row, error) {
	topic, remove, err := makeTopic(s)
	if err != nil {
		return nil, err
	}
	defer remove()
	s.Topic = topic
	if err := fill(s); err != nil {
		return nil, err
	}
	return roundsOf(sides, rounds, s, func() (string, func(), error) { return topic, func() {}, nil })
}

// roundsOf runs every side once a round. topic gives each its topic.
func roundsOf(sides []side, rounds int, s settings, topic func() (string, func(), error)) ([]row, error) {
	rows := make([]row, len(sides))
	for i := range sides {
		rows[i].name = sides[i].name
		rows[i].of = make([]figures, rounds)
	}
	for r := range rounds {
		for k := range sides {
			i := (k + r) % len(sides)
			name, remove, err := topic()
			if err != nil {
				return nil, err
			}
			s.Topic = name
			f, err := apart(sides[i], s)
			remove()
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "%-44s %7.0f k/s %6.2f us CPU\n", sides[i].name, float64(f.N)/f.Seconds/1000, f.CPU/float64(f.N)*1e6)
			rows[i].of[r] = f
		}
	}
	return rows, nil
}
