// Package reliability proves by failure what docs/reliability.md promises: that no job is lost, that each has one outcome, and that each
// effect happens once.
//
// Its tests run Airlock as people do: workers are processes of the command itself, NATS is one nats-server or a cluster of three, of
// their own. While jobs run, workers are killed with SIGKILL, servers too, and networks are cut. The guest is restless: no
// two attempts of its job are alike. It calls an operation whose effects are counted by a ledger, a process that knows nothing
// of Airlock: it appends each effect to a file and counts by its name. In the end each effect is in it as often as the job
// wanted it, and each job has completed, once.
//
// The tests are small by default. AIRLOCK_PROOF=2000 makes them that many jobs each.
package reliability
