package kafka

import "log/slog"

// Join returns hooks that call Logger, Stats and Error of h and of more, in that order. A client has one
// Token: it is a [*ConfigError] if both have one.
func (h Hooks) Join(more Hooks) (Hooks, error) {
	switch {
	case h.Logger == nil:
		h.Logger = more.Logger
	case more.Logger != nil && more.Logger != h.Logger:
		h.Logger = slog.New(slog.NewMultiHandler(h.Logger.Handler(), more.Logger.Handler()))
	}
	var err error
	switch {
	case h.Token == nil:
		h.Token = more.Token
	case more.Token != nil:
		err = &ConfigError{Key: "Hooks.Token", Reason: "is set twice: a client has one"}
	}
	h.Stats = both(h.Stats, more.Stats)
	h.Error = both(h.Error, more.Error)
	return h, err
}

// both calls two functions, either of which may be nil.
func both[T any](first, second func(T)) func(T) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(v T) {
		first(v)
		second(v)
	}
}
