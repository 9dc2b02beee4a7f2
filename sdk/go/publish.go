package airlock

// NewEvent is an event to be published.
type NewEvent struct {
	// Type is a dotted name such as receipt.detected. Those that begin with airlock. are the host's own.
	Type string
	// Subject says what it is about, such as the id of an entry; it may be empty.
	Subject string
	// Data is any value that becomes JSON; nil for none.
	Data any
}

// Publish publishes an event of the library, which starts the jobs of extensions that listen for its type, and returns its id. It calls
// action:events.publish. A job that is run again and calls it again publishes the same event, which starts nothing twice.
//
// # Errors
//
// [FailedPrecondition] at the end of a long chain of events, each of which led to the next.
func (j *JobContext) Publish(event NewEvent) (id string, err error) {
	in := struct {
		Type    string `json:"type"`
		Subject string `json:"subject,omitempty"`
		Data    any    `json:"data,omitempty"`
	}{event.Type, event.Subject, event.Data}
	var out struct {
		ID string `json:"event_id"`
	}
	err = j.Call("action:events.publish", "", in, &out)
	return out.ID, err
}
