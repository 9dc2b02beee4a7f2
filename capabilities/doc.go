// Package capabilities decides what an extension may do.
//
// A guest reaches the outside by one function, which names a method: "query:ai.ocr". Everything that follows from
// that name is decided here, before anything leaves the sandbox:
//
//	"query:ai.ocr" ── ParseMethod ──► Method ─┐
//	{"url": …}     ── TargetOf ─────► Target ─┴─► Authority.Decide ──► Decision
//	                  (grammar)                   (three sources)
//
// # Methods
//
// [ParseMethod] is the grammar and the first fence: what passes it is made of a few harmless characters, so that it may
// become part of a subject, a log line or a header. A method names a kind (queries read, actions change), an operation, and
// perhaps a version.
//
// # Patterns
//
// An extension's manifest lists patterns of methods. They match whole tokens, because matching text lets look-alikes in:
//
//	ai.ocr         the operation ai.ocr and all its versions; not ai.ocr_admin, not ai.ocr.raw
//	ai.ocr.v1      that version of it, when the method names it
//	vdfs. vdfs.*   every operation below vdfs
//	query:         every query
//	query:vdfs.    every query below vdfs
//
// Some operations hand out what others keep ([IsSensitive]). No pattern that could mean them without saying so grants them: they
// need their full name.
//
// # Three sources
//
// A call is allowed when the extension's manifest asks for it (a [Grant]), the operator's [Policy] allows it, and the owner of the
// [Library] granted it. An [Authority] holds the latter two and puts the three together. What one of them does not allow is denied, and a
// denial wins over all allowances of its source. Every rule has a name: denials tell it, and [Authority.Explain] shows what each source says.
//
// A [Scope] narrows methods to targets: hosts, credentials, kinds of entries. What a call is aimed at, [TargetOf] reads from its payload, and
// [ParseAddress] brings URLs into the one form in which they are compared.
//
// A job acts in its own library. "*" among a manifest's libraries means that the extension may run in any of them, never that a job of
// one may reach into another: for that, the other library's id must be in the list.
//
// The rules of a source are indexed by operation and host, so that a decision costs the same with two rules and with two hundred.
//
// # Rates and budgets
//
// What an extension may do it may not do without end: package quota counts, across the cluster.
//
// The package is pure: it knows neither NATS nor WebAssembly. What operator and owners say comes from a [Store], which bus fulfils.
package capabilities
