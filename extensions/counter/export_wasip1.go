package main

import airlock "github.com/airlock-run/airlock/sdk/go"

//go:wasmexport execute_test_counter
func executeTestCounter(context, contextLen, state, stateLen uint32) int32 {
	return airlock.Execute("counter", context, contextLen, state, stateLen)
}
