package kavro_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/internal/drivers"
	"github.com/kavro/kavro/kavrotest"
)

// readme is the program of README.md, as far as it differs from the tests' own
// types: TestReadme compares the two, and runs it.
func readme(ctx context.Context, conf kavro.Config, bill func(context.Context, Order) error) (err error) {
	client, err := kavro.Open(conf)
	if err != nil {
		return err
	}
	defer client.Close(ctx) // closes what is made from it, also when ctx has ended

	producer, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
	if err != nil {
		return err
	}
	err = producer.Produce(ctx, "orders", "A-1", Order{ID: "A-1", Total: 4200})
	if err != nil {
		return err
	}
	err = producer.Close(ctx) // waits until the broker has everything, and reports what it has not
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

// TestReadme runs the program of README.md, and checks that every line of the
// README's Go code was compiled here.
func TestReadme(t *testing.T) {
	for _, name := range drivers.Names() {
		t.Run(name, func(t *testing.T) {
			env := kavrotest.New(t)
			ctx, cancel := context.WithCancel(patient(t))
			var billed []Order
			err := readme(ctx, env.Config(kavro.Config{"kavro.client": name, "auto.offset.reset": "earliest"}), func(_ context.Context, o Order) error {
				billed = append(billed, o)
				cancel()
				return nil
			})
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, []Order{{ID: "A-1", Total: 4200}}, billed)
		})
	}

	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var compiled strings.Builder
	for _, file := range []string{"readme_test.go", "kavro_test.go"} {
		code, err := os.ReadFile(file)
		require.NoError(t, err)
		compiled.Write(code)
	}
	_, code, found := strings.Cut(string(text), "```go\n")
	require.True(t, found)
	code, _, _ = strings.Cut(code, "```")
	for line := range strings.Lines(code) {
		if !strings.HasPrefix(line, "conf :=") { // addresses are the reader's own
			require.Contains(t, compiled.String(), strings.TrimSpace(line))
		}
	}
}
