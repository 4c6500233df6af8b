// One bad record must not stop my consumer. Where does it go, and how do I send it
// back once the cause is mended?
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
)

// Parcel is what the handler ships.
type Parcel struct {
	City string `avro:"city"`
}

var parcelSchema = kavro.MustParseSchema(`{"type": "record", "name": "Parcel", "namespace": "example", "fields": [
	{"name": "city", "type": "string"}]}`)

func main() {
	env, err := kavrotest.Start(kavrotest.WithTopic("parcels", 1))
	if err == nil {
		defer env.Close()
		err = run(context.Background(), os.Stdout, env.Config())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, conf kavro.Config) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, err := kavro.Open(conf)
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	producer, err := kavro.NewProducer[string, Parcel](client, kavro.WithValue(kavro.WithSchema(parcelSchema)))
	if err != nil {
		return err
	}
	for _, city := range []string{"Oslo", "Atlantis", "Lima"} {
		if err := producer.Produce(ctx, "parcels", city, Parcel{City: city}); err != nil {
			return err
		}
	}
	if err := producer.Flush(ctx); err != nil {
		return err
	}

	// Atlantis is not on the map yet: its parcel goes to topic parcels-dlt.
	fmt.Fprintln(out, "first run")
	atlas := map[string]bool{"Oslo": true, "Lima": true}
	if err := ship(ctx, out, client, atlas); err != nil {
		return err
	}

	// Once it is, the dead letters go back to the topic that they came from.
	atlas["Atlantis"] = true
	replayed, err := client.Replay(ctx, "replay", []string{"parcels-dlt"})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "dead letters sent back:", replayed.Sent)
	return ship(ctx, out, client, atlas)
}

// ship handles what the group has not seen yet.
func ship(ctx context.Context, out io.Writer, client *kavro.Client, atlas map[string]bool) error {
	parcels, err := kavro.NewConsumer[string, Parcel](client, "shipping", []string{"parcels"}, kavro.WithToEnd(),
		kavro.WithDeadLetters(kavro.WithDeadLetterCreation(kavro.NewTopic{Partitions: 1})))
	if err != nil {
		return err
	}
	err = parcels.Run(ctx, func(_ context.Context, msg *kavro.Message[string, Parcel]) error {
		if !atlas[msg.Value.City] {
			return fmt.Errorf("no such city: %s", msg.Value.City)
		}
		fmt.Fprintln(out, "shipped to", msg.Value.City)
		return nil
	})
	return errors.Join(err, parcels.Close(ctx))
}
