// Counter is an extension that counts. It does, host call for host call, what Spacedrive's test extension does, so that a host
// can be compared with it: every round asks whether to stop, reports progress and counts an item; every tenth saves a
// checkpoint. It makes no calls and needs no permission.
//
//	airlock job submit counter:counter --input '{"current":0,"target":25,"processed":[]}'
package main

import airlock "github.com/airlock-run/airlock/sdk/go"

func init() {
	airlock.Describe("Counter", "0.1.0")
	airlock.Register(airlock.Job{Name: "counter", Resumable: true, Export: "execute_test_counter", Run: count, Warm: warm})
}

// main never runs: a host calls the module's exports.
func main() {}
