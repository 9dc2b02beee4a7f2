//go:build wasip1

package airlock

import "runtime"

//go:wasmexport plugin_init
func pluginInit() int32 {
	answer := Init(imports{})
	warm()
	runtime.GC() // jobs begin with a heap that has no garbage
	return answer
}

//go:wasmexport plugin_cleanup
func pluginCleanup() int32 { return 0 }

//go:wasmexport execute_job
func executeJob(context, contextLen, state, stateLen uint32) int32 {
	return Execute("", context, contextLen, state, stateLen)
}

// Execute runs the job of that name with the arguments the host passed to an export. It is for a job with an Export of its own:
//
//	//go:wasmexport execute_test_counter
//	func executeTestCounter(context, contextLen, state, stateLen uint32) int32 {
//		return airlock.Execute("counter", context, contextLen, state, stateLen)
//	}
func Execute(job string, context, contextLen, state, stateLen uint32) int32 {
	return Run(imports{}, job, copied(context, contextLen), copied(state, stateLen))
}
