package http

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	nethttp "net/http"
	"net/url"

	"golang.org/x/net/http/httpguts"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/credentials"
)

// Redacted stands in an answer where a server has echoed a credential.
const Redacted = "[redacted by airlock]"

// minRedacted is the shortest secret that is searched for: a shorter one would be found where it is not meant.
const minRedacted = 6

// secret is a credential as it is put into a request.
type secret struct {
	header, value string
	// forms are what must not come back.
	forms [][]byte
}

// newSecret makes of a credential what goes into a header; empty stands for Authorization.
func newSecret(id string, c credentials.Credential, header string) (*secret, error) {
	name := nethttp.CanonicalHeaderKey(header)
	switch {
	case header != "" && c.Type != credentials.APIKey:
		return nil, bus.Errorf(bus.InvalidArgument, "credential_header is for API keys, and credential %q is of type %s", id, c.Type)
	case header != "" && (!httpguts.ValidHeaderFieldName(header) || isManaged(name)):
		return nil, bus.Errorf(bus.InvalidArgument, "credential_header %.80q is no header a key can go into", header)
	}
	s := &secret{header: "Authorization"}
	switch c.Type {
	case credentials.APIKey:
		s.value, s.forms = "Bearer "+c.Key, formsOf(c.Key)
		if header != "" {
			s.header, s.value = name, c.Key
		}
	case credentials.Basic:
		pair := base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password))
		s.value, s.forms = "Basic "+pair, append(formsOf(c.Password), []byte(pair))
	case credentials.OAuth2:
		s.value, s.forms = "Bearer "+c.AccessToken, formsOf(c.AccessToken)
	default:
		return nil, bus.Errorf(bus.FailedPrecondition, "credential %q is of type %s, which no request can carry", id, c.Type)
	}
	if !httpguts.ValidHeaderFieldValue(s.value) {
		return nil, bus.Errorf(bus.FailedPrecondition, "credential %q has a character in it that no header can have: store it again", id)
	}
	return s, nil
}

// formsOf are the forms in which a server may echo a text.
func formsOf(text string) [][]byte {
	if len(text) < minRedacted {
		return nil
	}
	quoted, _ := json.Marshal(text)
	return [][]byte{
		[]byte(text), quoted[1 : len(quoted)-1], []byte(url.QueryEscape(text)), []byte(url.PathEscape(text)),
		[]byte(base64.StdEncoding.EncodeToString([]byte(text))), []byte(base64.RawURLEncoding.EncodeToString([]byte(text))),
	}
}

// redact replaces what must not come back. It may change data.
func (s *secret) redact(data []byte) []byte {
	if s == nil {
		return data
	}
	for _, form := range s.forms {
		data = bytes.ReplaceAll(data, form, []byte(Redacted))
	}
	return data
}
