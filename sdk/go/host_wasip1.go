//go:build wasip1

package airlock

import (
	"runtime"
	"unsafe"
)

//go:wasmimport spacedrive spacedrive_call
func spacedriveCall(method unsafe.Pointer, methodLen uint32, library unsafe.Pointer, payload unsafe.Pointer, payloadLen uint32) uint32

//go:wasmimport spacedrive spacedrive_call_many
func spacedriveCallMany(calls unsafe.Pointer, callsLen uint32) uint32

//go:wasmimport spacedrive spacedrive_log
func spacedriveLog(level int32, message unsafe.Pointer, messageLen uint32)

//go:wasmimport spacedrive job_report_progress
func jobReportProgress(job unsafe.Pointer, fraction float32, message unsafe.Pointer, messageLen uint32)

//go:wasmimport spacedrive job_checkpoint
func jobCheckpoint(job unsafe.Pointer, state unsafe.Pointer, stateLen uint32) int32

//go:wasmimport spacedrive job_check_interrupt
func jobCheckInterrupt(job unsafe.Pointer) int32

//go:wasmimport spacedrive job_add_warning
func jobAddWarning(job unsafe.Pointer, message unsafe.Pointer, messageLen uint32)

//go:wasmimport spacedrive job_increment_bytes
func jobIncrementBytes(job unsafe.Pointer, count int64)

//go:wasmimport spacedrive job_increment_items
func jobIncrementItems(job unsafe.Pointer, count int64)

//go:wasmimport spacedrive register_job
func registerJob(name unsafe.Pointer, nameLen uint32, export unsafe.Pointer, exportLen uint32, resumable int32) int32

// imports is the real host.
type imports struct{}

func (imports) Call(method string, library *UUID, payload []byte) []byte {
	address := spacedriveCall(text(method), uint32(len(method)), unsafe.Pointer(library), data(payload), uint32(len(payload)))
	// The call may come back into this module, which may collect garbage.
	runtime.KeepAlive(method)
	runtime.KeepAlive(library)
	runtime.KeepAlive(payload)
	return taken(address)
}

func (imports) CallMany(calls []byte) []byte {
	address := spacedriveCallMany(data(calls), uint32(len(calls)))
	runtime.KeepAlive(calls)
	return taken(address)
}

func (imports) Log(level Level, message string) {
	spacedriveLog(int32(level), text(message), uint32(len(message)))
}

func (imports) Progress(job UUID, fraction float32, message string) {
	jobReportProgress(unsafe.Pointer(&job), fraction, text(message), uint32(len(message)))
}

func (imports) Checkpoint(job UUID, state []byte) bool {
	return jobCheckpoint(unsafe.Pointer(&job), data(state), uint32(len(state))) == 0
}

func (imports) CheckInterrupt(job UUID) Interrupt {
	return Interrupt(jobCheckInterrupt(unsafe.Pointer(&job)))
}

func (imports) Warn(job UUID, message string) {
	jobAddWarning(unsafe.Pointer(&job), text(message), uint32(len(message)))
}

func (imports) AddBytes(job UUID, count int64) { jobIncrementBytes(unsafe.Pointer(&job), count) }

func (imports) AddItems(job UUID, count int64) { jobIncrementItems(unsafe.Pointer(&job), count) }

func (imports) RegisterJob(name, export string, resumable bool) bool {
	var flag int32
	if resumable {
		flag = 1
	}
	return registerJob(text(name), uint32(len(name)), text(export), uint32(len(export)), flag) == 0
}

func text(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }

func data(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
