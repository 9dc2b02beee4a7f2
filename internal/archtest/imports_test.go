package archtest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/airlock-run/airlock"

// layer says what of ours the packages of a folder may import besides their own folder.
type layer struct {
	folder string
	may    []string
	// inTests is what their tests may import beyond that.
	inTests []string
	// pure keeps all modules of others away but these; nil lets any in.
	pure    []string
	because string
}

// layers are the folders at the top. A folder that is missing here may import nothing of ours.
var layers = []layer{
	{
		folder: "bus", inTests: []string{"extensions"},
		because: "bus is what the others stand on; it knows none of them",
	},
	{
		folder: "capabilities", pure: []string{"github.com/goccy/go-yaml", "github.com/goccy/go-yaml/ast", "github.com/goccy/go-yaml/parser", "github.com/google/uuid", "golang.org/x/net/idna", "golang.org/x/time/rate"},
		because: "who may do what is decided without a bus and without an engine, so that it can be read and tested alone",
	},
	{
		folder: "extensions", may: []string{"capabilities"},
		because: "a catalogue needs to know what may be granted, and nothing else; bus fulfils its Store",
	},
	{
		folder: "runner", may: []string{"bus", "capabilities", "extensions"}, inTests: []string{"internal"},
		because: "runner and operations meet only on the bus, so that each can run without the other, elsewhere",
	},
	{
		folder: "operations", may: []string{"bus", "capabilities", "extensions"}, inTests: []string{"internal"},
		because: "runner and operations meet only on the bus, so that each can run without the other, elsewhere",
	},
	{
		folder: "client", may: []string{"bus"}, inTests: []string{"internal"}, pure: []string{"github.com/google/uuid"},
		because: "an application that enqueues jobs carries no engine and no database",
	},
	{
		folder: "sdk", pure: []string{},
		because: "what guests are built from is small and depends on nothing",
	},
	{
		folder: "examples/operation", may: []string{"bus", "operations"}, inTests: []string{"internal"},
		because: "an operation of one's own is written with the framework Airlock's are written in",
	},
	{
		folder: "examples", may: []string{"client", "sdk"}, inTests: []string{"internal"},
		because: "an example shows what anyone can write",
	},
	{
		folder: "internal", may: everything,
		because: "internal wires the parts together, and helps tests",
	},
	{
		folder: "cmd", may: everything,
		because: "cmd wires the parts together",
	},
}

var everything = []string{"bus", "capabilities", "client", "extensions", "internal", "operations", "runner", "sdk"}

// guest is the layer of an extension's folder, wherever it is.
var guest = layer{
	may:     []string{"sdk"},
	because: "a guest is built from the sdk alone, as everybody's is",
}

// owner says who alone may import a module of others.
type owner struct {
	imported string
	folders  []string
	// tests tells that tests anywhere may import it as well.
	tests   bool
	because string
}

var owners = []owner{
	{
		imported: "github.com/nats-io", folders: []string{"bus", "internal/bench"}, tests: true,
		because: "only bus speaks NATS, so that its words are to be read in one place; bench measures NATS without us beside it",
	},
	{
		imported: "github.com/synadia-io", folders: []string{"bus", "internal/bench"}, tests: true,
		because: "only bus speaks NATS, so that its words are to be read in one place; bench measures NATS without us beside it",
	},
	{
		imported: "github.com/tetratelabs/wazero", folders: []string{"runner", "operations/ai", "internal/bench"},
		because: "only runner runs guests; ai configures the engine inside pdfium",
	},
}

func TestImports(t *testing.T) {
	t.Parallel()
	repository, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatalf("load repository: %v", err)
	}
	if n := len(repository.sources); n < 50 {
		t.Fatalf("found %d Go files: this is not the repository", n)
	}
	for _, problem := range wrongImports(repository) {
		t.Error(problem)
	}
}

// wrongImports tells which files import what they may not.
func wrongImports(t *tree) []string {
	var problems []string
	for _, s := range t.sources {
		for _, imported := range s.imports {
			if because := refusal(t, s, imported); because != "" {
				problems = append(problems, fmt.Sprintf("%s imports %s: %s", s.path, imported, because))
			}
		}
	}
	return problems
}

// refusal says why a file may not import something; empty when it may.
func refusal(t *tree, s source, imported string) string {
	for _, o := range owners {
		allowed := belowAny(s.path, o.folders) || o.tests && t.test(s)
		if below(imported, o.imported) && !allowed {
			return o.because
		}
	}
	l := layerOf(t, s)
	ours, isOurs := strings.CutPrefix(imported, module+"/")
	switch {
	case !t.test(s) && !below(s.path, "internal/bench") && (imported == "testing" || isOurs && t.forTests(ours)): // bench is not in the program
		return "what is for tests stays out of the program"
	case !isOurs:
		if l.pure != nil && !t.test(s) && !standard(imported) && !slices.Contains(l.pure, imported) {
			return l.because
		}
		return ""
	case guestOf(t, ours) != "" && guestOf(t, ours) != guestOf(t, s.path) && !below(s.path, "internal/eval"): // eval is not in the program
		return "a guest is loaded, never linked in"
	case below(ours, l.folder), belowAny(ours, l.may), t.test(s) && belowAny(ours, l.inTests):
		return ""
	}
	return l.because
}

// layerOf returns the rules for a file.
func layerOf(t *tree, s source) layer {
	if folder := guestOf(t, s.path); folder != "" {
		l := guest
		l.folder = folder
		return l
	}
	for _, l := range layers {
		if below(s.path, l.folder) {
			return l
		}
	}
	return layer{folder: s.folder(), because: "its folder has no rule in internal/archtest"}
}

// guestOf returns the folder of the extension that a path is in; empty for none.
func guestOf(t *tree, name string) string {
	i := slices.IndexFunc(t.guests, func(folder string) bool { return below(name, folder) })
	if i < 0 {
		return ""
	}
	return t.guests[i]
}

// standard tells whether a package is of the standard library: the first part of its path has no dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

func belowAny(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return below(name, folder) })
}

// below tells whether a path is a folder's or of something in it.
func below(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

func TestWrongImports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, imports string
		refused       bool
	}{
		"runner_to_bus":                    {"runner/a.go", module + "/bus", false},
		"runner_to_operations":             {"runner/a.go", module + "/operations/ai", true},
		"runner_test_to_operations":        {"runner/a_test.go", module + "/operations", true},
		"operations_to_runner":             {"operations/ai/a.go", module + "/runner", true},
		"operations_test_to_runner":        {"operations/ai/a_test.go", module + "/runner/sandbox", true},
		"operations_within":                {"operations/ai/a.go", module + "/operations/store", false},
		"operations_to_internal":           {"operations/a.go", module + "/internal/node", true},
		"operations_test_to_internal":      {"operations/a_test.go", module + "/internal/pgtest", false},
		"operationstest_to_internal":       {"operations/operationstest/a.go", module + "/internal/pgtest", false},
		"operations_to_test_package":       {"operations/a.go", module + "/operations/operationstest", true},
		"operations_to_testing":            {"operations/a.go", "testing", true},
		"operations_to_likeness_of_bus":    {"operations/a.go", module + "/busses", true},
		"bus_to_extensions":                {"bus/a.go", module + "/extensions", true},
		"bus_test_to_extensions":           {"bus/a_test.go", module + "/extensions/storetest", false},
		"bus_test_to_runner":               {"bus/a_test.go", module + "/runner", true},
		"capabilities_to_bus":              {"capabilities/a.go", module + "/bus", true},
		"capabilities_to_uuid":             {"capabilities/a.go", "github.com/google/uuid", false},
		"capabilities_to_std":              {"capabilities/a.go", "net/netip", false},
		"capabilities_to_others":           {"capabilities/a.go", "golang.org/x/crypto/ed25519", true},
		"capabilities_test_to_cmp":         {"capabilities/a_test.go", "github.com/google/go-cmp/cmp", false},
		"extensions_to_capabilities":       {"extensions/a.go", module + "/capabilities", false},
		"extensions_to_bus":                {"extensions/a.go", module + "/bus", true},
		"extensions_to_guest":              {"extensions/a.go", module + "/extensions/finance/receipt", true},
		"runner_to_guest":                  {"runner/a.go", module + "/extensions/finance/receipt", true},
		"guest_to_sdk":                     {"extensions/finance/a.go", module + "/sdk/go", false},
		"guest_to_another_guest":           {"extensions/finance/a.go", module + "/extensions/counter", true},
		"cmd_test_to_guest":                {"cmd/airlock/a_test.go", module + "/extensions/finance/receipt", true},
		"eval_to_guest":                    {"internal/eval/a.go", module + "/extensions/finance/process", false},
		"guest_within":                     {"extensions/finance/a.go", module + "/extensions/finance/receipt", false},
		"guest_to_capabilities":            {"extensions/finance/receipt/a.go", module + "/capabilities", true},
		"guest_to_extensions":              {"extensions/finance/a.go", module + "/extensions", true},
		"guest_test_to_bus":                {"extensions/finance/a_test.go", module + "/bus", true},
		"sdk_to_others":                    {"sdk/go/a.go", "github.com/google/uuid", true},
		"sdk_to_bus":                       {"sdk/go/a.go", module + "/bus", true},
		"client_to_bus":                    {"client/a.go", module + "/bus", false},
		"client_to_runner":                 {"client/a.go", module + "/runner", true},
		"client_to_extensions":             {"client/a.go", module + "/extensions", true},
		"client_to_internal":               {"client/a.go", module + "/internal/node", true},
		"client_test_to_bustest":           {"client/a_test.go", module + "/bus/bustest", false},
		"client_to_uuid":                   {"client/a.go", "github.com/google/uuid", false},
		"client_to_others":                 {"client/a.go", "modernc.org/sqlite", true},
		"example_to_client":                {"examples/enqueue/main.go", module + "/client", false},
		"example_to_bus":                   {"examples/enqueue/main.go", module + "/bus", true},
		"example_operation_to_operations":  {"examples/operation/main.go", module + "/operations", false},
		"example_operation_to_runner":      {"examples/operation/main.go", module + "/runner", true},
		"cmd_to_runner":                    {"cmd/airlock/a.go", module + "/runner", false},
		"unknown_folder":                   {"stray/a.go", module + "/bus", true},
		"nats_in_bus":                      {"bus/a.go", "github.com/nats-io/nats.go/jetstream", false},
		"nats_in_runner":                   {"runner/a.go", "github.com/nats-io/nats.go", true},
		"nats_in_cmd":                      {"cmd/airlock/a.go", "github.com/nats-io/nats-server/v2/server", true},
		"nats_in_a_test_of_runner":         {"runner/a_test.go", "github.com/nats-io/nats.go", false},
		"orbit_in_client":                  {"client/a.go", "github.com/synadia-io/orbit.go/jetstreamext", true},
		"wazero_in_runner":                 {"runner/sandbox/a.go", "github.com/tetratelabs/wazero/api", false},
		"wazero_in_ai":                     {"operations/ai/ocr/a.go", "github.com/tetratelabs/wazero", false},
		"wazero_in_other_operations":       {"operations/vdfs/a.go", "github.com/tetratelabs/wazero", true},
		"wazero_in_a_test_of_capabilities": {"capabilities/a_test.go", "github.com/tetratelabs/wazero", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := wrongImports(write(t, map[string]string{
				c.file:                             "package a\n\nimport _ \"" + c.imports + "\"\n",
				"extensions/finance/manifest.json": "{}",
				"extensions/counter/manifest.json": "{}",
			}))
			if refused := len(problems) > 0; refused != c.refused {
				t.Errorf("refused: %v, want %v (%q)", refused, c.refused, problems)
			}
		})
	}
}

func TestWrongImportsNamesFileAndReason(t *testing.T) {
	t.Parallel()
	got := wrongImports(write(t, map[string]string{"runner/a.go": "package runner\n\nimport \"" + module + "/operations\"\n"}))
	want := []string{
		"runner/a.go imports " + module + "/operations: runner and operations meet only on the bus, so that each can run " +
			"without the other, elsewhere",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
