package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/airlock-run/airlock/bus"
)

// The types of credentials.
const (
	APIKey = "api_key"
	Basic  = "basic"
	OAuth2 = "oauth2"
)

// Credential is a secret of one of the types of docs/protocol.md. However it is printed, it shows its type alone.
type Credential struct {
	Type         string     `json:"type"`
	Key          string     `json:"key,omitempty"`
	Username     string     `json:"username,omitempty"`
	Password     string     `json:"password,omitempty"`
	AccessToken  string     `json:"access_token,omitempty"`
	RefreshToken string     `json:"refresh_token,omitempty"`
	ExpiresAt    *time.Time `json:"expires_at,omitempty"`
	Scopes       []string   `json:"scopes,omitempty"`
	// ClientID, ClientSecret and TokenURL are for getting a new access token.
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	TokenURL     string `json:"token_url,omitempty"`
}

// parse reads a credential and leaves out what its type does not have. No error has a part of the secret in it: those
// of encoding/json may quote what they could not read.
func parse(data json.RawMessage) (*Credential, error) {
	var in Credential
	err := json.Unmarshal(data, &in)
	var wrong *json.UnmarshalTypeError
	switch {
	case len(data) == 0 || string(data) == "null":
		return nil, bus.Errorf(bus.InvalidArgument, "credential is missing")
	case errors.As(err, &wrong) && wrong.Field == "":
		return nil, bus.Errorf(bus.InvalidArgument, "credential is no object")
	case errors.As(err, &wrong):
		return nil, bus.Errorf(bus.InvalidArgument, "credential: the type of %s is wrong", wrong.Field)
	case err != nil:
		return nil, bus.Errorf(bus.InvalidArgument, "credential cannot be read; expires_at is a time as in 2026-11-22T18:00:00Z")
	}
	return in.checked()
}

func (in Credential) checked() (*Credential, error) {
	var out Credential
	switch in.Type {
	case APIKey:
		out = Credential{Type: in.Type, Key: in.Key}
		return &out, required("key", in.Key)
	case Basic:
		out = Credential{Type: in.Type, Username: in.Username, Password: in.Password}
		return &out, errors.Join(required("username", in.Username), required("password", in.Password))
	case OAuth2, "o_auth2":
		out = in
		out.Type, out.Key, out.Username, out.Password = OAuth2, "", "", ""
		return &out, out.checkOAuth2()
	default:
		return nil, bus.Errorf(bus.InvalidArgument, "credential: type is not one of api_key, basic and oauth2")
	}
}

func (in Credential) checkOAuth2() error {
	if in.TokenURL == "" {
		return required("access_token", in.AccessToken)
	}
	to, err := url.Parse(in.TokenURL)
	if err != nil || to.Scheme != "https" || to.Host == "" || to.User != nil || to.Fragment != "" {
		return bus.Errorf(bus.InvalidArgument, "credential: token_url is not one such as https://login.example.com/token")
	}
	return errors.Join(required("client_id", in.ClientID), required("refresh_token", in.RefreshToken))
}

// renewable tells whether Airlock gets new access tokens itself.
func (in Credential) renewable() bool { return in.TokenURL != "" }

// shown is what a guest gets: of a credential that Airlock renews only what it needs for a request.
func (in Credential) shown() Credential {
	if in.renewable() {
		in.RefreshToken, in.ClientID, in.ClientSecret, in.TokenURL = "", "", "", ""
	}
	return in
}

func required(field, value string) error {
	if value == "" {
		return bus.Errorf(bus.InvalidArgument, "credential: %s is missing", field)
	}
	return nil
}

// Format prints the type and nothing of the secret, whatever the verb.
func (in Credential) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "credential of type %s", in.Type)
}
