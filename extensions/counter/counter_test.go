package main

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

func info(message string) string { return fmt.Sprintf("spacedrive_log(info, %q)", message) }

// rounds is what counting from one number to another does, without checkpoints.
func rounds(from, to, target int) (trace []string) {
	for i := from + 1; i <= to; i++ {
		trace = append(trace, "job_check_interrupt()",
			fmt.Sprintf("job_report_progress(%.3f, %q)", float32(i)/float32(target), fmt.Sprintf("Counted %d/%d", i, target)),
			"job_increment_items(1)")
	}
	return trace
}

func joined(parts ...[]string) (trace []string) {
	for _, part := range parts {
		trace = append(trace, part...)
	}
	return trace
}

func TestCounter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		input       string
		interruptAt int
		code        int32
		trace       []string
	}{
		"counts to the end": {
			input: `{"current":0,"target":25,"processed":[]}`,
			trace: joined(
				[]string{info("Starting counter (current: 0, target: 25)")},
				rounds(0, 10, 25), []string{"job_checkpoint(131 bytes)"},
				rounds(10, 20, 25), []string{"job_checkpoint(231 bytes)"},
				rounds(20, 25, 25),
				[]string{info("✓ Completed! Processed 25 items"), info("Job test_counter completed successfully")},
			),
		},
		"goes on where it was": {
			input: `{"current":20,"target":25,"processed":["item_1"]}`,
			trace: joined(
				[]string{info("Starting counter (current: 20, target: 25)")},
				rounds(20, 25, 25),
				[]string{info("✓ Completed! Processed 6 items"), info("Job test_counter completed successfully")},
			),
		},
		"interrupted": {
			input: `{"current":0,"target":25,"processed":[]}`, interruptAt: 5, code: 1,
			trace: joined(
				[]string{info("Starting counter (current: 0, target: 25)")},
				rounds(0, 4, 25),
				[]string{
					"job_check_interrupt()",
					info("Interrupted, saving state..."), "job_checkpoint(75 bytes)",
					info("Job interrupted, checkpoint saved"), "job_checkpoint(75 bytes)",
				},
			),
		},
		"no input": {
			trace: []string{
				info("Starting counter (current: 0, target: 0)"),
				info("✓ Completed! Processed 0 items"), info("Job test_counter completed successfully"),
			},
		},
		"a field is missing": {
			input: `{}`, code: 2,
			trace: []string{"spacedrive_log(error, \"decode state: missing field `current`\")"},
		},
		"a number is negative": {
			input: `{"current":-1,"target":25,"processed":[]}`, code: 2,
			trace: []string{`spacedrive_log(error, "decode state: json: cannot unmarshal number -1 into Go struct field .current of type uint32")`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := airlocktest.New(t)
			if test.interruptAt > 0 {
				host.InterruptAt(test.interruptAt, airlock.Pause)
			}
			if code := host.Run("counter", airlocktest.WithState([]byte(test.input))); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if diff := cmp.Diff(test.trace, host.Trace()); diff != "" {
				t.Errorf("host calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCounterMakes80HostCalls(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	host.Run("counter", airlocktest.WithInput(counter{Target: 25, Processed: []string{}}))
	if got := len(host.Trace()); got != 80 {
		t.Errorf("%d host calls, want 80", got)
	}
}

func TestCounterResumes(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	host.InterruptAt(13, airlock.Pause)
	if code := host.Run("counter", airlocktest.WithInput(counter{Target: 25, Processed: []string{}})); code != 1 {
		t.Fatalf("exit code %d, want 1", code)
	}
	host.InterruptAt(100, airlock.Pause)
	if code := host.Run("counter", airlocktest.Resumed()); code != 0 {
		t.Fatalf("exit code %d, want 0", code)
	}
	if host.Items() != 25 {
		t.Errorf("%d items, want each of 25 once", host.Items())
	}
}

func TestCounterInit(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	if code := host.Init(); code != 0 {
		t.Fatalf("plugin_init answers %d, want 0", code)
	}
	want := []string{
		info("Counter v0.1.0 initializing..."), info("Registering job: counter"),
		"register_job(counter, execute_test_counter, true)", info("✓ Counter v0.1.0 initialized!"),
	}
	if diff := cmp.Diff(want, host.Trace()); diff != "" {
		t.Errorf("host calls (-want +got):\n%s", diff)
	}
}

func TestManifestAsksForNothing(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		ID          string `json:"id"`
		WasmFile    string `json:"wasm_file"`
		Permissions struct {
			Methods []string `json:"methods"`
		} `json:"permissions"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.ID != "counter" || manifest.WasmFile != "counter.wasm" || len(manifest.Permissions.Methods) != 0 {
		t.Errorf("manifest %+v", manifest)
	}
}
