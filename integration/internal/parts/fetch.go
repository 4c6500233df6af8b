package parts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The plugins that copy artifacts. Newer ones also read the POMs above that of a
// single artifact, and not all of those are to be had.
const (
	mavenTree   = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
	mavenSingle = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy"
)

// JavaLibrary returns a folder with the jars of artifacts ("group:artifact:version",
// each) and of what they need at run time, for java's class path as "DIR/*".
func JavaLibrary(name string, artifacts ...string) (string, error) {
	var deps strings.Builder
	for _, a := range artifacts {
		p := strings.Split(a, ":")
		if len(p) != 3 {
			return "", fmt.Errorf("parts: %s is not group:artifact:version", a)
		}
		fmt.Fprintf(&deps, "<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n", p[0], p[1], p[2])
	}
	pom := fmt.Sprintf(`<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>kavro</groupId><artifactId>%s</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>%s</dependencies></project>`, name, deps.String())
	return fetched(name, pom, func(dir string) error {
		file := filepath.Join(dir, "pom.xml")
		if err := os.WriteFile(file, []byte(pom), 0o644); err != nil {
			return err
		}
		return maven(dir, "-f", file, mavenTree, "-DincludeScope=runtime", "-DoutputDirectory="+dir)
	})
}

// Archive returns a folder with what is in a tar.gz of Maven's
// ("group:artifact:version:tar.gz:classifier").
func Archive(name, artifact string) (string, error) {
	return fetched(name, artifact, func(dir string) error {
		if err := maven(dir, mavenSingle, "-Dartifact="+artifact, "-DoutputDirectory="+dir); err != nil {
			return err
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
		if err != nil || len(files) != 1 {
			return fmt.Errorf("%d archives, want 1 (%w)", len(files), err)
		}
		if err := Run(dir, nil, "tar", "xzf", files[0]); err != nil {
			return err
		}
		return os.Remove(files[0])
	})
}

// PythonLibrary returns a folder with Python packages ("name==version", each) and
// what they need, for PYTHONPATH.
func PythonLibrary(name string, packages ...string) (string, error) {
	return fetched(name, strings.Join(packages, "\n"), func(dir string) error {
		return Run(dir, nil, "python3", append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", dir}, packages...)...)
	})
}

// GoProgram returns the path of a program built from a package of a module
// ("path@version").
func GoProgram(name, module, pkg string) (string, error) {
	path, version, _ := strings.Cut(module, "@")
	gomod := fmt.Sprintf("module kavro.test/tool\n\ngo 1.25\n\nrequire %s %s\n", path, version)
	dir, err := fetched(name, gomod+pkg, func(dir string) error {
		// "go install pkg@version" would ask for the list of versions as well,
		// which not every module has any more.
		err := errors.Join(
			os.WriteFile(filepath.Join(dir, "go.mod"), []byte(gomod), 0o644),
			os.WriteFile(filepath.Join(dir, "tools.go"), []byte("package tools\n\nimport _ \""+pkg+"\"\n"), 0o644))
		if err != nil {
			return err
		}
		return Run(dir, []string{"GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off"}, "go", "build", "-o", "program", pkg)
	})
	return filepath.Join(dir, "program"), err
}

// maven runs Maven: one at a time, since they share a folder of what they got, and
// told to try again what it could not get today.
func maven(dir string, args ...string) error {
	cache, err := folder()
	if err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(cache, "maven.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	return Run(dir, nil, "mvn", append([]string{"-B", "-ntp", "-q", "-U"}, args...)...)
}

// fetched is Made for what comes from a package registry, which may have a bad
// moment: it tries three times.
func fetched(name, recipe string, fetch func(dir string) error) (string, error) {
	return Made(name, recipe, func(dir string) error {
		for tries := 1; ; tries++ {
			err := fetch(dir)
			if err == nil || tries == 3 {
				return err
			}
			time.Sleep(time.Duration(tries) * 5 * time.Second)
			if err := empty(dir); err != nil {
				return err
			}
		}
	})
}

// empty deletes what is in a folder.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}
