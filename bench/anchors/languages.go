package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed rust java
var sources embed.FS

// language is how a program is built and started.
type language struct {
	name  string
	tools []string // the first prints the version
	// build builds in dir, which has the sources, and returns the command to start; schema and datum are files.
	build func(ctx context.Context, dir, schema, datum string) (*exec.Cmd, error)
}

var languages = []language{
	{name: "Rust", tools: []string{"cargo"}, build: buildRust},
	{name: "Java", tools: []string{"java", "mvn"}, build: buildJava},
}

func buildRust(ctx context.Context, dir, schema, datum string) (*exec.Cmd, error) {
	if err := inFolder(ctx, dir, "cargo", "build", "--release", "--quiet"); err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, filepath.Join(dir, "target", "release", "anchors"), schema, datum), nil
}

func buildJava(ctx context.Context, dir, schema, datum string) (*exec.Cmd, error) {
	folder := filepath.Join(dir, "src", "main", "avro")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(schema)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "order.avsc"), text, 0o644)
	}
	if err == nil {
		err = inFolder(ctx, dir, "mvn", "-q", "-B", "-Dstyle.color=never", "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath")
	}
	if err != nil {
		return nil, err
	}
	libraries, err := os.ReadFile(filepath.Join(dir, "classpath"))
	if err != nil {
		return nil, err
	}
	classes := filepath.Join(dir, "target", "classes") + string(filepath.ListSeparator) + string(libraries)
	// Avro's faster reader is off by default, and its allow-list of classes does not have a program's own.
	return exec.CommandContext(ctx, "java", "-Dorg.apache.avro.fastread=true", "-Dorg.apache.avro.SERIALIZABLE_PACKAGES=shop,java.lang,java.util",
		"-cp", classes, "Main", datum), nil
}

// missing names a tool that is not there, "" if all are.
func (l language) missing() string {
	for _, tool := range l.tools {
		if _, err := exec.LookPath(tool); err != nil {
			return tool
		}
	}
	return ""
}

// version is the first line that the language's tool prints about itself.
func (l language) version(ctx context.Context) string {
	out, _ := exec.CommandContext(ctx, l.tools[0], "--version").Output() // "" is a version nobody knows
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}

// start builds the program in a folder within dir and starts it.
func (l language) start(ctx context.Context, dir string) (*program, error) {
	in, err := datum()
	if err != nil {
		return nil, err
	}
	schema, data, folder := filepath.Join(dir, "order.avsc"), filepath.Join(dir, "order.datum"), strings.ToLower(l.name)
	part, err := fs.Sub(sources, folder)
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, folder), part)
	}
	if err == nil {
		err = os.WriteFile(schema, []byte(order.AvroSchema().String()), 0o644)
	}
	if err == nil {
		err = os.WriteFile(data, in, 0o644)
	}
	if err != nil {
		return nil, err
	}
	fmt.Printf("%s: building\n", l.name)
	cmd, err := l.build(ctx, filepath.Join(dir, folder), schema, data)
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	return startProgram(cmd)
}

// inFolder runs a tool, whose output is shown.
func inFolder(ctx context.Context, dir string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", cmd, err)
	}
	return nil
}
