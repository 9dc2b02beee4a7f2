package spectest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// engineModule is the Go module that carries the suite.
const engineModule = "github.com/tetratelabs/wazero"

// suite is the specification's tests, as files.
type suite struct {
	// host is the module "spectest", from which scripts import.
	host    []byte
	scripts []script
}

// script is a list of commands, and the modules they are about.
type script struct {
	// name tells the version of the suite and the script, as in v1/linking.
	name     string
	features api.CoreFeatures
	source   string
	commands []command
	// modules holds the files that commands name.
	modules fs.FS
}

// command is one step of a script. Which fields are set depends on its kind.
type command struct {
	Kind       string  `json:"type"`
	Line       int     `json:"line"`
	Name       string  `json:"name"`
	File       string  `json:"filename"`
	As         string  `json:"as"`
	Action     action  `json:"action"`
	Expected   []value `json:"expected"`
	ModuleType string  `json:"module_type"`
	Text       string  `json:"text"`
}

// action is what a command does with an instance: it invokes a function or gets a global.
type action struct {
	Kind   string  `json:"type"`
	Module string  `json:"module"`
	Field  string  `json:"field"`
	Args   []value `json:"args"`
}

// load reads the suite. It asks the go command where the engine's module is.
func load(ctx context.Context) (*suite, error) {
	dir, err := engineDir(ctx)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(os.DirFS(dir), "internal/integration_test/spectest")
	if err != nil {
		return nil, fmt.Errorf("open suite: %w", err)
	}
	var s suite
	if s.host, err = fs.ReadFile(files, "testdata/spectest.wasm"); err != nil {
		return nil, fmt.Errorf("read host module of the suite: %w", err)
	}
	for version, features := range map[string]api.CoreFeatures{"v1": api.CoreFeaturesV1, "v2": api.CoreFeaturesV2} {
		modules, err := fs.Sub(files, version+"/testdata")
		if err != nil {
			return nil, fmt.Errorf("open suite %s: %w", version, err)
		}
		lists, err := fs.Glob(modules, "*.json")
		if err != nil || len(lists) == 0 {
			return nil, fmt.Errorf("find scripts of %s: %d there: %w", version, len(lists), errors.Join(err, fs.ErrNotExist))
		}
		for _, list := range lists {
			one := script{name: version + "/" + strings.TrimSuffix(list, ".json"), features: features, modules: modules}
			if err := one.read(list); err != nil {
				return nil, err
			}
			s.scripts = append(s.scripts, one)
		}
	}
	return &s, nil
}

func (s *script) read(list string) error {
	raw, err := fs.ReadFile(s.modules, list)
	if err != nil {
		return fmt.Errorf("read script %s: %w", s.name, err)
	}
	var content struct {
		Source   string    `json:"source_filename"`
		Commands []command `json:"commands"`
	}
	if err := json.Unmarshal(raw, &content); err != nil {
		return fmt.Errorf("decode script %s: %w", s.name, err)
	}
	s.source, s.commands = path.Base(content.Source), content.Commands
	return nil
}

func engineDir(ctx context.Context) (string, error) {
	var problem bytes.Buffer
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", engineModule)
	list.Stderr = &problem
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("find module %s: %w: %s", engineModule, err, bytes.TrimSpace(problem.Bytes()))
	}
	dir := string(bytes.TrimSpace(out))
	if dir == "" {
		return "", fmt.Errorf("find module %s: it is not in the module cache; run go mod download", engineModule)
	}
	return dir, nil
}
