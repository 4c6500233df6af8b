package parts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The plugin that copies artifacts, at one version for all.
const mavenDependency = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:"

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
	return Made(name, pom, func(dir string) error {
		file := filepath.Join(dir, "pom.xml")
		if err := os.WriteFile(file, []byte(pom), 0o644); err != nil {
			return err
		}
		return Run(dir, nil, "mvn", "-B", "-ntp", "-q", "-f", file, mavenDependency+"copy-dependencies",
			"-DincludeScope=runtime", "-DoutputDirectory="+dir)
	})
}

// Archive returns a folder with what is in a tar.gz of Maven's
// ("group:artifact:version:tar.gz:classifier").
func Archive(name, artifact string) (string, error) {
	return Made(name, artifact, func(dir string) error {
		if err := Run(dir, nil, "mvn", "-B", "-ntp", "-q", mavenDependency+"copy", "-Dartifact="+artifact, "-DoutputDirectory="+dir); err != nil {
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
	return Made(name, strings.Join(packages, "\n"), func(dir string) error {
		return Run(dir, nil, "python3", append([]string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", dir}, packages...)...)
	})
}

// GoProgram returns the path of a program built from a Go package at a version.
func GoProgram(name, pkg, version string) (string, error) {
	dir, err := Made(name, pkg+"@"+version, func(dir string) error {
		return Run(dir, []string{"GOBIN=" + dir, "GOFLAGS=-mod=mod"}, "go", "install", pkg+"@"+version)
	})
	return filepath.Join(dir, filepath.Base(pkg)), err
}
