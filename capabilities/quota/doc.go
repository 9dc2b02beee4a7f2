// Package quota counts what extensions use, so that limits hold across a cluster of workers.
//
// Two kinds of limit are counted. A rate bounds the requests in any minute, wherever the minute starts. A budget bounds what is
// used of a [Resource] in a calendar [Period] in UTC: calls, bytes, tokens of AI models, fuel. Rules say which hold for an extension
// ([Compile]); each rule leads to an [Account] of an extension, perhaps of one library or of some operations, and where several
// rules lead to the same one, the smallest limit holds.
//
// # Leases
//
// Asking somebody for each call would cost a round trip, and letting each worker count for itself would let twenty workers through
// twenty times the limit. So tokens are lent:
//
//	guest ── call ──► Meter ──► Purse ══ Request ══► Ledger ──► Records
//	                  (lines)   (leases)             (counts)   (what survives)
//
// A worker holds a [Purse] for each account it uses. The purse has leases: some tokens each, good for two seconds. Taking one is a few
// additions in memory. Before a lease is used up the worker asks for the next, as large as its demand was. What it did not use of a
// lease it gives back: by saying how many it used, once it will use no more of it.
//
// One process of the cluster has the [Ledger], which lends. It never lends more than what is left of the limit, counting every token
// lent as used until it is told otherwise. A lease is a duration, measured by the ledger from when it lends, and by the worker from when it
// asked, which is earlier: clocks need not agree. When the ledger cannot be reached, leases end, and nothing more is let through.
//
// # A minute
//
// A token lent at g for a duration d may be used at any moment until g+d, so it counts until a minute after that ([window]). When the
// worker says that it used the lease up, what it used counts from then instead. So with demand for it nearly all of the limit is used:
// a minute in each 60 to 62 seconds.
//
// # What survives
//
// The ledger keeps its counts in memory, and in [Records] what a successor needs. It writes ahead: a record says what is counted, and
// room for so many more, which it may then lend without writing again. Whoever reads the record counts the room as used. So whatever
// happens to the process that has the ledger, between any two lines, nothing that was lent is forgotten; and two processes that both
// believe to have the ledger lend from room that both count. A record is written by compare-and-set: of two such processes one is
// refused, forgets what it knew of the account, and reads again. What this costs is the room of the lost one: at most a sixteenth of a
// rate for a minute, a hundredth of a budget for its period.
//
// # What is known only afterwards
//
// How long an answer is, how many tokens a model took and how much fuel a job burned is known when it has happened. A call, or a job, is
// let in while there is something left of the budget, and what it took is counted then. Such a budget can be passed by what is
// under way when it is reached, and by no more: what comes after is refused.
package quota
