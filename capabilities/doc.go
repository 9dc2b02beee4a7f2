// Package capabilities decides what an extension may do.
//
// A guest reaches the outside by one function, which names a method: "query:ai.ocr". Everything that follows from
// that name is decided here, before anything leaves the sandbox:
//
//	"query:ai.ocr" ── ParseMethod ──► Method ── Grant.Authorize ──► Decision
//	                  (grammar)                 (pattern, library)
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
// # Grants
//
// A [Grant] is what one extension really has: patterns, libraries and a rate, compiled once and read by every call.
// What it does not grant is denied. A denial says what was asked, why not, and which line in the manifest would change
// that, since the person who reads it is most often the extension's author.
//
// A job acts in its own library. "*" among the libraries means that the extension may run in any of them, never that a job of
// one may reach into another: for that, the other library's id must be in the list.
//
// # Rates and budgets
//
// What an extension may do it may not do without end: package quota counts, across the cluster.
//
// The package is pure: it knows neither NATS nor WebAssembly, and keeps no state.
package capabilities
