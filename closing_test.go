package kavro_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
)

var errFull = errors.New("disk full")

// stubbornDriver makes clients that cannot be closed at first.
type stubbornDriver struct {
	kafka.Driver
	fails  int // how often Close fails
	closed int // how often it has succeeded
}

func (d *stubbornDriver) close(ctx context.Context, close func(context.Context) error) error {
	if d.fails > 0 {
		d.fails--
		return errFull
	}
	d.closed++
	return close(ctx)
}

type stubbornAdmin struct {
	kafka.Admin
	driver *stubbornDriver
}

func (a stubbornAdmin) Close(ctx context.Context) error { return a.driver.close(ctx, a.Admin.Close) }

func (d *stubbornDriver) NewAdmin(conf kafka.Config, h kafka.Hooks) (kafka.Admin, error) {
	a, err := d.Driver.NewAdmin(conf, h)
	return stubbornAdmin{a, d}, err
}

type stubbornProducer struct {
	kafka.Producer
	driver *stubbornDriver
}

func (p stubbornProducer) Close(ctx context.Context) error {
	return p.driver.close(ctx, p.Producer.Close)
}

func (d *stubbornDriver) NewProducer(conf kafka.Config, h kafka.Hooks) (kafka.Producer, error) {
	p, err := d.Driver.NewProducer(conf, h)
	return stubbornProducer{p, d}, err
}

// What could not be closed is closed by the next Close, and the registry client with it.
func TestCloseAgain(t *testing.T) {
	ctx, driver := deadline(t), &stubbornDriver{Driver: franz.Driver(), fails: 2}
	client, err := kavro.Open(kavrotest.New(t).Config(), kavro.WithDriver(driver))
	require.NoError(t, err)
	require.NoError(t, client.Ping(ctx))
	r, err := client.Registry()
	require.NoError(t, err)
	require.ErrorIs(t, client.Close(ctx), errFull)
	require.ErrorIs(t, client.Close(ctx), errFull)
	require.NoError(t, client.Close(ctx))
	require.Equal(t, 1, driver.closed)
	require.NoError(t, client.Close(ctx))
	_, err = r.Subjects(ctx, "")
	require.ErrorIs(t, err, registry.ErrClosed)
}

// A constructor that fails leaves nothing open: neither its Kafka client nor what WithCloser
// was given, and each is closed once.
func TestConstructorsThatFail(t *testing.T) {
	var closed []string
	closer := func(name string) kavro.ConstructorOption {
		return kavro.WithCloser(func(context.Context) error { closed = append(closed, name); return nil })
	}
	for _, tt := range []struct {
		name  string
		make  func(*kavro.Client) error
		err   string
		kafka int // clients that were made
	}{
		{"an option that is wrong", func(c *kavro.Client) error {
			_, err := kavro.NewProducer[string, string](c, closer("a"), closer("b"), kavro.WithValue(nil))
			return err
		}, "WithValue: 1st option is nil", 1},
		{"an option that is wrong below", func(c *kavro.Client) error {
			_, err := kavro.NewProducer[string, string](c, closer("a"), closer("b"), kavro.WithMaxReports(0))
			return err
		}, "WithMaxReports: 0 is less than 1", 1},
		{"topics that are wrong", func(c *kavro.Client) error {
			_, err := kavro.NewConsumer[string, string](c, "g", []string{"^("}, closer("a"), closer("b"))
			return err
		}, "error parsing regexp", 0},
		{"no client", func(*kavro.Client) error {
			_, err := kavro.NewPipeline[string, string, string, string](nil, "g", nil, closer("a"), closer("b"))
			return err
		}, "kavro: the client is nil", 0},
		{"a client that is closed", func(c *kavro.Client) error {
			require.NoError(t, c.Close(deadline(t)))
			_, err := kavro.NewProducer[string, string](c, closer("a"), closer("b"))
			return err
		}, "the client is closed", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			closed = nil
			driver := &stubbornDriver{Driver: franz.Driver()}
			client, err := kavro.Open(kavro.Config{"bootstrap.servers": "127.0.0.1:1"}, kavro.WithDriver(driver))
			require.NoError(t, err)
			require.ErrorContains(t, tt.make(client), tt.err)
			require.Equal(t, []string{"a", "b"}, closed)
			require.Equal(t, tt.kafka, driver.closed)
			require.NoError(t, client.Close(deadline(t)))
			require.Equal(t, []string{"a", "b"}, closed, "once")
		})
	}
}

// A constructor that Close overtakes closes what its product would have closed.
func TestConstructorThatCloseOvertakes(t *testing.T) {
	inner := &stubbornDriver{Driver: franz.Driver()}
	driver := &closingDriver{Driver: inner}
	client, err := kavro.Open(kavro.Config{"bootstrap.servers": "127.0.0.1:1"}, kavro.WithDriver(driver))
	require.NoError(t, err)
	driver.close = func() { require.NoError(t, client.Close(deadline(t))) }
	closed := 0
	_, err = kavro.NewProducer[string, string](client, kavro.WithCloser(func(context.Context) error { closed++; return nil }))
	require.ErrorIs(t, err, kavro.ErrClosed)
	require.Equal(t, 1, closed)
	require.Equal(t, 1, inner.closed)
}
