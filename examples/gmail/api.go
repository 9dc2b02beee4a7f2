package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

const (
	// usualWait is how long a busy server is left alone that does not say how long; longestWait is what it may say.
	usualWait   = 30 * time.Second
	longestWait = time.Hour
	// longestRefusal is how much is read of what says why a request was refused, in bytes.
	longestRefusal = 64 << 10
)

var (
	// errGone says that the API does not know what was asked for.
	errGone = errors.New("not found")
	// errInvalid says that the API does not take a request as it is.
	errInvalid = errors.New("not valid")
)

// busyError says that the API wants to be asked later.
type busyError struct {
	wait   time.Duration
	reason string
}

func (e *busyError) Error() string {
	return fmt.Sprintf("Gmail asks to wait %s (%s)", e.wait.Round(time.Second), e.reason)
}

// mailbox is what people set: the manifest's config_schema describes it.
type mailbox struct {
	Credential string `json:"credential"`
	Label      string `json:"label"`
	BaseURL    string `json:"base_url"`
}

// response is the answer of http.request.
type response struct {
	Status  int                 `json:"status"`
	Headers map[string][]string `json:"headers"`
	Body    []byte              `json:"body"`
	Content string              `json:"content"`
}

// get asks the API for what is below the user.
//
// # Errors
//
// errGone, errInvalid, *busyError, and what a person has to mend.
func (m mailbox) get(job *airlock.JobContext, path string, query url.Values, keep bool) (response, error) {
	in := struct {
		URL        string `json:"url"`
		Credential string `json:"credential"`
		Keep       bool   `json:"keep,omitempty"`
	}{strings.TrimSuffix(m.BaseURL, "/") + "/gmail/v1/users/me/" + path + "?" + query.Encode(), m.Credential, keep}
	var out response
	if err := job.Call("query:http.request", "", in, &out); err != nil {
		return out, fmt.Errorf("ask Gmail for %s: %w", path, err)
	}
	if out.Status != 200 && out.Content != "" { // what is wrong was kept as well
		part, err := job.VDFS().ReadContent(out.Content, 0, longestRefusal)
		if err != nil {
			return out, err
		}
		out.Body = part.Data
	}
	return out, m.refused(path, &out)
}

// read is get of an answer that is JSON.
func (m mailbox) read(job *airlock.JobContext, path string, query url.Values, v any) error {
	out, err := m.get(job, path, query, false)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out.Body, v); err != nil {
		return fmt.Errorf("decode Gmail's answer for %s: %w", path, err)
	}
	return nil
}

// refused is what an answer's status says.
func (m mailbox) refused(path string, out *response) error {
	var body struct {
		Error struct {
			Message string `json:"message"`
			Errors  []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	if out.Status != 200 {
		_ = json.Unmarshal(out.Body, &body) // the status alone has to do where it is something else
	}
	reason := strconv.Itoa(out.Status)
	if len(body.Error.Errors) > 0 {
		reason = body.Error.Errors[0].Reason
	}
	switch {
	case out.Status == 200:
		return nil
	case out.Status == 404:
		return fmt.Errorf("ask Gmail for %s: %w", path, errGone)
	case out.Status == 429, out.Status >= 500, reason == "rateLimitExceeded", reason == "userRateLimitExceeded":
		return &busyError{wait(out.Headers["Retry-After"], time.Now()), reason}
	case out.Status == 401:
		return airlock.Permanentf("Gmail refuses credential %s: sign in again with `airlock credentials add %s --type oauth2 --provider google --scope https://www.googleapis.com/auth/gmail.readonly`", m.Credential, m.Credential)
	case out.Status == 400:
		return airlock.Permanentf("ask Gmail for %s: %w: %.200q", path, errInvalid, body.Error.Message)
	default:
		return airlock.Permanentf("Gmail refuses %s with status %d (%.40q): %.200q; is the API enabled, and does credential %s have the scope gmail.readonly?",
			path, out.Status, reason, body.Error.Message, m.Credential)
	}
}

// wait is what a header Retry-After says: seconds, or a date.
func wait(header []string, now time.Time) time.Duration {
	if len(header) == 0 {
		return usualWait
	}
	if seconds, err := strconv.ParseUint(header[0], 10, 31); err == nil {
		return min(max(time.Second, time.Duration(seconds)*time.Second), longestWait)
	}
	if at, err := time.Parse(time.RFC1123, header[0]); err == nil {
		return min(max(time.Second, at.Sub(now)), longestWait)
	}
	return usualWait
}

// later sets the job aside if the API wants to be asked later.
func later(job *airlock.JobContext, err error) error {
	if busy, ok := errors.AsType[*busyError](err); ok {
		job.Progress(0, busy.Error())
		return job.Snooze(busy.wait)
	}
	return err
}
