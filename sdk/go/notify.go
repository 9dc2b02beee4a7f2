package airlock

// Notification is what an extension tells the people of the library.
type Notification struct {
	// Title is a line of at most 200 bytes, Text more of it, at most 4 KiB.
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
	// Level is info, warning or error. Empty means info.
	Level string `json:"level,omitempty"`
	// EntryID is the entry it is about, if there is one.
	EntryID string `json:"entry_id,omitempty"`
}

// Notify tells the people of the library something, and returns the notification's id. It calls action:notify.send.
func (j *JobContext) Notify(n Notification) (id string, err error) {
	var out struct {
		ID string `json:"notification_id"`
	}
	err = j.Call("action:notify.send", "", n, &out)
	return out.ID, err
}
