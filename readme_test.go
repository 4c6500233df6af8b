package kavro_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kavrotest"
)

// readme is the program of README.md, with its errors handled: TestReadme compares the
// two, and runs it.
func readme(ctx context.Context, conf kavro.Config, billed func(id string, total int64)) error {
	type Order struct {
		ID    string `avro:"id"`
		Total int64  `avro:"total"`
	}

	var orderSchema = kavro.MustParseSchema(`{"type":"record","name":"Order","namespace":"shop","fields":[
		{"name":"id","type":"string"},{"name":"total","type":"long"}]}`)

	bill := func(_ context.Context, o Order) error {
		billed(o.ID, o.Total)
		return nil
	}

	client, err := kavro.Open(conf)
	if err != nil {
		return err
	}
	defer client.Close(ctx) // sends what is queued, commits, leaves the group, also when ctx has ended

	producer, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
	if err != nil {
		return err
	}
	err = producer.Produce(ctx, "orders", "A-1", Order{ID: "A-1", Total: 4200})
	if err != nil {
		return err
	}
	err = producer.Flush(ctx) // waits for the broker; the error lists what was not delivered
	if err != nil {
		return err
	}

	consumer, err := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"})
	if err != nil {
		return err
	}
	err = consumer.Run(ctx, func(ctx context.Context, msg *kavro.Message[string, Order]) error {
		return bill(ctx, msg.Value) // the offset is committed once this has returned nil
	})
	return err
}

// TestReadme runs the program of README.md, and checks that every line of it was compiled
// here.
func TestReadme(t *testing.T) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			env := kavrotest.New(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			type bill struct {
				id    string
				total int64
			}
			var bills []bill
			err := readme(ctx, env.Config(kavro.Config{"kavro.client": name}), func(id string, total int64) {
				bills = append(bills, bill{id, total})
				cancel()
			})
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, []bill{{"A-1", 4200}}, bills)
		})
	}

	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	compiled, err := os.ReadFile("readme_test.go")
	require.NoError(t, err)
	_, code, found := strings.Cut(string(text), "```go\n")
	require.True(t, found)
	code, _, _ = strings.Cut(code, "```")
	for line := range strings.Lines(code) {
		if !strings.HasPrefix(line, "conf :=") { // addresses are the reader's own
			require.Contains(t, string(compiled), strings.TrimSpace(line))
		}
	}
}
