package capabilities

// aspect is a side of a call that rules may narrow beyond its method: which host it reaches, which credential it uses.
type aspect uint8

const (
	onHTTP aspect = iota
	onUse
	onStore
	onRead
	onSidecar
	onEntry
	onDispatch
	onPublish
	onHear
	aspects
)

// aspectSet is a set of aspects, a bit each.
type aspectSet uint16

func setOf(a aspect) aspectSet { return 1 << a }

func (s aspectSet) has(a aspect) bool { return s&(1<<a) != 0 }

// Operations whose calls have a target that rules may name.
const (
	opRequest      = "http.request"
	opStore        = "credentials.store"
	opDelete       = "credentials.delete"
	opRead         = "credentials.get"
	opWriteSidecar = "vdfs.write_sidecar" //nolint:gosec // the name of an operation
	opReadSidecar  = "vdfs.read_sidecar"
	opCreateEntry  = "vdfs.create_entry"
	opListEntries  = "vdfs.list_entries"
	opSearch       = "search.query"
	opDropSidecar  = "vdfs.delete_sidecar"
	opDispatch     = "jobs.dispatch"
	opPublish      = "events.publish"
	opHear         = "events.hear"
	opMailList     = "mail.list"
	opMailSearch   = "mail.search"
	opMailFetch    = "mail.fetch"
	opMailFlag     = "mail.flag"
)

// Hear is what an extension does whose trigger an event starts. No service answers it; it is decided like a call, so that rules
// about it are written and explained like all others.
var Hear = Method{Kind: Query, Operation: opHear}

// aspectsOf are the aspects that calls of an operation can have.
func aspectsOf(operation string) aspectSet {
	switch operation {
	case opRequest:
		return setOf(onHTTP) | setOf(onUse)
	case opMailList, opMailSearch, opMailFetch, opMailFlag:
		return setOf(onUse)
	case opStore, opDelete:
		return setOf(onStore)
	case opRead:
		return setOf(onRead)
	case opWriteSidecar, opReadSidecar, opDropSidecar:
		return setOf(onSidecar)
	case opCreateEntry, opListEntries, opSearch:
		return setOf(onEntry)
	case opDispatch:
		return setOf(onDispatch)
	case opPublish:
		return setOf(onPublish)
	case opHear:
		return setOf(onHear)
	}
	return 0
}

// Aimed reports whether rules can narrow the method to targets, so that a call of it is decided by its payload too.
func (m Method) Aimed() bool { return aspectsOf(m.Operation) != 0 }

// narrowable are all operations that have aspects.
var narrowable = [...]string{
	opRequest, opStore, opDelete, opRead, opWriteSidecar, opReadSidecar, opDropSidecar,
	opCreateEntry, opListEntries, opSearch, opDispatch, opPublish, opHear,
	opMailList, opMailSearch, opMailFetch, opMailFlag,
}

// aspectWords are what people read of an aspect: the key that names it, and what it is.
var aspectWords = [aspects]struct{ key, noun string }{
	onHTTP:     {"http", "address"},
	onUse:      {"credentials.use", "credential to use"},
	onStore:    {"credentials.store", "credential to store"},
	onRead:     {"credentials.read", "credential to read"},
	onSidecar:  {"sidecars", "sidecar"},
	onEntry:    {"entries", "kind of entry"},
	onDispatch: {"dispatch", "extension whose jobs to dispatch"},
	onPublish:  {"events.publish", "event to publish"},
	onHear:     {"events.hear", "event to hear"},
}
