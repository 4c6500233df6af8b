package registrytest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is one way in which a registry fails. Of the effects, those that are set
// are put together: a delay comes first, then a status or a changed body.
type Fault struct {
	// Which requests fail.

	Method string // "" is any
	Path   string // the escaped path, in which * stands for anything: "/schemas/ids/*"; "" is any
	Skip   int    // let this many through first
	Count  int    // then fail this many; 0 is all

	// How they fail.

	Delay  time.Duration // wait first; the client going away ends it
	Hang   bool          // never answer
	Status int           // answer with this status; 0 leaves the registry's
	Body   *string       // answer with this body, with status 200 if none is set
	Header http.Header   // set these, such as Retry-After
	Cut    int           // announce the whole body, send all but its last Cut bytes, and close the connection
	Reset  bool          // close the connection without an answer
}

// WrongJSON is a body that is JSON, but not what a registry answers.
func WrongJSON() *string { return text(`["not","what","you","asked","for"]`) }

// HTMLPage is a body as a proxy in front of a registry sends it.
func HTMLPage() *string {
	return text("<html>\n<head><title>502 Bad Gateway</title></head>\n<body>Bad Gateway</body>\n</html>\n")
}

func text(s string) *string { return &s }

// matches reports whether the fault is about a request.
func (f *Fault) matches(r *http.Request) bool {
	return (f.Method == "" || f.Method == r.Method) && (f.Path == "" || glob(f.Path, r.URL.EscapedPath()))
}

// glob reports whether s is pattern, with something for each *.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	first, rest := parts[0], parts[1:]
	if len(rest) == 0 {
		return s == pattern
	}
	s, ok := strings.CutPrefix(s, first)
	if !ok {
		return false
	}
	for _, part := range rest[:len(rest)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, rest[len(rest)-1])
}

// check reports a fault that makes no sense.
func (f *Fault) check() error {
	switch {
	case f.Skip < 0, f.Count < 0, f.Cut < 0, f.Delay < 0:
		return fmt.Errorf("registrytest: Fault: path %q: a negative number", f.Path)
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		return fmt.Errorf("registrytest: Fault: path %q: status %d", f.Path, f.Status)
	case f.Delay == 0 && !f.Hang && f.Status == 0 && f.Body == nil && len(f.Header) == 0 && f.Cut == 0 && !f.Reset:
		return fmt.Errorf("registrytest: Fault: path %q: no effect", f.Path)
	}
	return nil
}

// Faults is a handler that lets requests through to another one, and breaks some.
// For tests of programs that must live with a registry that fails. It is safe for
// concurrent use, also to change the faults while requests are under way.
type Faults struct {
	next http.Handler

	mu       sync.Mutex
	faults   []*activeFault
	requests map[string]int
	cleared  chan struct{} // closed by Clear
}

type activeFault struct {
	Fault
	met int // requests that matched
}

// NewFaults wraps a handler. Nothing fails until it is told to.
func NewFaults(next http.Handler) *Faults {
	return &Faults{next: next, requests: map[string]int{}, cleared: make(chan struct{})}
}

// Add adds a fault. Of several that match a request, the first that has not used
// up its count is the one. It panics if the fault makes no sense: a negative count, or
// no effect.
func (f *Faults) Add(fault Fault) {
	if err := fault.check(); err != nil {
		panic(err)
	}
	fault.Header = maps.Clone(fault.Header)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, &activeFault{Fault: fault})
}

// Clear removes all faults, and ends what waits or hangs: a delay is over at once,
// and a connection that hangs is closed.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
	close(f.cleared)
	f.cleared = make(chan struct{})
}

// Requests returns how many requests came, by method and escaped path:
// "GET /schemas/ids/1".
func (f *Faults) Requests() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.requests)
}

// Total returns how many requests came.
func (f *Faults) Total() (n int) {
	for _, count := range f.Requests() {
		n += count
	}
	return n
}

// ServeHTTP answers, or fails to.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, cleared := f.choose(r)
	if fault == nil {
		f.next.ServeHTTP(w, r)
		return
	}
	if fault.Delay > 0 || fault.Hang {
		fault.wait(r, cleared)
	}
	if fault.Reset || fault.Hang || r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // closes the connection
	}
	fault.answer(f.next, w, r)
}

// wait waits as the fault says, but not longer than the client does.
func (f *Fault) wait(r *http.Request, cleared <-chan struct{}) {
	// That a client has gone away is noticed only once its body is read.
	body, err := io.ReadAll(io.LimitReader(r.Body, maxFaultBody))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
	var over <-chan time.Time
	if !f.Hang {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
	case <-r.Context().Done():
	case <-cleared:
	}
}

// maxFaultBody is how much of a body is read before a request waits.
const maxFaultBody = 16 << 20

// choose counts a request and returns the fault that it meets, or nil, and what
// tells that the faults were cleared.
func (f *Faults) choose(r *http.Request) (*Fault, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests[r.Method+" "+r.URL.EscapedPath()]++
	for _, fault := range f.faults {
		if !fault.matches(r) || fault.Count > 0 && fault.met >= fault.Skip+fault.Count {
			continue
		}
		fault.met++
		if fault.met > fault.Skip {
			chosen := fault.Fault
			return &chosen, f.cleared
		}
	}
	return nil, nil
}

// answer sends what the registry would, changed.
func (f *Fault) answer(next http.Handler, w http.ResponseWriter, r *http.Request) {
	var body []byte
	header := http.Header{}
	status := f.Status
	switch {
	case f.Body != nil:
		body = []byte(*f.Body)
		if status == 0 {
			status = http.StatusOK
		}
	case status != 0:
		body = fmt.Appendf(nil, `{"error_code":%d,"message":%q}`, status, http.StatusText(status))
		header.Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	default:
		held := &heldAnswer{header: header, status: http.StatusOK}
		next.ServeHTTP(held, r)
		body, status = held.body, held.status
	}
	maps.Copy(header, f.Header)
	maps.Copy(w.Header(), header)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body[:max(len(body)-f.Cut, 0)])
	if f.Cut > 0 {
		if err := http.NewResponseController(w).Flush(); err == nil || len(body) == 0 {
			panic(http.ErrAbortHandler)
		}
	}
}

// heldAnswer keeps what a handler answers.
type heldAnswer struct {
	header http.Header
	status int
	body   []byte
}

func (h *heldAnswer) Header() http.Header    { return h.header }
func (h *heldAnswer) WriteHeader(status int) { h.status = status }
func (h *heldAnswer) Write(b []byte) (int, error) {
	h.body = slices.Concat(h.body, b)
	return len(b), nil
}
