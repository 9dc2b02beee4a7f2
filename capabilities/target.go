package capabilities

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Target is what a call is aimed at beyond its method. Only what the method can have counts: the credential of http.request, of
// credentials.store and of credentials.get, the account of mail.fetch, the event of events.publish. An empty field is not known, which no rule that narrows it allows.
type Target struct {
	// Address is where http.request goes.
	Address Address
	// Credential is the name of the credential that is used, stored or read; a mail account has that of its credential.
	Credential string
	// Sidecar is the name of a file beside an entry.
	Sidecar string
	// Entry is a kind of entries.
	Entry string
	// Event is the type of an event.
	Event string
	// Extensions are those whose jobs jobs.dispatch starts.
	Extensions []string
}

// set fills a question with a target, of several extensions the nth.
func (q *question) set(t *Target, nth int) {
	q.have = aspectsOf(q.method.Operation)
	if q.have == 0 {
		return
	}
	q.address = &t.Address
	if t.Credential == "" && q.method.Operation == opRequest {
		q.have &^= setOf(onUse) // a request need not have a credential
	}
	names := &q.names
	names[onUse], names[onStore], names[onRead] = t.Credential, t.Credential, t.Credential
	names[onSidecar], names[onEntry] = t.Sidecar, t.Entry
	names[onPublish], names[onHear] = t.Event, t.Event
	names[onDispatch] = ""
	if nth < len(t.Extensions) {
		names[onDispatch] = t.Extensions[nth]
	}
}

// maxDispatched is how many jobs one call can dispatch.
const maxDispatched = 1000

// TargetOf reads what a call is aimed at out of its payload, which is untrusted, as the operation's service will read it. Calls of operations
// that rules cannot narrow have the zero Target, whatever their payload.
//
// # Errors
//
// A payload that cannot be the operation's, or that two programs could read in two ways, as it has a key twice. The sentence may be shown
// to the guest.
func TargetOf(extension string, m Method, payload []byte) (t Target, err error) {
	if aspectsOf(m.Operation) == 0 || m.Operation == opHear {
		return Target{}, nil
	}
	refuse := func(err error) (Target, error) { return Target{}, fmt.Errorf("payload of %s: %w", m, err) }
	var in struct{ URL, Method, Credential, ID, Sidecar, Entry, Event, Job string }
	keys, many := map[string]any{}, []json.RawMessage{}
	switch m.Operation {
	case opRequest:
		keys = map[string]any{"url": &in.URL, "method": &in.Method, "credential": &in.Credential}
	case opStore, opDelete, opRead:
		keys["credential_id"] = &in.ID
	case opMailList, opMailSearch, opMailFetch, opMailFlag:
		keys["account"] = &in.ID
	case opWriteSidecar, opReadSidecar, opDropSidecar:
		keys["filename"] = &in.Sidecar
	case opCreateEntry, opListEntries, opSearch:
		keys["entry_type"] = &in.Entry
	case opPublish:
		keys["type"] = &in.Event
	case opDispatch:
		keys["job"], keys["jobs"] = &in.Job, &many
	}
	if err := readKeys(payload, keys); err != nil {
		return refuse(err)
	}
	t = Target{Credential: in.ID, Sidecar: in.Sidecar, Entry: in.Entry, Event: in.Event}
	switch m.Operation {
	case opRequest:
		t.Credential = in.Credential
		if t.Address, err = ParseAddress(in.URL, in.Method); err != nil {
			return refuse(err)
		}
	case opDispatch:
		if t.Extensions, err = dispatched(extension, in.Job, many); err != nil {
			return refuse(err)
		}
	}
	return t, nil
}

// dispatched are the extensions whose jobs a call dispatches, each once.
func dispatched(own, one string, many []json.RawMessage) ([]string, error) {
	if len(many) > maxDispatched {
		return nil, fmt.Errorf("jobs has %d jobs, at most %d are possible", len(many), maxDispatched)
	}
	var extensions []string
	seen := map[string]bool{}
	add := func(name string) {
		extension, _, found := strings.Cut(name, ":")
		if !found {
			extension = own
		}
		if !seen[extension] {
			seen[extension] = true
			extensions = append(extensions, extension)
		}
	}
	if one != "" || len(many) == 0 {
		add(one)
	}
	for i, text := range many {
		var name string
		if err := readKeys(text, map[string]any{"job": &name}); err != nil {
			return nil, fmt.Errorf("jobs[%d]: %w", i, err)
		}
		add(name)
	}
	return extensions, nil
}

// readKeys reads some keys of an object, and refuses what services could read otherwise: a key that is there twice, or with other capitals.
func readKeys(payload []byte, keys map[string]any) error {
	if !utf8.Valid(payload) {
		return errors.New("it is not UTF-8")
	}
	if text := bytes.TrimSpace(payload); len(text) == 0 || string(text) == "null" {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return errors.New("want a JSON object")
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return errors.New("it is not JSON")
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return errors.New("it is not JSON")
		}
		for known, into := range keys {
			if !strings.EqualFold(key, known) {
				continue
			}
			if key != known || seen[known] {
				return fmt.Errorf("the key %q is there twice, or written %s: write it once and like that", known, quote(key))
			}
			seen[known] = true
			if err := json.Unmarshal(value, into); err != nil {
				return fmt.Errorf("the value of %q is of the wrong type", known)
			}
		}
	}
	if _, err := decoder.Token(); err != nil {
		return errors.New("it is not JSON")
	}
	return nil
}
