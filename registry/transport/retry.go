package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What is tried again, and when. The status alone decides: bodies come from proxies as often as
// from registries.

// Temporary reports whether the same request may succeed later, by the answer's status: 408, 429
// and 5xx but 501 and 505.
func (a *Answer) Temporary() bool { return temporaryStatus(a.Status) }

// RetryAfter is how long the registry asks to wait, 0 if it does not (Retry-After: RFC 9110,
// section 10.2.3).
func (a *Answer) RetryAfter() time.Duration { return retryAfter(a.Header) }

// temporaryStatus reports whether the same request may succeed later.
func temporaryStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

// unhealthyStatus reports whether the host that answered so is ejected. A 500 is about the
// request as often as about the host.
func unhealthyStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// repeatable reports whether a request that ended in o may be sent once more. A
// second DELETE answers that there is nothing to delete, so one that may have
// been carried out is not repeated; everything else a registry does comes to
// the same when done twice.
func (o *outcome) repeatable(method string) bool {
	if o.resp == nil {
		return !o.final && (method != http.MethodDelete || o.unsent)
	}
	if method == http.MethodDelete {
		return o.resp.StatusCode == http.StatusTooManyRequests || o.resp.StatusCode == http.StatusServiceUnavailable
	}
	return temporaryStatus(o.resp.StatusCode)
}

// neverSent reports whether err shows that no connection was made.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// retryAfter reads the header of that name: seconds or a date (RFC 9110,
// section 10.2.3). It is 0 if there is none that makes sense.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(at), 0), 24*time.Hour)
	}
	return 0
}

// pause waits for d. It does not begin a wait that ctx would cut short, and
// reports whether it waited.
func pause(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	if ctx.Err() != nil {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
