package airlock

import (
	"encoding/json"
	"time"
)

// KV is what the extension keeps for itself in the library, beyond the end of a job: the last UID of a mailbox, the token of the next
// page. Values are JSON of at most 64 KiB, keys of at most 256 bytes; there can be 10,000, and 16 MiB together.
type KV struct{ job *JobContext }

// KV returns the client of the state operations.
func (j *JobContext) KV() KV { return KV{j} }

type statePut struct {
	Key        string `json:"key"`
	Value      any    `json:"value,omitempty"`
	IfRevision *int64 `json:"if_revision,omitempty"`
}

// Get decodes a value into out and returns its revision. When there is none the revision is 0, and out stays as it is. It calls
// query:state.get.
func (s KV) Get(key string, out any) (revision int64, err error) {
	var got struct {
		Value    json.RawMessage `json:"value"`
		Revision int64           `json:"revision"`
	}
	if err := s.job.Call("query:state.get", "", statePut{Key: key}, &got); err != nil || got.Revision == 0 {
		return 0, err
	}
	return got.Revision, json.Unmarshal(got.Value, out)
}

// Put keeps a value, whatever was there, and returns its revision. It calls action:state.put.
func (s KV) Put(key string, value any) (revision int64, err error) {
	return s.put(statePut{Key: key, Value: value})
}

// PutIf keeps a value if what is there has a revision, 0 for nothing, and returns the new one. It calls action:state.put.
//
// # Errors
//
// [FailedPrecondition] when something else is there: read it again.
func (s KV) PutIf(key string, value any, revision int64) (int64, error) {
	return s.put(statePut{key, value, &revision})
}

func (s KV) put(in statePut) (int64, error) {
	value, err := json.Marshal(in.Value)
	if err != nil {
		return 0, err
	}
	in.Value = json.RawMessage(value) // null is a value too
	var out struct {
		Revision int64 `json:"revision"`
	}
	err = s.job.Call("action:state.put", "", in, &out)
	return out.Revision, err
}

// Delete removes a value, if there is one. It calls action:state.delete.
func (s KV) Delete(key string) error {
	return s.job.Call("action:state.delete", "", statePut{Key: key}, nil)
}

// KVKey is a value of the state without the value.
type KVKey struct {
	Key      string `json:"key"`
	Revision int64  `json:"revision"`
	// Size is that of key and value, in bytes.
	Size      int64     `json:"size"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Keys lists what begins with prefix, in the order of bytes. It calls query:state.list once for each 1,000 of them.
func (s KV) Keys(prefix string) (keys []KVKey, err error) {
	in := struct {
		Prefix string `json:"prefix,omitempty"`
		After  string `json:"after,omitempty"`
		Limit  int    `json:"limit"`
	}{Prefix: prefix, Limit: 1000}
	for {
		var page struct {
			Keys []KVKey `json:"keys"`
			Next string  `json:"next"`
		}
		if err := s.job.Call("query:state.list", "", in, &page); err != nil {
			return nil, err
		}
		keys = append(keys, page.Keys...)
		if in.After = page.Next; in.After == "" {
			return keys, nil
		}
	}
}
