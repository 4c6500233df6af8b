// Moduleproxy writes the modules of this tree into a folder that the go command
// takes for a module proxy, so that they can be fetched as users fetch them:
// with no workspace and no replace.
//
//	moduleproxy -version v0.1.0 ROOT OUT MODULE...
//	GOPROXY=file://OUT,... GONOSUMDB=github.com/kavro/kavro GOWORK=off go get github.com/kavro/kavro@v0.1.0
//
// ROOT is the folder of the root module, each MODULE the folder of a module in it, "."
// for ROOT itself. All get the same version. The tree is taken as it lies in the folder.
//
// Layout of OUT: https://go.dev/ref/mod#goproxy-protocol
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

func main() {
	version := flag.String("version", "v0.1.0", "the version that every module gets")
	flag.Parse()
	if flag.NArg() < 3 {
		log.Fatal("usage: moduleproxy [-version V] ROOT OUT MODULE...")
	}
	root, out := flag.Arg(0), flag.Arg(1)
	for _, dir := range flag.Args()[2:] {
		m, err := write(filepath.Join(root, dir), out, *version)
		if err != nil {
			log.Fatalf("%s: %v", dir, err)
		}
		fmt.Println(m)
	}
}

// write adds the module in dir to the proxy in out.
func write(dir, out, version string) (module.Version, error) {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return module.Version{}, err
	}
	m := module.Version{Path: modfile.ModulePath(mod), Version: version}
	escaped, err := module.EscapePath(m.Path)
	if err != nil {
		return m, err
	}
	at := filepath.Join(out, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return m, err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{version, time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return m, err
	}
	for name, data := range map[string][]byte{"list": []byte(version + "\n"), version + ".info": info, version + ".mod": mod} {
		if err := os.WriteFile(filepath.Join(at, name), data, 0o644); err != nil {
			return m, err
		}
	}
	f, err := os.Create(filepath.Join(at, version+".zip"))
	if err != nil {
		return m, err
	}
	if err := zip.CreateFromDir(f, m, dir); err != nil {
		f.Close()
		return m, err
	}
	return m, f.Close()
}
