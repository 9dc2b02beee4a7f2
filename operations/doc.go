// Package operations is the small framework Airlock's operations are written in. An operation is what a guest can call:
// a name, a type that goes in, a type that comes out, and a function.
//
//	operations.Query("vdfs.get_entry", func(ctx context.Context, call *bus.Call, in getEntry) (entry, error) { … })
//	operations.Action("credentials.store", func(ctx context.Context, tx *store.Tx, call *bus.Call, in storeInput) (struct{}, error) { … })
//
// The operations of a domain are served together, as one NATS micro service, by Serve. Any number of processes may serve
// a domain: each call reaches one of them.
//
// # Queries read
//
// A query changes nothing, may be asked again at any time, and needs nothing but its function.
//
// # Actions change, once
//
// A guest may be started again at its last checkpoint and repeat its calls; a reply may be lost and the call sent again.
// So an action's effect, the call's key, the hash of the request and the answer are written in one transaction, which is
// why its function gets that transaction and keeps all it changes inside. The same call again is answered from the
// record. The same key with another request is another call and is executed. A call without a key has no such protection.
//
// The record's row is added before the function runs. Of two identical calls at the same time one adds it; the other
// waits for the row, and finds the answer. An error is not recorded: it rolls back everything, the row as well, so
// nothing was changed that a repeat could change twice, and a call that failed because of the state of things (the
// path was taken, the database away) can succeed when it is repeated and the state is another.
//
// The attempt that calls must be the newest of its job. That is asked before the record, so that an attempt which was
// replaced learns it.
//
// What takes long or reaches outside the database (large content, encryption) has no place in the transaction.
// PreparedAction runs a first function for it, before.
//
// # Input and output
//
// Input is JSON in UTF-8; an empty payload is null. From the types come JSON Schemas (package schema), which the service tells in its metadata
// and which input is held to: what does not fit is invalid_argument, with the place as a JSON pointer. Unknown fields are ignored. Output is what encoding/json makes of it, null for struct{} and nil. An output that JSON
// cannot carry (NaN) or that is larger than a message takes is an error, and an action with such an output has no effect.
//
// An error that is a *bus.Error goes to the guest. The text of any other goes to the log, and the guest gets internal,
// or unavailable when the database does not answer.
package operations
