package archtest

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// maxCode is how many lines of code a file may have, comments and empty lines not counted. Most should have a third.
const maxCode = 400

// vague are names that say nothing of what is inside, so that anything ends up there.
var vague = []string{"util", "utils", "common", "helpers", "models", "base", "manager", "types"}

// settled are the folders at the top.
var settled = []string{
	"bus", "capabilities", "client", "cmd", "docs", "examples", "extensions", "internal", "operations", "runner", "sdk",
}

func TestShape(t *testing.T) {
	t.Parallel()
	repository, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatalf("load repository: %v", err)
	}
	for _, problem := range misshapen(repository) {
		t.Error(problem)
	}
}

// misshapen tells which files are too long, which packages have a vague name, and which folders do not belong.
func misshapen(t *tree) []string {
	var problems []string
	for _, s := range t.sources {
		if s.code > maxCode && !s.inTestFile() {
			problems = append(problems, fmt.Sprintf("%s has %d lines of code, at most %d: what is the second thing in it?", s.path, s.code, maxCode))
		}
		for _, name := range []string{s.pkg, path.Base(s.folder())} {
			if slices.Contains(vague, strings.TrimSuffix(name, "_test")) {
				problems = append(problems, fmt.Sprintf("%s: %q says nothing of what is inside; name it after that", s.path, name))
				break
			}
		}
	}
	for _, folder := range t.top {
		if !slices.Contains(settled, folder) {
			problems = append(problems, folder+"/: the folders at the top are settled; it belongs in one of them")
		}
	}
	return problems
}

func TestMisshapen(t *testing.T) {
	t.Parallel()
	long := "package a\n\n" + strings.Repeat("// A comment counts for nothing.\n\nvar _ = 1\n", maxCode-1)
	for name, c := range map[string]struct {
		file, text string
		refused    bool
	}{
		"longest_file":     {"bus/a.go", long, false},
		"too_long_file":    {"bus/a.go", long + "var _ = 2\n", true},
		"too_long_text":    {"bus/a.go", "package a\n\nvar _ = `" + strings.Repeat("\n", maxCode) + "`\n", true},
		"long_test":        {"bus/a_test.go", long + "var _ = 2\n", false},
		"vague_package":    {"bus/a.go", "package types\n", true},
		"vague_tests":      {"bus/a_test.go", "package helpers_test\n", true},
		"vague_folder":     {"bus/common/a.go", "package bus\n", true},
		"telling_name":     {"bus/typeset/a.go", "package typeset\n", false},
		"new_folder":       {"lib/a.go", "package a\n", true},
		"hidden_folder":    {".build/lib/a.go", "package a\n", false},
		"module_of_itself": {"internal/tools/go.mod", "module tools\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := misshapen(write(t, map[string]string{c.file: c.text}))
			if refused := len(problems) > 0; refused != c.refused {
				t.Errorf("refused: %v, want %v (%q)", refused, c.refused, problems)
			}
		})
	}
}

func TestCodeLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"none":               {"", 0},
		"comments_and_blank": {"// Package a.\n/*\nmore\n*/\n\npackage a\n", 1},
		"comment_behind":     {"package a // a\n\nvar b = 1 /* one\n*/\n", 2},
		"text_of_three":      {"package a\n\nvar b = `\n// no comment\n`\n", 4},
		"parentheses":        {"package a\n\nvar (\n\tb = 1\n)\n", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := codeLines([]byte(c.text)); got != c.want {
				t.Errorf("%d lines of code, want %d", got, c.want)
			}
		})
	}
}
