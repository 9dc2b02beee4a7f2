package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/internal/guests"
	"github.com/airlock-run/airlock/internal/testcache"
)

// What README.md shows is what happens.
func TestReadme(t *testing.T) {
	t.Parallel()
	root := guests.Root(t)
	readme := read(t, filepath.Join(root, "README.md"))
	for _, file := range []string{"main.go", "manifest.json"} {
		if !strings.Contains(readme, read(t, filepath.Join(root, "examples", "greeter", file))) {
			t.Errorf("the README does not show examples/greeter/%s as it is", file)
		}
	}

	dir := testcache.DataDir(t)
	start(t, "up", "--data-dir", dir)
	built := map[string]string{}
	run := func(command string) string {
		for _, name := range []string{"counter", "finance", "greeter"} {
			if path := ".build/guests/" + name; strings.Contains(command, path) {
				if built[name] == "" {
					built[name] = guests.Build(t, name)
				}
				command = strings.ReplaceAll(command, path, built[name])
			}
		}
		command = strings.ReplaceAll(command, "@examples/", "@"+filepath.Join(root, "examples")+"/")
		return must(t, append(words(command), "--data-dir", dir)...)
	}
	t.Run("session", func(t *testing.T) {
		for _, block := range blocks(readme, "console") {
			for _, part := range strings.Split("\n"+block, "\n$ airlock ")[1:] {
				command, shown, _ := strings.Cut(part, "\n")
				if got, want := masked(run(command)), masked(shown); got != want {
					t.Errorf("airlock %s prints\n%s\nand the README shows\n%s", command, got, want)
				}
			}
		}
	})
	t.Run("commands", func(t *testing.T) {
		ran := 0
		for _, block := range blocks(readme, "sh") {
			for line := range strings.Lines(block) {
				command, isCommand := strings.CutPrefix(line, "bin/airlock ")
				if command, _, _ = strings.Cut(command, "#"); isCommand && strings.TrimSpace(command) != "up" {
					run(command)
					ran++
				}
			}
		}
		if ran < 3 {
			t.Errorf("the README has %d commands to run", ran)
		}
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// blocks are the fenced blocks of a language.
func blocks(markdown, language string) []string {
	var found []string
	for _, part := range strings.Split(markdown, "```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		found = append(found, block)
	}
	return found
}

// words splits a command line as a shell does, as far as the README needs it.
func words(command string) []string {
	var found []string
	for _, match := range regexp.MustCompile(`'([^']*)'|"([^"]*)"|(\S+)`).FindAllStringSubmatch(command, -1) {
		found = append(found, match[1]+match[2]+match[3])
	}
	return found
}

// masked takes out of an output what differs from run to run.
func masked(output string) string {
	output = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`).ReplaceAllString(output, "ID")
	output = regexp.MustCompile(`running on \S+,`).ReplaceAllString(output, "running on WORKER,")
	return strings.TrimSpace(output)
}
