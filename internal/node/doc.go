// Package node is a process of Airlock: the roles it can play, and how they are wired.
//
//	Up          an embedded NATS server, one worker and all operations
//	Worker      a worker that joins a cluster
//	Operations  all operations, for a cluster
//
// Each blocks until its context ends, and returns when all it started has ended: first the worker, which needs
// operations until its last job has ended, then operations, then the bus.
package node
