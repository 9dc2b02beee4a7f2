package archtest

import (
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// source is a Go file of this repository.
type source struct {
	// path is the file's, from the root, with slashes.
	path string
	// pkg is the name in its package clause.
	pkg     string
	imports []string
	// code counts the lines that hold more than a comment.
	code int
}

// folder is where the file is.
func (s source) folder() string { return path.Dir(s.path) }

// inTestFile tells whether the file is built for tests only.
func (s source) inTestFile() bool { return strings.HasSuffix(s.path, "_test.go") }

// tree is what the rules look at.
type tree struct {
	sources []source
	// guests are the folders of extensions, which have a manifest.
	guests []string
	// top are the folders at the root.
	top []string
}

// test tells whether a file is for tests only: a test itself, or in a package for tests.
func (t *tree) test(s source) bool { return s.inTestFile() || t.forTests(s.folder()) }

// forTests tells whether a package is for tests only: it is named for that (bustest), or is one of internal that imports
// testing.
func (t *tree) forTests(folder string) bool {
	return strings.HasSuffix(folder, "test") || below(folder, "internal") && slices.ContainsFunc(t.sources, func(s source) bool {
		return s.folder() == folder && !s.inTestFile() && slices.Contains(s.imports, "testing")
	})
}

// load reads a repository. Hidden folders, testdata and modules of their own are no part of it.
func load(root fs.FS) (*tree, error) {
	t := &tree{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return t.enter(root, name)
		case path.Base(name) == "manifest.json" && name != "manifest.json":
			t.guests = append(t.guests, path.Dir(name))
		case path.Ext(name) == ".go":
			return t.read(root, name)
		}
		return nil
	})
	return t, err
}

func (t *tree) enter(root fs.FS, name string) error {
	if name == "." {
		return nil
	}
	base := path.Base(name)
	_, err := fs.Stat(root, path.Join(name, "go.mod"))
	if strings.HasPrefix(base, ".") || base == "testdata" || name == "bin" || err == nil {
		return fs.SkipDir
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !strings.Contains(name, "/") {
		t.top = append(t.top, name)
	}
	return nil
}

func (t *tree) read(root fs.FS, name string) error {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
	if err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	s := source{path: name, pkg: file.Name.Name, code: codeLines(text)}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		s.imports = append(s.imports, imported)
	}
	t.sources = append(t.sources, s)
	return nil
}

// codeLines counts the lines that hold more than a comment.
func codeLines(text []byte) int {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0) // without comments
	lines := map[int]bool{}
	for {
		pos, tok, literal := s.Scan()
		switch {
		case tok == token.EOF:
			return len(lines)
		case tok == token.SEMICOLON && literal == "\n":
			continue // not written there
		}
		first := file.Line(pos)
		for i := range strings.Count(literal, "\n") + 1 {
			lines[first+i] = true
		}
	}
}

// write makes a tree of files for the tests of the rules.
func write(tb testing.TB, files map[string]string) *tree {
	tb.Helper()
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	t, err := load(root)
	if err != nil {
		tb.Fatalf("load tree: %v", err)
	}
	return t
}
