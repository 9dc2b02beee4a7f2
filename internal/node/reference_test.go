package node

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/schema"
)

var update = flag.Bool("update", false, "write docs/operations.md")

const reference = "../../docs/operations.md"

// docs/operations.md is made of the operations themselves: go test ./internal/node -run TestReference -update.
func TestReference(t *testing.T) {
	t.Parallel()
	want := &strings.Builder{}
	want.WriteString(`# Operations

What extensions can call. This page is made of the operations themselves; ` + "`airlock operations list`" + ` shows what is served now, by others too, and
` + "`airlock operations show NAME`" + ` the same as here, from the bus. [operation-authors.md](operation-authors.md) says how to add one.

A field that is not required may be left out or null. Fields that are not listed are ignored; one that is there twice, or is listed but for
capitals, is ` + "`invalid_argument`" + `, as is all that does not fit, with the place as a JSON pointer. Any operation may also answer
` + "`permission_denied`, `resource_exhausted`, `deadline_exceeded`, `cancelled`, `unavailable` and `internal`" + `, an action ` + "`failed_precondition`" + ` for an attempt
that is not its job's newest. [protocol.md](protocol.md#calls) has the rest.
`)
	for _, d := range domains(parts{mail: mail.New(nil, nil, nil, mail.Config{})}) {
		fmt.Fprintf(want, "\n## %s: %s\n", d.name, d.description)
		for _, o := range d.operations {
			describe(t, want, o)
		}
	}
	if *update {
		if err := os.WriteFile(reference, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("docs/operations.md is not what the operations say: go test ./internal/node -run TestReference -update\n%s", diff)
	}
}

func describe(t *testing.T, w *strings.Builder, o operations.Operation) {
	t.Helper()
	fmt.Fprintf(w, "\n### `%s:%s`\n\nIt %s.", o.Kind(), o.Name(), o.Description())
	if capabilities.IsSensitive(o.Name()) {
		w.WriteString(" **Sensitive:** only its full name grants it.")
	}
	w.WriteString("\n")
	for _, part := range []struct {
		name string
		text []byte
	}{{"input", o.Input()}, {"output", o.Output()}} {
		fields, err := schema.Fields(part.text)
		if err != nil {
			t.Fatalf("%s: %v", o.Name(), err)
		}
		if len(fields) == 1 && fields[0].Path == "" {
			word := fields[0].Type
			if word == "object" {
				word = "`null`"
			}
			fmt.Fprintf(w, "\n%s: %s\n", part.name, word)
			continue
		}
		fmt.Fprintf(w, "\n| %s | type | | |\n|---|---|---|---|\n", part.name)
		for _, f := range fields {
			need := ""
			if f.Required && part.name == "input" {
				need = "required"
			}
			if f.Description == "" && part.name == "input" && !strings.Contains(f.Path, ".") {
				t.Errorf("%s: field %s has no description: give it the tag jsonschema", o.Name(), f.Path)
			}
			fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", f.Path, f.Type, need, strings.ReplaceAll(f.Description, "|", "\\|"))
		}
	}
	if o.Sample() != "" {
		fmt.Fprintf(w, "\n```json\n%s\n```\n", o.Sample())
	}
	for _, f := range o.Failures() {
		fmt.Fprintf(w, "\n- `%s`: %s", f.Code, f.When)
	}
	if len(o.Failures()) > 0 {
		w.WriteString("\n")
	}
}
