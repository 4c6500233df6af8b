// Soak produces and consumes at a steady rate for a long time, on both clients, while
// the registry and the broker fail at random and members come and go, and watches
// what grows:
//
//	go run ./soak -minutes 30
//
// It ends with a summary, and with status 1 if a record was lost, or if at the end
// the heap is larger by 10 % or more than it was at minute 5 (in a shorter run: at a
// sixth of it), or there are more goroutines. Both are looked at when everything is
// at rest: nothing is on its way, and no part is failing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"github.com/kavro/kavro/integration/internal/apache"
)

func main() {
	c := config{out: os.Stdout, log: os.Stderr}
	minutes := flag.Float64("minutes", 30, "how long")
	flag.IntVar(&c.rate, "rate", 5000, "records per second, of both clients together")
	flag.Uint64Var(&c.seed, "seed", rand.Uint64(), "of what happens")
	clientLog := flag.String("clientlog", "", "a file for what the clients log")
	flag.Parse()
	c.length = time.Duration(*minutes * float64(time.Minute))
	if *clientLog != "" {
		f, err := os.Create(*clientLog)
		if err != nil {
			fmt.Fprintln(os.Stderr, "soak:", err)
			os.Exit(1)
		}
		c.clients = slog.New(slog.NewTextHandler(f, nil))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, c)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// config says what a soak is like.
type config struct {
	length   time.Duration
	rate     int
	seed     uint64
	out, log io.Writer    // the summary; what happens meanwhile
	clients  *slog.Logger // for the clients; nil: they log nothing
}

// run soaks, prints the summary, and reports whether all was well. An error means
// that it could not be found out.
func run(ctx context.Context, c config) (ok bool, err error) {
	broker, err := apache.Start()
	if err != nil {
		return false, err
	}
	defer func() {
		if closing := broker.Close(); err == nil {
			err = closing
		}
	}()
	reg := newFlakyRegistry()
	defer reg.close()

	s := &soak{config: c, broker: broker, registry: reg, began: time.Now()}
	for _, client := range []string{"confluent", "franz"} {
		l, err := newLine(ctx, s, client)
		if err != nil {
			return false, err
		}
		s.lines = append(s.lines, l)
	}
	err = s.run(ctx)
	for _, l := range s.lines {
		l.close()
	}
	if err != nil {
		return false, err
	}
	return s.summary(), nil
}
