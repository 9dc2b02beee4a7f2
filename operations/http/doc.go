// Package http sends requests to HTTP servers for guests, which have no network: query:http.request what reads (GET, HEAD, OPTIONS), and
// action:http.request anything.
//
// # Where a request may go
//
// The door of the worker decides about the URL that a guest names. A server can answer with a redirect, so here each hop, the first as well,
// is decided again, by the same rules about the same job ([door.Door]). A redirect from https to http is refused whatever the rules.
//
// Package outside checks the address that a name leads to when the connection is made: one that is not public is refused, unless the operator
// allows it. A proxy would resolve names itself, so none is used, whatever the environment says.
//
// # Credentials
//
// A guest names a credential, which is put in here: an API key and an access token as "Authorization: Bearer …", or an API key in a header
// that the guest names; a user and a password as Basic. It goes by https alone, and only to where the first request went: a redirect to another
// scheme, host or port gets neither the credential, nor the headers of the guest, but for Accept, Accept-Language, Content-Type and User-Agent.
//
// A server that echoes its requests would tell the guest the secret. So what it answers is searched for the secret, as it is and
// in base64, encoded for URLs and for JSON; each is replaced by [Redacted]. That is a net for accidents. Who may aim a credential at a server that
// gives it back in another form gets it: rules that name credentials should name hosts as well.
//
// # Once
//
// What happens at a server cannot be in a transaction of ours. An action carries the header Idempotency-Key, a UUID made of the call's
// key and of what it asks for, unless the guest has set its own: a request that is repeated, as after a crash, has the same. Once a call was answered it is answered from its record and not sent again.
// Identical calls at the same time may each be sent, and get the same answer.
//
// # Limits
//
// | limit | |
// |---|---|
// | body of an answer | 10 MiB of a query and 1 MiB of an action by default; at most 64 MiB and 4 MiB, 100 MiB kept as content |
// | bodies in one process at a time | 256 MiB; others wait |
// | body of a request | 64 MiB in the call, 100 MiB of content |
// | headers of a request, of an answer | 64 KiB in 100, 256 KiB |
// | redirects | 5, at most 10 |
//
// A body in gzip is unpacked; the limits hold for what comes in and for what it unpacks to. Time is the caller's, or less by timeout_ms.
package http
