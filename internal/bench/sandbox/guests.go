package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// Where the guests are, seen from the root of the repository, where this command runs.
var (
	benchGuests   = filepath.Join(".build", "bench-guests")
	shippedGuests = filepath.Join(".build", "guests")
)

// maxMemory is what each guest may have.
const maxMemory = 64 << 20

// task is a job of a guest with its input.
type task struct {
	// name is what the rows call it.
	name string
	// file is the guest's module.
	file string
	job  string
	// input and mail are what the job starts with; most have one of them or neither.
	input, mail []byte
	// calls is how many calls of operations the job makes when it does all that it is to do.
	calls int
}

var (
	smallWork  = task{name: "small guest in C, JSON and 8 host calls", file: filepath.Join(benchGuests, "small.wasm"), job: "work", input: orderDocument(), calls: 1}
	smallEmpty = task{name: "small guest in C, empty job", file: smallWork.file, job: "empty"}
	// wideWork has a stack of 1 MB, which Rust's linker gives a guest unless told otherwise; clang's gives 64 KB.
	wideWork  = task{name: "small guest in C with 1 MB of stack, JSON and 8 host calls", file: filepath.Join(benchGuests, "small-wide.wasm"), job: "work", input: orderDocument(), calls: 1}
	goEmpty   = task{name: "Go guest, empty job", file: filepath.Join(benchGuests, "gojson.wasm"), job: "empty"}
	goJSON    = task{name: "Go JSON, 20 KB there and back", file: goEmpty.file, job: "roundtrip", input: jsonDocument()}
	goHold    = task{name: "Go guest, holding", file: goEmpty.file, job: "hold", input: jsonDocument()}
	goCounter = task{name: "counter", file: filepath.Join(shippedGuests, "counter", "counter.wasm"), job: "counter", input: []byte(`{"current":0,"target":25,"processed":[]}`)}
	finance   = task{name: "finance, a mail of 60 KB", file: filepath.Join(shippedGuests, "finance", "finance.wasm"), job: "process_receipt", mail: mailDocument(), calls: 8}
	loop      = task{name: "tight loop", file: filepath.Join(benchGuests, "loop.wasm"), job: "loop"}
	recursion = task{name: "recursion without a loop", file: filepath.Join(benchGuests, "recursion.wasm"), job: "fib"}
	memory    = task{name: "memory, loads and stores and bulk", file: filepath.Join(benchGuests, "memory.wasm"), job: "sweep"}
)

// module reads the task's guest.
func (t task) module() ([]byte, error) {
	wasm, err := os.ReadFile(t.file)
	if err != nil {
		return nil, fmt.Errorf("read guest: %w; build it with make bench-sandbox", err)
	}
	return wasm, nil
}

// The jobs' ids. The hand-written guests have the first in their memory, which is zeros.
var jobID, libraryID = uuid.Nil, uuid.MustParse("0191d7c2-7c7e-7000-8000-000000000001")

// context is the JSON a job is told about itself with.
func (t task) context() []byte {
	about := map[string]any{"job_id": jobID, "library_id": libraryID, "extension": "bench", "job": t.job, "attempt": 1, "resumed": false}
	if t.mail != nil {
		about["event"] = map[string]any{
			"id": "1", "source": "bench", "type": "mail.received", "datacontenttype": "message/rfc822", "data_base64": t.mail,
		}
	}
	data, err := json.Marshal(about)
	if err != nil {
		panic(err) // texts and numbers
	}
	return data
}
