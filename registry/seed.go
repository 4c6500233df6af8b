package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/kavro/kavro/internal/subjectname"
)

// write keeps an answer in the cache directory, if there is one, while the
// caller goes on.
func (c *Client) write(s *storedAnswer) {
	if c.files == nil || c.files.dir == "" {
		return
	}
	c.group.spawn(func(context.Context) { c.files.write(s) }) // logged there; nothing depends on it
}

// Warmup asks for all versions of these subjects, deleted ones included, since
// old records were written with them: each is then known by version, by id and,
// where there are GUIDs, by GUID. A subject that does not exist is passed over.
// The errors of the others are joined.
func (c *Client) Warmup(ctx context.Context, subjects ...string) error {
	return each(subjects, func(subject string) error { return c.warm(ctx, subjectKey(subject)) })
}

// WarmupIDs asks for these ids, as [Client.SchemaByID] does. An id that does not
// exist is an error.
func (c *Client) WarmupIDs(ctx context.Context, subject string, ids ...int) error {
	return each(ids, func(id int) error {
		_, err := c.SchemaByID(ctx, subject, id)
		return err
	})
}

// warmers is how many requests a warm-up has under way at once.
const warmers = 8

// each calls f for every item, some of them at once, and joins the errors in the
// order of the items.
func each[T any](items []T, f func(T) error) error {
	errs := make([]error, len(items))
	slots := make(chan struct{}, warmers)
	var wg sync.WaitGroup
	for i, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = f(item)
			<-slots
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// warm learns all versions of one subject.
func (c *Client) warm(ctx context.Context, subject string) error {
	numbers, err := c.Versions(ctx, subject, WithDeleted())
	if notFound := (*NotFoundError)(nil); errors.As(err, &notFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return each(numbers, func(number int) error {
		s, err := c.Version(ctx, subject, number, WithDeleted())
		if err == nil {
			c.learn(subject, s)
		}
		return err
	})
}

// learn makes a version of subject known by what else names it.
func (c *Client) learn(subject string, s *SubjectSchema) {
	if s.ID > 0 {
		c.ids.know(idKey{subject, s.ID}, s)
		c.ids.know(idKey{subjectname.Prefix(subjectname.Split(subject).Context), s.ID}, s)
	}
	if s.GUID != "" {
		c.guids.know(s.GUID, s)
	}
	if !s.Deleted {
		c.versions.know(versionKey{subject: subject, version: s.Version}, s)
	}
}

// know remembers an answer that came with another.
func (p *permanent[K, V]) know(key K, v V) {
	p.keep(key, v, p.now())
	p.save(key, v)
}

// SaveSeed writes all versions of these subjects, and what they refer to, into
// dir, for [WithSeed]. The directory is made if it is missing; files of an
// earlier seed stay unless there is a newer answer.
func (c *Client) SaveSeed(ctx context.Context, dir string, subjects ...string) error {
	s := c.settings
	s.cacheSize = max(s.cacheSize, 1<<20)       // all of it has to be there in the end
	fresh := newClient(c.transport, c.group, s) // knows nothing, and keeps no files
	if err := fresh.Warmup(ctx, subjects...); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("registry: SaveSeed: %w", err)
	}
	out := &files{dir: dir, log: c.settings.logger}
	err := errors.Join(
		fresh.ids.dump(out),
		fresh.guids.dump(out),
		fresh.versions.dump(out),
		fresh.referred.dump(out),
	)
	if err != nil {
		return fmt.Errorf("registry: SaveSeed: %w", err)
	}
	return nil
}

// dump writes every answer that p knows.
func (p *permanent[K, V]) dump(to *files) error {
	var errs []error
	p.found.All(func(key K, v V) {
		errs = append(errs, to.write(p.stored(key, v)))
	})
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return err == nil })...)
}
