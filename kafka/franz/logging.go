package franz

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"
)

// logger makes a kgo.Logger of l, with the levels that log_level and debug allow and l is enabled
// for. kgo's Info lines describe normal operation, with several lines for each flush, join and
// metadata request. librdkafka logs such lines at level 7 only, and so does this.
func (s *settings) logger(l *slog.Logger) kgo.Logger {
	highest := kgo.LogLevelDebug
	if s.debug == "" {
		switch {
		case s.logLevel == 0:
			highest = kgo.LogLevelNone
		case s.logLevel <= 3:
			highest = kgo.LogLevelError
		case s.logLevel <= 6:
			highest = kgo.LogLevelWarn
		}
	}
	return logAdapter{l, highest}
}

type logAdapter struct {
	*slog.Logger
	highest kgo.LogLevel
}

// Level is called before each line, since the level of a handler may change.
func (a logAdapter) Level() kgo.LogLevel {
	level := a.highest
	for level > kgo.LogLevelNone && !a.Enabled(context.Background(), slogLevel(level)) {
		level--
	}
	return level
}

func (a logAdapter) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	a.Logger.Log(context.Background(), slogLevel(level), msg, keyvals...)
}

func slogLevel(l kgo.LogLevel) slog.Level {
	switch l {
	case kgo.LogLevelError:
		return slog.LevelError
	case kgo.LogLevelWarn:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
