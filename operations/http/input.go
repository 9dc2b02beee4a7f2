package http

import (
	"bytes"
	"encoding/json"
	nethttp "net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/airlock-run/airlock/bus"
)

// Limits, in bytes where they are not numbers.
const (
	maxRequestHeaders = 100
	maxHeaderBytes    = 64 << 10
	maxBody           = 64 << 20
	redirectsDefault  = 5
	redirectsMost     = 10
)

// limit is how large the body of an answer may be.
type limit struct{ usual, most int64 }

var (
	ofQuery  = limit{10 << 20, 64 << 20}
	ofAction = limit{1 << 20, 4 << 20} // it is kept with the record of the call
	ofKept   = limit{bus.MaxContent, bus.MaxContent}
)

type input struct {
	URL              string            `json:"url" jsonschema:"where to, https://host/path; the rules have to allow it"`
	Method           string            `json:"method,omitempty" jsonschema:"GET, POST and so on, default GET; a query sends GET, HEAD and OPTIONS alone"`
	Headers          map[string]string `json:"headers,omitempty" jsonschema:"headers of the request"`
	Body             []byte            `json:"body,omitempty" jsonschema:"bytes to send, in base64"`
	JSON             json.RawMessage   `json:"json,omitempty" jsonschema:"JSON to send, instead of body"`
	Content          string            `json:"content,omitempty" jsonschema:"reference of the content to send, instead of body"`
	Credential       string            `json:"credential,omitempty" jsonschema:"id of the credential to put in"`
	CredentialHeader string            `json:"credential_header,omitempty" jsonschema:"header the API key goes into, default: Authorization, as a bearer token"`
	MaxRedirects     *int              `json:"max_redirects,omitempty" jsonschema:"redirects to follow, 0 to 10, default 5; with 0 the redirect itself is the answer"`
	MaxBytes         int64             `json:"max_bytes,omitempty" jsonschema:"largest body to take, in bytes, default 10 MiB for a query, 1 MiB for an action, 100 MiB with keep"`
	Keep             bool              `json:"keep,omitempty" jsonschema:"keep the body as content of the library and answer its reference, default false"`
	TimeoutMS        int64             `json:"timeout_ms,omitempty" jsonschema:"time for all of it, in milliseconds, default: what the caller waits"`
}

type output struct {
	Status    int                 `json:"status" jsonschema:"status code, also of a failure such as 404"`
	URL       string              `json:"url" jsonschema:"where the answer came from, after redirects"`
	Headers   map[string][]string `json:"headers" jsonschema:"headers of the answer"`
	Body      []byte              `json:"body,omitempty" jsonschema:"body of the answer, in base64"`
	Content   string              `json:"content,omitempty" jsonschema:"reference of the body, if it was to be kept"`
	Size      int64               `json:"size" jsonschema:"of the body, in bytes"`
	Redirects int                 `json:"redirects" jsonschema:"how many were followed"`
}

// managed are headers that are not a guest's to set: they say where a request ends, or to which host it goes.
var managed = []string{
	"Accept-Encoding", "Connection", "Content-Length", "Expect", "Host", "Http2-Settings", "Keep-Alive", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Via", "Forwarded",
}

func isManaged(name string) bool {
	return slices.Contains(managed, name) || strings.HasPrefix(name, "Proxy-") || strings.HasPrefix(name, "X-Forwarded-")
}

// check refuses what cannot be sent, and fills in what was left out. URL and method have been checked.
func (in *input) check(kind bus.Kind, method string) error {
	reads := method == nethttp.MethodGet || method == nethttp.MethodHead || method == nethttp.MethodOptions
	if kind == bus.Query && !reads {
		return bus.Errorf(bus.InvalidArgument, "method %s may change something: call action:http.request", method)
	}
	bodies := 0
	for _, there := range []bool{len(in.Body) > 0, len(in.JSON) > 0, in.Content != ""} {
		if there {
			bodies++
		}
	}
	switch {
	case bodies > 1:
		return bus.Errorf(bus.InvalidArgument, "want one of body, json and content")
	case bodies > 0 && reads:
		return bus.Errorf(bus.InvalidArgument, "%s has no body", method)
	case len(in.Body) > maxBody || len(in.JSON) > maxBody:
		return bus.Errorf(bus.InvalidArgument, "the body is more than %d bytes; send it as content", maxBody)
	case in.Content != "" && !bus.ValidContent(in.Content):
		return bus.Errorf(bus.InvalidArgument, "content %.80q is no reference, want sha256:<64 hex digits>", in.Content)
	case in.MaxRedirects != nil && (*in.MaxRedirects < 0 || *in.MaxRedirects > redirectsMost):
		return bus.Errorf(bus.InvalidArgument, "max_redirects is %d, want 0 to %d", *in.MaxRedirects, redirectsMost)
	case in.TimeoutMS < 0 || in.TimeoutMS > 3_600_000:
		return bus.Errorf(bus.InvalidArgument, "timeout_ms is %d, want 1 to 3600000", in.TimeoutMS)
	case in.CredentialHeader != "" && in.Credential == "":
		return bus.Errorf(bus.InvalidArgument, "credential_header says where a credential goes, and credential is missing")
	}
	if in.MaxRedirects == nil {
		in.MaxRedirects = new(int)
		*in.MaxRedirects = redirectsDefault
	}
	return in.checkSize(kind)
}

func (in *input) checkSize(kind bus.Kind) error {
	l := ofQuery
	switch {
	case in.Keep:
		l = ofKept
	case kind == bus.Action:
		l = ofAction
	}
	switch {
	case in.MaxBytes == 0:
		in.MaxBytes = l.usual
	case in.MaxBytes < 0 || in.MaxBytes > l.most:
		return bus.Errorf(bus.InvalidArgument, "max_bytes is %d, want 1 to %d; more is possible with keep, up to %d", in.MaxBytes, l.most, ofKept.most)
	}
	return nil
}

// header makes the headers of the first request, without a credential.
func (in *input) header() (nethttp.Header, error) {
	if len(in.Headers) > maxRequestHeaders {
		return nil, bus.Errorf(bus.InvalidArgument, "%d headers, at most %d are possible", len(in.Headers), maxRequestHeaders)
	}
	header, size := nethttp.Header{"Accept-Encoding": {"gzip"}, "User-Agent": {"airlock"}}, 0
	seen := map[string]bool{}
	for name, value := range in.Headers {
		canonical := nethttp.CanonicalHeaderKey(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
			return nil, bus.Errorf(bus.InvalidArgument, "header %.80q: its name or its value has a character that no header can have", name)
		case isManaged(canonical):
			return nil, bus.Errorf(bus.InvalidArgument, "header %s is not for the guest to set", canonical)
		case seen[canonical]:
			return nil, bus.Errorf(bus.InvalidArgument, "header %s is there twice", canonical)
		}
		seen[canonical] = true
		header[canonical] = []string{value}
		size += len(name) + len(value)
	}
	if size > maxHeaderBytes {
		return nil, bus.Errorf(bus.InvalidArgument, "headers are %d bytes, at most %d are possible", size, maxHeaderBytes)
	}
	if len(in.JSON) > 0 && !seen["Content-Type"] {
		header.Set("Content-Type", "application/json")
	}
	return header, nil
}

// bytes is the body that the input itself has.
func (in *input) bytes() []byte {
	if len(in.JSON) > 0 {
		return bytes.TrimSpace(in.JSON)
	}
	return in.Body
}
