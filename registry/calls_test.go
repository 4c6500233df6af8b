package registry

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// An option that a call does not take is an error of the call, which asks nothing:
// what it was given for would not happen.
func TestOptionsThatACallDoesNotTake(t *testing.T) {
	all := map[string]CallOption{
		"Normalize": Normalize(), "Permanent": Permanent(), "WithDeleted": WithDeleted(), "OnlyDeleted": OnlyDeleted(), "LatestOnly": LatestOnly(), "AtID": AtID(1, 1),
		"Force": Force(), "DefaultToGlobal": DefaultToGlobal(), "Against": Against(1), "Page": Page(0, 1), "Format": Format("resolved"),
	}
	require.Len(t, all, len(optionNames))
	f := newFixture()
	c := f.client(t)
	d := Definition{Text: userV1}
	for name, test := range map[string]struct {
		takes []string
		call  func(ctx context.Context, opts ...CallOption) error
	}{
		"Version": {[]string{"WithDeleted", "Format"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.Version(ctx, "s", 1, opts...)
			return err
		}},
		"LatestWithMetadata": {[]string{"WithDeleted"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.LatestWithMetadata(ctx, "s", nil, opts...)
			return err
		}},
		"Lookup": {[]string{"Normalize", "WithDeleted"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.Lookup(ctx, "s", d, opts...)
			return err
		}},
		"Register": {[]string{"Normalize", "AtID", "Force"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.Register(ctx, "s", d, opts...)
			return err
		}},
		"CheckCompatibility": {[]string{"Normalize", "Against"}, func(ctx context.Context, opts ...CallOption) error {
			return c.CheckCompatibility(ctx, "s", d, opts...)
		}},
		"Subjects": {[]string{"WithDeleted", "OnlyDeleted", "Page"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.Subjects(ctx, "", opts...)
			return err
		}},
		"Versions": {[]string{"WithDeleted", "OnlyDeleted", "Page"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.Versions(ctx, "s", opts...)
			return err
		}},
		"Schemas": {[]string{"WithDeleted", "LatestOnly", "Page"}, func(ctx context.Context, opts ...CallOption) error { _, err := c.Schemas(ctx, "", opts...); return err }},
		"VersionsByID": {[]string{"WithDeleted", "Page"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.VersionsByID(ctx, "", 1, opts...)
			return err
		}},
		"ReferencedBy": {[]string{"WithDeleted", "Page"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.ReferencedBy(ctx, "s", 1, opts...)
			return err
		}},
		"DeleteSubject": {[]string{"Permanent"}, func(ctx context.Context, opts ...CallOption) error {
			_, err := c.DeleteSubject(ctx, "s", opts...)
			return err
		}},
		"DeleteVersion": {[]string{"Permanent"}, func(ctx context.Context, opts ...CallOption) error { return c.DeleteVersion(ctx, "s", 1, opts...) }},
		"Contexts":      {[]string{"Page"}, func(ctx context.Context, opts ...CallOption) error { _, err := c.Contexts(ctx, opts...); return err }},
		"Config":        {[]string{"DefaultToGlobal"}, func(ctx context.Context, opts ...CallOption) error { _, err := c.Config(ctx, "s", opts...); return err }},
		"Mode":          {[]string{"DefaultToGlobal"}, func(ctx context.Context, opts ...CallOption) error { _, err := c.Mode(ctx, "s", opts...); return err }},
		"SetMode":       {[]string{"Force"}, func(ctx context.Context, opts ...CallOption) error { return c.SetMode(ctx, "s", ReadWrite, opts...) }},
	} {
		for option, opt := range all {
			before := f.Total()
			err := test.call(t.Context(), opt)
			if slices.Contains(test.takes, option) {
				require.NotContains(t, message(err), "does not take the option")
				continue
			}
			var refused *InvalidError
			require.ErrorAs(t, err, &refused, "%s %s", name, option)
			require.EqualError(t, err, "registry: refused ("+name+" does not take the option "+option+")")
			require.Equal(t, before, f.Total())
		}
		if slices.Contains(test.takes, "Page") {
			for _, page := range []CallOption{Page(-1, 1), Page(0, -2)} {
				require.ErrorContains(t, test.call(t.Context(), page), "is negative", name)
			}
			require.NotContains(t, message(test.call(t.Context(), Page(0, -1))), "is negative", name)
		}
	}
	_, err := c.Versions(t.Context(), "s", Format("x"), Permanent())
	require.ErrorContains(t, err, "Versions does not take the option Permanent, Format")
}

// message is the text of an error, "" of none.
func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
