package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// flags is a command's flag set. Flags may stand before, between and after the
// arguments.
type flags struct {
	*flag.FlagSet
}

func newFlags(env *environment, name, args string) *flags {
	f := flag.NewFlagSet("kavro "+name, flag.ContinueOnError)
	f.SetOutput(env.err)
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "usage: kavro %s %s\n\n", name, args)
		f.PrintDefaults()
	}
	return &flags{f}
}

// parse returns the arguments that are not flags: from least to most of them,
// any number if most is negative. Flags may stand in any place; what follows -- is
// none.
func (f *flags) parse(args []string, least, most int) ([]string, error) {
	var rest []string
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			rest = append(rest, args[1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest, args = append(rest, arg), args[1:]
			continue
		}
		n := min(f.length(arg), len(args))
		if err := f.Parse(args[:n]); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			if f.names(arg) == nil {
				fmt.Fprintf(f.Output(), "\nIf %s is no flag, put -- before it.\n", arg)
			}
			return nil, errReported
		}
		args = args[n:]
	}
	if len(rest) < least || most >= 0 && len(rest) > most {
		if len(rest) > least {
			fmt.Fprintf(f.Output(), "too many arguments: %s\n", strings.Join(rest, " "))
		}
		f.Usage()
		return nil, errReported
	}
	return rest, nil
}

// names is the flag that an argument names, nil if there is none.
func (f *flags) names(arg string) *flag.Flag {
	name, _, _ := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	return f.Lookup(name)
}

// length is how many arguments a flag takes, itself included.
func (f *flags) length(arg string) int {
	known := f.names(arg)
	if known == nil || strings.Contains(arg, "=") {
		return 1
	}
	if b, ok := known.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
		return 1
	}
	return 2
}

// size is a flag for a number of bytes.
type size int

func (s *size) String() string { return strconv.Itoa(int(*s)) }

// Set reads a number, with K, M or G (1,024, 1,048,576, ...) or none. KB and KiB
// are the same as K.
func (s *size) Set(text string) error {
	digits := strings.TrimRight(strings.ToUpper(text), "IB")
	shift := 0
	if i := strings.IndexAny(digits, "KMG"); i >= 0 && i == len(digits)-1 {
		shift = 10 * (strings.IndexByte("KMG", digits[i]) + 1)
		digits = digits[:i]
	}
	n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 31)
	if err != nil || n == 0 || n<<shift > math.MaxInt32 {
		return errors.New("want a number of bytes, such as 4M, from 1 to 2G-1")
	}
	*s = size(n << shift)
	return nil
}
