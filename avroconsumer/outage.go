package avroconsumer

import (
	"context"

	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/internal/sched"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// idNeeded returns the schema id in a record's frame; zero if it has none.
func idNeeded(e *RecordError) serde.FrameID {
	payload, part := e.Raw.Value, serde.Value
	if e.Stage == StageKey {
		payload, part = e.Raw.Key, serde.Key
	}
	id, _, _ := serde.SplitRecord(payload, part, e.Raw.Headers)
	return id
}

// noteAttempt records that the registry did not answer for a record. It reports whether this is an
// attempt of its own, rather than one of several requests that failed together, and then sets
// e.Attempts.
func (c *core) noteAttempt(e *RecordError, it *sched.Item) bool {
	c.lock()
	defer c.unlock()
	if e.Temporary() || regwait.Unavailable(e) != nil {
		c.registryErr = e.Err
	}
	attempts, own := c.machine.Attempt(it, idNeeded(e))
	if own {
		e.Attempts = attempts
	}
	return own
}

// noteInterrupted keeps the registry's error of a record that could not be decoded until its context
// ended. Run returns it, since no attempt of an outage may have been recorded yet.
func (c *core) noteInterrupted(e *RecordError) {
	c.lock()
	if c.run != nil {
		c.run.registryErr = e.Err
	}
	c.unlock()
	c.warnings.Warn(c.logger, e)
}

// reportWaiting notifies the observer and logs that a record waits for the registry.
func (c *core) reportWaiting(e *RecordError) {
	c.observer.PolicyApplied(e, RegistryUnavailable, WaitingForRegistry)
	c.warnings.Warn(c.logger, e)
}

// explain adds to a context's error why nothing was read: the client's last error, and the registry's
// if records wait for it. mu is held.
func (c *core) explain(err error) error {
	err = kafka.Explain(c.client, err)
	if c.machine.Outages() {
		err = regwait.Explain(err, c.registryErr)
	}
	return err
}

// waitsForRegistry reports whether a record that could not be decoded within ctx is to be decoded
// again. If ctx has ended, it is only if the registry did not answer until then.
func waitsForRegistry(ctx context.Context, e *RecordError) bool {
	if ctx.Err() != nil {
		return e.Stage != StageHandler && regwait.Unavailable(e) != nil
	}
	return e.Temporary() || e.NotRecordFault()
}
