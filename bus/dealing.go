package bus

import (
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// What workers and the dealer say to each other; docs/protocol.md has the shapes.

const (
	// workerTimeout is after how long without a beat a worker's jobs are dealt to others.
	workerTimeout = 6 * time.Second
	// beatPause is how often a worker says that it is there.
	beatPause = workerTimeout / 3
)

// report is what a worker tells the dealer: what became of deals, and every beatPause how it stands.
type report struct {
	Worker string `json:"worker"`
	// Returned are deals whose guest has returned: their slots are free.
	Returned []uint64 `json:"returned,omitempty"`
	// Ended are deals whose job has an outcome on disk.
	Ended []uint64 `json:"ended,omitempty"`
	// Parents are the jobs whose sub-jobs are among the ended.
	Parents []uuid.UUID `json:"parents,omitempty"`
	// Held are deals whose job has no outcome, and goes on later.
	Held []heldDeal `json:"held,omitempty"`
	Beat *beat      `json:"beat,omitempty"`
}

// heldDeal says how a job stands that was dealt and has no outcome.
type heldDeal struct {
	Deal  uint64 `json:"deal"`
	State State  `json:"state"`
	// Due is when a scheduled job goes on.
	Due time.Time `json:"due,omitzero"`
	// Pending is how many sub-jobs a waiting job waits for.
	Pending int `json:"pending,omitempty"`
}

// beat is how a worker stands.
type beat struct {
	Slots    int  `json:"slots"`
	Draining bool `json:"draining,omitempty"`
	// Version is that of the worker's program.
	Version string `json:"version,omitempty"`
	// Received is the newest deal of the dealer that the worker obeys which it has received, and Epoch that dealer's epoch.
	Received uint64 `json:"received"`
	Epoch    uint64 `json:"epoch"`
	// Deals are all deals the worker has that are neither ended nor held.
	Deals []dealtJob `json:"deals,omitempty"`
	// Leaving says that the worker is gone with this.
	Leaving bool `json:"leaving,omitempty"`
}

// dealtJob is a job a worker has.
type dealtJob struct {
	Deal     uint64 `json:"deal"`
	Subject  string `json:"subject"`
	Sequence uint64 `json:"sequence"`
	Returned bool   `json:"returned,omitempty"`
}

// A deal's number has the dealer's epoch in its upper half, so that no two dealers give the same.
func dealNumber(epoch, n uint64) uint64 { return epoch<<32 | n&0xffffffff }

// jobAddress is what the subject of a job says.
type jobAddress struct {
	Extension string
	Priority  Priority
	Library   uuid.UUID
	Job       uuid.UUID
}

// parseJobSubject takes apart what JobSubject made.
func parseJobSubject(subject string) (jobAddress, bool) {
	rest, ok := strings.CutPrefix(subject, "airlock.job.")
	if !ok {
		return jobAddress{}, false
	}
	extension, rest, _ := strings.Cut(rest, ".")
	priority, rest, _ := strings.Cut(rest, ".")
	library, job, ok := strings.Cut(rest, ".")
	if !ok || extension == "" {
		return jobAddress{}, false
	}
	a := jobAddress{Extension: extensionID(extension), Priority: Priority(priority)}
	var err1, err2 error
	a.Library, err1 = uuid.Parse(library)
	a.Job, err2 = uuid.Parse(job)
	if err1 != nil || err2 != nil || a.Priority != High && a.Priority != Normal && a.Priority != Low {
		return jobAddress{}, false
	}
	return a, true
}

// parseTime reads a time in a header; the zero time for none.
func parseTime(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

func parseUint(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}
