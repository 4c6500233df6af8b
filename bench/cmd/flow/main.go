// Flow measures the cost of kavro, compared with the bare Kafka clients, with the same
// bytes and the same settings: rate, client CPU and allocations per record. It
// writes flow.md into the folder it is started in, bench:
//
//	go run ./cmd/flow                          against kfake, some minutes
//	go run ./cmd/flow -brokers 127.0.0.1:9092  against a broker that is there
//	go run ./cmd/flow -n 100000 -rounds 1      a look; nothing is written
//	go run ./cmd/flow -sides "produce,franz" -goroutines 16 -bytes 30
//
// The last one runs only the sides whose names have those words, which produce from 16
// goroutines, ready bytes of 30 bytes; nothing is written.
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
	"slices"
	"strings"
)

// settings are what one measurement is told.
type settings struct {
	Brokers    string
	Topic      string
	Partitions int
	Codec      string
	N          int
	Goroutines int // that produce
	Bytes      int // of a value that is ready; 0: the order's
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
	var s settings
	flag.StringVar(&s.Brokers, "brokers", "", "addresses of a real broker; default: kfake, in a process of its own")
	flag.IntVar(&s.Partitions, "partitions", 1, "partitions of the topics")
	flag.StringVar(&s.Codec, "codec", "none", "compression.type")
	flag.IntVar(&s.N, "n", 1_000_000, "records of one measurement")
	flag.IntVar(&s.Goroutines, "goroutines", 1, "goroutines that produce")
	flag.IntVar(&s.Bytes, "bytes", 0, "size of values that are ready; default: the order's")
	sides := flag.String("sides", "", "words, separated by commas, that the names of the sides must have; then nothing is written")
	rounds := flag.Int("rounds", 5, "rounds; with fewer than 3 nothing is written")
	flag.StringVar(&s.Topic, "topic", "", "for the processes that this one starts")
	child := flag.String("child", "", "for the processes that this one starts: a side, or kfake")
	flag.Parse()
	var err error
	switch {
	case *child == kfakeChild || *child == blackholeChild:
		err = serve(*child == blackholeChild)
	case *child != "":
		err = runChild(*child, s)
	default:
		err = measure(s, *rounds, words(*sides))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "flow:", err)
		os.Exit(1)
	}
}

func runChild(name string, s settings) error {
	for _, one := range append(producing(), consuming()...) {
		if one.verb+" "+one.name == name {
			found, err := one.run(context.Background(), s)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
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
	cmd := exec.Command(self, "-child", one.verb+" "+one.name, "-brokers", s.Brokers, "-topic", s.Topic, "-codec", s.Codec,
		"-partitions", fmt.Sprint(s.Partitions), "-n", fmt.Sprint(s.N), "-goroutines", fmt.Sprint(s.Goroutines), "-bytes", fmt.Sprint(s.Bytes))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("%s: %w", one.name, err)
	}
	return f, json.Unmarshal(out, &f)
}

// words are the elements of a list.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// named are the sides whose verb and name have all words.
func named(sides []side, words []string) []side {
	return slices.DeleteFunc(sides, func(one side) bool {
		return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(one.verb+" "+one.name, word) })
	})
}

// measure runs the sides that have the words, and prints the tables.
func measure(s settings, rounds int, words []string) error {
	where := s.Brokers
	var stored, dropped string
	if where == "" {
		where = "kfake"
		for _, b := range []struct {
			addr *string
			kind string
		}{{&stored, kfakeChild}, {&dropped, blackholeChild}} {
			addr, stop, err := startKfake(b.kind)
			if err != nil {
				return err
			}
			defer stop()
			*b.addr = addr
		}
	} else {
		stored, dropped = where, where
	}

	s.Brokers = dropped
	produced, err := roundsOf(named(producing(), words), rounds, s, func() (string, func(), error) { return makeTopic(s) })
	if err != nil {
		return err
	}
	s.Brokers = stored
	topic, remove, err := makeTopic(s)
	if err != nil {
		return err
	}
	defer remove()
	s.Topic = topic
	readers := named(consuming(), words)
	if len(readers) > 0 {
		if err := fill(s); err != nil {
			return err
		}
	}
	consumed, err := roundsOf(readers, rounds, s, func() (string, func(), error) { return topic, func() {}, nil })
	if err != nil {
		return err
	}

	var b strings.Builder
	head(&b, s, where, rounds)
	table(&b, "Producing", produced)
	table(&b, "Consuming", consumed)
	fmt.Print(b.String())
	if rounds < 3 || len(words) > 0 || s.Goroutines > 1 || s.Bytes > 0 {
		return nil
	}
	return save(where, s, b.String())
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
