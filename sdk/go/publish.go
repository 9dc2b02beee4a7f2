package airlock

// NewEvent is an event to be published.
type NewEvent struct {
	// Type is a dotted name such as receipt.detected. Those that begin with airlock. are the host's own.
	Type string
	// Subject says what it is about, such as the id of an entry; it may be empty.
	Subject string
	// Data is any value that becomes JSON; nil for none.
	Data any
	// Content is data as a reference, see [VDFS.WriteContent], in place of Data. ContentType says what it is, as in message/rfc822.
	Content, ContentType string
	// ID names what happened: whichever job of the extension publishes it again under that name, it starts nothing twice. Empty gives each call an
	// event of its own.
	ID string
}

// Publish publishes an event of the library, which starts the jobs of extensions that listen for its type, and returns its id. It calls
// action:events.publish. A job that is run again and calls it again publishes the same event, which starts nothing twice.
//
// # Errors
//
// [FailedPrecondition] at the end of a long chain of events, each of which led to the next.
func (j *JobContext) Publish(event NewEvent) (id string, err error) {
	in := struct {
		Type        string `json:"type"`
		Subject     string `json:"subject,omitempty"`
		Data        any    `json:"data,omitempty"`
		Content     string `json:"content,omitempty"`
		ContentType string `json:"content_type,omitempty"`
		ID          string `json:"event_id,omitempty"`
	}{event.Type, event.Subject, event.Data, event.Content, event.ContentType, event.ID}
	var out struct {
		ID string `json:"event_id"`
	}
	err = j.Call("action:events.publish", "", in, &out)
	return out.ID, err
}
