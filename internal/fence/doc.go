// Package fence writes the configuration of a NATS server that holds Airlock's parts apart: a second fence, outside our code, for the day on which
// one of them is taken over.
//
// A Directory is what `airlock auth` works on: a certificate authority and a server certificate, the configuration, and a Member for each user,
// with a key of its own. The server knows public keys alone; the seed is in the member's file, and nowhere else. Keys are nkeys and not JWTs: one
// server, or one cluster, whose configuration is a file, needs no operator, no resolver and no second tool to revoke somebody.
//
// # Two kinds of member
//
// Workers, operations, the console and operations of others are users of one account, in which the streams are. Each may publish and listen on what
// rights.go lists for its role, and nothing else; replies reach it in an inbox that nobody else may listen on.
//
// That is not enough for those who may be hostile. NATS checks on what subject a client publishes, and not where it wants the answer: whoever may
// ask JetStream for a message he has put there can have the server publish it anywhere in the account. So clients and the workers of a pool have
// an account each. What they may use is imported into it, subject by subject, and an answer goes nowhere but to their own account.
//
// # Keys
//
// A member has one key, or two while one replaces the other: Rotate adds a key, and both are valid until Retire removes the older. The server takes a new
// configuration without dropping who stays: `nats-server --signal reload`, or SIGHUP.
package fence
