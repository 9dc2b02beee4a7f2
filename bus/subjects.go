package bus

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// Every subject Airlock uses is made here; docs/protocol.md lists them.
const (
	eventSubjects    = "airlock.event.>"
	jobSubjects      = "airlock.job.>"
	scheduleSubjects = "airlock.schedule.>"
	runSubjects      = "airlock.run.>"
	activitySubjects = "airlock.activity.>"
	// tickPrefix is followed by the name of a recurring schedule that is due.
	tickPrefix     = "airlock.tick."
	tickSubjects   = tickPrefix + "*"
	recurSubjects  = "airlock.recur.*"
	leaseSubjects  = "airlock.lease.*"
	uniqueSubjects = "airlock.unique.>"
	childSubjects  = "airlock.child.>"
	// ledgerPrefix is followed by the name of a record of the ledger.
	ledgerPrefix   = "airlock.ledger."
	ledgerSubjects = ledgerPrefix + ">"
	auditSubjects  = "airlock.audit.>"

	// dealerSubject is where workers report to the dealer, helloSubject where a new dealer asks all workers to.
	dealerSubject      = "airlock.dealer"
	poolReportSubjects = dealerSubject + ".*.*"
	helloSubject       = "airlock.worker.hello"
	controlSubject     = "airlock.worker.control"
)

// EventSubject is where an event of a type in a library is published.
func EventSubject(library uuid.UUID, eventType string) string {
	return "airlock.event." + library.String() + "." + eventType
}

// JobSubject is where a job is published.
func JobSubject(extension string, priority Priority, library, job uuid.UUID) string {
	return "airlock.job." + extensionToken(extension) + "." + string(priority) + "." + library.String() + "." + job.String()
}

// ScheduleSubject is where a job waits for the time it is due.
func ScheduleSubject(job uuid.UUID) string { return "airlock.schedule." + job.String() }

// RunSubject holds the run record of a job.
func RunSubject(job uuid.UUID) string { return "airlock.run." + job.String() }

// ActivitySubject is where a running job tells what it does.
func ActivitySubject(job uuid.UUID, kind ActivityKind) string {
	return "airlock.activity." + job.String() + "." + string(kind)
}

// dealSubject is where a worker gets jobs.
func dealSubject(worker string) string { return "airlock.worker.deal." + extensionToken(worker) }

// poolDealSubject is where a worker of a pool gets jobs of an extension. Its NATS user may listen there for the extensions of the pool alone.
func poolDealSubject(pool, worker, extension string) string {
	return "airlock.worker.deal." + pool + "." + extensionToken(worker) + "." + extensionToken(extension)
}

// poolReportSubject is where a worker of a pool reports to the dealer that it runs jobs of an extension.
func poolReportSubject(pool, extension string) string {
	return dealerSubject + "." + pool + "." + extensionToken(extension)
}

// parsePoolReport takes apart what poolReportSubject made.
func parsePoolReport(subject string) (pool, extension string, ok bool) {
	rest, ok := strings.CutPrefix(subject, dealerSubject+".")
	if !ok {
		return "", "", false
	}
	pool, token, ok := strings.Cut(rest, ".")
	return pool, extensionID(token), ok
}

// recordSubject is where the workers of a pool have the records of an extension's jobs read and written.
func recordSubject(extension, verb string) string {
	return "airlock.record." + extensionToken(extension) + "." + verb
}

// uniqueSubject holds the claim of a unique key.
func uniqueSubject(job *Job) string {
	key := sha256.Sum256([]byte(job.Unique.Key))
	return "airlock.unique." + extensionToken(job.Extension) + "." + job.Name + "." + job.Library.String() + "." + hex.EncodeToString(key[:16])
}

// childSubject notes that a job has a sub-job; uuid.Nil stands for any.
func childSubject(parent, child uuid.UUID) string {
	if child == uuid.Nil {
		return "airlock.child." + parent.String() + ".*"
	}
	return "airlock.child." + parent.String() + "." + child.String()
}

// recurSubject holds the server's schedule of a recurring job, and tickSubject is where the server tells that it is due.
func recurSubject(name string) string { return "airlock.recur." + strings.ReplaceAll(name, ".", "~") }
func tickSubject(name string) string  { return tickPrefix + strings.ReplaceAll(name, ".", "~") }

func ledgerSubject(name string) string { return ledgerPrefix + name }

func leaseSubject(name string) string { return "airlock.lease." + name }

// CallSubject is where an extension calls an operation. The extension "*" makes the subject a service listens on.
func CallSubject(extension string, kind Kind, operation string) string {
	return "airlock.call." + extensionToken(extension) + "." + string(kind) + "." + operation
}

// APISubject is where the tools ask a service of Airlock.
func APISubject(service, verb string) string { return "airlock.api." + service + "." + verb }

// parseCallSubject takes apart what CallSubject made.
func parseCallSubject(subject string) (extension string, kind Kind, operation string, ok bool) {
	rest, ok := strings.CutPrefix(subject, "airlock.call.")
	if !ok {
		return "", "", "", false
	}
	token, rest, ok := strings.Cut(rest, ".")
	if !ok {
		return "", "", "", false
	}
	k, operation, ok := strings.Cut(rest, ".")
	if !ok || operation == "" {
		return "", "", "", false
	}
	return extensionID(token), Kind(k), operation, true
}

// extensionToken makes one token of an extension's id: ids may contain '.', which separates tokens, and cannot contain
// '_', so nothing is lost.
func extensionToken(id string) string { return strings.ReplaceAll(id, ".", "_") }

func extensionID(token string) string { return strings.ReplaceAll(token, "_", ".") }
