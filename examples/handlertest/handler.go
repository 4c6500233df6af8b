// How do I test my handler? The code under test is in this file; handler_test.go
// shows the test: a broker and a registry in process, real records in, and a look
// at what came of them.
package main

import (
	"context"
	"errors"
	"sync"

	"github.com/kavro/kavro"
)

// Payment is what the handler gets.
type Payment struct {
	Account string `avro:"account"`
	Cents   int64  `avro:"cents"`
}

var paymentSchema = kavro.MustParseSchema(`{"type": "record", "name": "Payment", "namespace": "example", "fields": [
	{"name": "account", "type": "string"},
	{"name": "cents", "type": "long"}]}`)

// Ledger keeps balances. Its Handle is what a program would give to Run.
type Ledger struct {
	mu       sync.Mutex
	balances map[string]int64
}

var errNegative = errors.New("a payment cannot be negative")

// Handle books one payment.
func (l *Ledger) Handle(_ context.Context, msg *kavro.Message[string, Payment]) error {
	if msg.Value.Cents < 0 {
		return errNegative
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.balances == nil {
		l.balances = map[string]int64{}
	}
	l.balances[msg.Value.Account] += msg.Value.Cents
	return nil
}

// Balance returns what an account has.
func (l *Ledger) Balance(account string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.balances[account]
}
