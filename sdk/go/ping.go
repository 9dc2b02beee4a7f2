package airlock

import "encoding/json"

// Pong is what the other end saw of a ping: what was sent, and by whom.
type Pong struct {
	Pong      json.RawMessage `json:"pong"`
	Extension string          `json:"extension"`
	Library   string          `json:"library_id"`
	Job       string          `json:"job_id"`
	Attempt   int64           `json:"attempt"`
}

// Ping sends any JSON to the other end of the door and back. It calls query:test.ping.
func (j *JobContext) Ping(payload any) (Pong, error) {
	var out Pong
	err := j.Call("query:test.ping", "", payload, &out)
	return out, err
}
