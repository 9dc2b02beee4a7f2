package sandboxtest

import (
	"embed"
	"maps"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/runner/sandbox"
)

//go:embed hostile/*.wasm
var files embed.FS

// Guest is a guest that means harm: a module and one of its jobs.
type Guest struct {
	// Class is what it tries, Name tells it from others of its class.
	Class, Name string
	Options     sandbox.Options
	Job         string
	Limits      sandbox.Limits
	// Error is what its run must fail with, as a part of the error; empty for one that ends with its context alone.
	Error string

	wasm func() []byte
}

// Wasm is the module.
func (g *Guest) Wasm() []byte { return g.wasm() }

// Input is what its run begins with.
func (g *Guest) Input() sandbox.Input {
	return sandbox.Input{JobID: uuid.Nil, Job: g.Job, Context: []byte("{}"), Limits: g.Limits}
}

// maxMemory is what a guest may have, in bytes.
const maxMemory = 512 << 20

const (
	depth  = "limit of call depth: calls are nested so deeply that they take more than "
	memory = "limit of memory: the guest wanted more than its 536870912 bytes"
)

// written are the jobs of the modules in the folder hostile, and what they must fail with.
var written = map[string]map[string]string{
	"loops": {"tight": "", "values": "", "nested": "", "left": "", "states": "", "calls": "", "loops_called": ""},
	"recursion": {
		"twice": "", "mutual": "", "indirect": "", "looping": "", "way_back": "", "up_and_down": "",
		"endless": depth, "endless_table": depth, "endless_pair": depth, "endless_export": depth,
	},
	"bulk": {
		"fill": "", "copy": "", "copy_back": "", "copy_steps": "", "fill_lines": "", "init": "",
		"table_fill": "", "table_copy": "", "table_init": "", "table_grow": "", "table_grow_all": "",
	},
	"growth": {
		"trap_at_limit": memory, "at_once": memory, "beyond": "the guest trapped: unreachable", "refused": "", "hoard": "",
		"touch_all": "", "settle_and_grow": "", "every_other": "", "random_reads": "",
	},
	"floods": {
		"log": "", "log_broken": "", "log_nothing": "", "print_breaks": "", "print": "", "ask": "", "clock": "", "save": "", "save_large": "",
		"call": "", "call_large": "", "call_many": "", "poll": "", "random": "", "register": "", "yield": "",
		"sleep_an_hour": "", "sleep_for_ever": "", "sleep_a_little": "",
		"exit": "the guest exited with code 0 (proc_exit)", "exit_large": "the guest exited with code 4294967295 (proc_exit)",
	},
}

// made are the modules that consist of one thing many times over, and what their job must fail with.
var made = []struct {
	class, name string
	wasm        func() []byte
	fails       string
}{
	{"dense", "references", references, ""},
	{"dense", "divisions", divisions, ""},
	{"dense", "roots", roots, ""},
	{"dense", "denormals", denormals, ""},
	{"dense", "denormal products", denormalProducts, ""},
	{"dense", "denormal conversions", denormalConversions, ""},
	{"dense", "functions", functions, ""},
	{"straight", "numbers", straight, ""},
	{"straight", "stores", straightStores, ""},
	{"straight", "branches", ladder, ""},
	{"stack", "results", wideResults, depth},
	{"stack", "parameters", wideParameters, depth},
	{"stack", "up and down", wideUpAndDown, ""},
	{"stack", "loop", wideLoop, ""},
	{"stack", "branches", wideBranches, ""},
	{"stack", "spills", spills, depth},
	{"stack", "locals", locals, depth},
	{"allocators", "loops", allocator("\x00\x03\x40\x0c\x00\x0b\x00\x0b"), ""},
	{"allocators", "recurses", allocator("\x00\x20\x00\x10\x01\x1a\x20\x00\x10\x01\x0b"), depth},
	{"allocators", "traps", allocator("\x00\x00\x0b"), "wasm_alloc: the guest trapped: unreachable"},
	{"allocators", "has nothing", allocator("\x00\x41\x00\x0b"), "the guest has no memory for its context of 2 bytes"},
	{"allocators", "answers -1", allocator("\x00\x41\x7f\x0b"), "wasm_alloc: answered 4294967295 for 2 bytes, which is outside of the guest's memory of 65536 bytes"},
	{"allocators", "answers the end", allocator("\x00\x41\xff\xff\x03\x0b"), "wasm_alloc: answered 65535 for 2 bytes"},
	{"allocators", "grows all", allocator("\x00\x03\x40\x41\x01\x40\x00\x41\x7f\x47\x0d\x00\x0b\x00\x0b"), "limit of memory: "},
}

func allocator(body string) func() []byte {
	return func() []byte { return program{alloc: []byte(body)}.wasm() }
}

// limited are jobs that come to a limit when they have one, and not to their deadline.
var limited = []Guest{
	{Class: "loops", Job: "tight", Limits: sandbox.Limits{Fuel: 1_000_000}, Error: "limit of fuel: all of 1000000 units are used up"},
	{Class: "loops", Job: "nested", Limits: sandbox.Limits{Fuel: 1_000_000}, Error: "limit of fuel: all of 1000000 units are used up"},
	{Class: "recursion", Job: "twice", Limits: sandbox.Limits{Fuel: 1_000_000}, Error: "limit of fuel: all of 1000000 units are used up"},
	{Class: "bulk", Job: "fill", Limits: sandbox.Limits{Fuel: 1_000_000}, Error: "limit of fuel: all of 1000000 units are used up"},
	{Class: "floods", Job: "ask", Limits: sandbox.Limits{HostCalls: 1000}, Error: "limit of host calls: more than 1000"},
	{Class: "floods", Job: "clock", Limits: sandbox.Limits{HostCalls: 1000}, Error: "limit of host calls: more than 1000"},
	{Class: "floods", Job: "call", Limits: sandbox.Limits{HostCalls: 1000}, Error: "limit of host calls: more than 1000"},
	{Class: "floods", Job: "log", Limits: sandbox.Limits{LogBytes: 1000}, Error: "limit of log bytes: more than 1000"},
	{Class: "floods", Job: "log_broken", Limits: sandbox.Limits{LogBytes: 1000}, Error: "limit of log bytes: more than 1000"},
	{Class: "floods", Job: "log_nothing", Limits: sandbox.Limits{LogBytes: 1000}, Error: "limit of log bytes: more than 1000"},
	{Class: "floods", Job: "print", Limits: sandbox.Limits{LogBytes: 1000}, Error: "limit of log bytes: more than 1000"},
	{Class: "floods", Job: "save", Limits: sandbox.Limits{Checkpoints: 10}, Error: "limit of checkpoints: more than 10"},
}

// unlimited has those limits out of the way that would end a guest before its deadline.
var unlimited = sandbox.Limits{HostCalls: math.MaxInt64, LogBytes: math.MaxInt64, Checkpoints: math.MaxInt64}

// Hostile lists the guests, by class and name, in an order that stays.
func Hostile() []Guest {
	var guests []Guest
	add := func(g Guest) {
		g.Options.MaxMemory = maxMemory
		guests = append(guests, g)
	}
	for _, class := range sorted(written) {
		for _, job := range sorted(written[class]) {
			add(Guest{Class: class, Name: job, Job: job, Limits: unlimited, Error: written[class][job], wasm: file(class)})
		}
	}
	for _, m := range made {
		add(Guest{Class: m.class, Name: m.name, Job: "j", Limits: unlimited, Error: m.fails, wasm: m.wasm})
	}
	for _, g := range limited {
		g.Name, g.wasm = g.Job+" with a limit", file(g.Class)
		add(g)
	}
	return guests
}

func file(class string) func() []byte {
	return func() []byte {
		wasm, _ := files.ReadFile("hostile/" + class + ".wasm") // a test finds what is not there
		return wasm
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
