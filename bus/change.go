package bus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Change is what one message of JOBS or RUNS tells of a job: as much as a list of jobs has a use for.
type Change struct {
	Job       uuid.UUID
	Extension string
	Name      string
	Library   uuid.UUID
	Priority  Priority
	// CreatedAt is the zero time where a record does not tell.
	CreatedAt time.Time
	// Parent is uuid.Nil without one.
	Parent uuid.UUID

	// Version orders what is told of a job: the greater one is the newer, in whatever order they come. The job's own message
	// is older than every record, and one that has it run once more follows the record it names.
	Version uint64
	// Deleted says that what was known of the job is to be forgotten. All but Job and Version is empty then.
	Deleted bool

	State           State
	Attempt         uint64
	Failures        int
	Due             time.Time
	StartedAt       time.Time
	FinishedAt      time.Time
	CancelRequested bool
	Paused          bool
	// Error is the newest failure's, unless the job completed.
	Error    string
	Progress float32
	Message  string

	// Details are, of a job's message, the members of its JSON that nothing else here tells, and without the data of its event; empty
	// when there are none.
	Details []byte
}

// Change is what the record tells a list of jobs.
func (r *Run) Change() *Change {
	c := &Change{
		Job: r.Job, Extension: r.Extension, Name: r.Name, Library: r.Library, Priority: r.Priority, CreatedAt: r.CreatedAt,
		Version: 2 * r.revision, State: r.State, Attempt: r.Attempt, Failures: r.Failures,
		CancelRequested: r.CancelRequested != nil, Paused: r.Paused, Progress: r.Report.Progress, Message: r.Report.Message,
	}
	if r.Parent != nil {
		c.Parent = *r.Parent
	}
	for to, from := range map[*time.Time]*time.Time{&c.Due: r.Due, &c.StartedAt: r.StartedAt, &c.FinishedAt: r.FinishedAt} {
		if from != nil {
			*to = *from
		}
	}
	if n := len(r.Errors); n > 0 && r.State != StateCompleted {
		c.Error = r.Errors[n-1].Error
	}
	return c
}

// decodeRunChange reads a message of RUNS.
func decodeRunChange(subject string, data []byte, revision uint64) (*Change, error) {
	id, err := uuid.Parse(subject[min(len(subject), len(runPrefix)):])
	if err != nil {
		return nil, fmt.Errorf("decode run record: subject %q is none", subject)
	}
	if len(data) == 0 {
		return &Change{Job: id, Version: 2 * revision, Deleted: true}, nil
	}
	c := &Change{Version: 2 * revision}
	if err := members(data, c.readRun); err == nil && c.Job == id && c.State != "" {
		return c, nil
	}
	run, err := decodeRun(data, revision)
	if err != nil {
		return nil, err
	}
	if run.Job != id {
		return nil, fmt.Errorf("decode run record: it is of job %s, and on %s", run.Job, subject)
	}
	return run.Change(), nil
}

const runPrefix = "airlock.run."

// readRun takes one member of a run record.
func (c *Change) readRun(key, value []byte) (err error) {
	if isNull(value) {
		return nil
	}
	switch string(key) {
	case "job":
		c.Job, err = uuidOf(value)
	case "extension":
		c.Extension, err = textOf(value)
	case "name":
		c.Name, err = textOf(value)
	case "library":
		c.Library, err = uuidOf(value)
	case "priority":
		var text string
		text, err = textOf(value)
		c.Priority = Priority(text)
	case "created_at":
		c.CreatedAt, err = timeOf(value)
	case "parent":
		c.Parent, err = uuidOf(value)
	case "state":
		var text string
		text, err = textOf(value)
		c.State = State(text)
	case "attempt":
		c.Attempt, err = strconv.ParseUint(string(value), 10, 64)
	case "failures":
		c.Failures, err = strconv.Atoi(string(value))
	case "due":
		c.Due, err = timeOf(value)
	case "started_at":
		c.StartedAt, err = timeOf(value)
	case "finished_at":
		c.FinishedAt, err = timeOf(value)
	case "cancel_requested":
		var at time.Time
		at, err = timeOf(value)
		c.CancelRequested = !at.IsZero()
	case "paused":
		c.Paused = string(value) == "true"
	case "report":
		err = members(value, c.readReport)
	case "worker", "version", "digest", "checkpoint", "exit_code", "lost", "yields", "trace", "dead_letter", "holder", "write":
	default:
		err = errNotScanned // errors, which few have, and what a newer version writes
	}
	return err
}

func (c *Change) readReport(key, value []byte) (err error) {
	switch string(key) {
	case "progress":
		if isNull(value) {
			return nil
		}
		var progress float64
		progress, err = strconv.ParseFloat(string(value), 32)
		c.Progress = float32(progress)
	case "message":
		if !isNull(value) {
			c.Message, err = textOf(value)
		}
	case "items", "bytes", "warnings", "logs", "logs_dropped", "calls", "denied", "last_calls", "guest_ms", "call_ms", "fuel", "memory_bytes":
	default:
		err = errNotScanned
	}
	return err
}

// decodeJobChange reads a message of JOBS. Whether a job can be run is for those to find out who run it.
func decodeJobChange(subject string, data []byte) (*Change, error) {
	if c, ok := quickJobChange(subject, data); ok {
		return c, nil
	}
	job, err := decodeJob(subject, data)
	if err != nil {
		return nil, err
	}
	return job.Change()
}

// quickJobChange reads a message of JOBS that has all that it must have, and nothing that is not known.
func quickJobChange(subject string, data []byte) (*Change, bool) {
	address, ok := parseJobSubject(subject)
	if !ok {
		return nil, false
	}
	c := &Change{
		Job: address.Job, Extension: address.Extension, Library: address.Library, Priority: address.Priority, State: StateAvailable,
	}
	var extra details
	var retry uint64
	told := 0
	is := func(value []byte, what string) error { // as the subject says
		if told++; len(value) != len(what)+2 || string(value[1:len(value)-1]) != what {
			return errNotScanned
		}
		return nil
	}
	err := members(data, func(key, value []byte) (err error) {
		if isNull(value) {
			return nil
		}
		switch string(key) {
		case "id":
			err = is(value, address.Job.String())
		case "library":
			err = is(value, address.Library.String())
		case "extension":
			err = is(value, address.Extension)
		case "priority":
			err = is(value, string(address.Priority))
		case "job":
			c.Name, err = textOf(value)
		case "created_at":
			c.CreatedAt, err = timeOf(value)
		case "parent":
			c.Parent, err = uuidOf(value)
		case "due":
			c.Due, err = timeOf(value)
			c.State = StateScheduled
		case "retry":
			retry, err = strconv.ParseUint(string(value), 10, 64)
		default:
			err = extra.add(key, value)
		}
		return err
	})
	if err != nil || c.Name == "" || told != 4 {
		return nil, false
	}
	c.Version, c.Details = 2*retry+1, extra.close()
	return c, true
}

// Change is what the job's message tells a list of jobs.
func (j *Job) Change() (*Change, error) {
	c := &Change{
		Job: j.ID, Extension: j.Extension, Name: j.Name, Library: j.Library, Priority: j.Priority, CreatedAt: j.CreatedAt,
		Version: 2*j.Retry + 1, State: StateAvailable,
	}
	if j.Parent != nil {
		c.Parent = *j.Parent
	}
	if j.Due != nil {
		c.State, c.Due = StateScheduled, *j.Due
	}
	var d details
	data, err := json.Marshal(j)
	if err == nil {
		err = members(data, func(key, value []byte) error {
			switch string(key) {
			case "id", "library", "extension", "priority", "job", "created_at", "parent", "due", "retry":
				return nil
			default:
				return d.add(key, value)
			}
		})
	}
	if err != nil {
		return nil, fmt.Errorf("encode job: %w", err)
	}
	c.Details = d.close()
	return c, nil
}

// details collects members of a job's JSON.
type details struct{ text bytes.Buffer }

func (d *details) add(key, value []byte) error {
	if isNull(value) {
		return nil
	}
	switch string(key) {
	case "input", "input_ref", "hops", "max_attempts", "timeout_ms", "depth", "expires_at", "unique", "schedule":
	case "anew":
		return nil
	case "event":
		var event details
		err := members(value, func(key, value []byte) error {
			if !bytes.EqualFold(key, []byte("data")) && !bytes.EqualFold(key, []byte("data_base64")) {
				event.put(key, value)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if value = event.close(); value == nil {
			value = []byte("{}")
		}
	default:
		return errNotScanned
	}
	d.put(key, value)
	return nil
}

func (d *details) put(key, value []byte) {
	separator := byte(',')
	if d.text.Len() == 0 {
		separator = '{'
	}
	d.text.WriteByte(separator)
	d.text.WriteByte('"')
	d.text.Write(key)
	d.text.WriteString(`":`)
	d.text.Write(value)
}

func (d *details) close() []byte {
	if d.text.Len() == 0 {
		return nil
	}
	d.text.WriteByte('}')
	return d.text.Bytes()
}
