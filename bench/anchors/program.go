package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// program is one that runs, in another language.
type program struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startProgram(cmd *exec.Cmd) (*program, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &program{cmd: cmd, in: in, out: bufio.NewReader(out)}, cmd.Start()
}

// stop ends the program, which it does with its standard input.
func (p *program) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// line reads one line of the program's.
func (p *program) line() (string, error) {
	text, err := p.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the program has ended: %w", err)
	}
	return strings.TrimRight(text, "\r\n"), nil
}

// ask has n operations of a row done.
func (p *program) ask(row, n int) (string, error) {
	if _, err := fmt.Fprintln(p.in, row, n); err != nil {
		return "", err
	}
	return p.line()
}

// rows are those that the program announces.
func (p *program) rows(l language) (all []row, err error) {
	for i := 0; ; i++ {
		text, err := p.line()
		if err != nil || text == "" {
			return all, err
		}
		op, library, _ := strings.Cut(text, "\t")
		all = append(all, row{op: op, library: library + " (" + l.name + ")",
			run: func(n int) (time.Duration, error) {
				answer, err := p.ask(i, n)
				if err != nil {
					return 0, err
				}
				nanos, err := strconv.ParseInt(answer, 10, 64)
				return time.Duration(nanos), err
			},
			data: func() ([]byte, error) {
				answer, err := p.ask(i, 0)
				if err != nil {
					return nil, err
				}
				return hex.DecodeString(answer)
			},
		})
	}
}
