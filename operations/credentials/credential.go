package credentials

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/airlock-run/airlock/bus"
)

// credential is a secret of one of the types of docs/protocol.md.
type credential struct {
	Type         string     `json:"type"`
	Key          string     `json:"key,omitempty"`
	Username     string     `json:"username,omitempty"`
	Password     string     `json:"password,omitempty"`
	AccessToken  string     `json:"access_token,omitempty"`
	RefreshToken string     `json:"refresh_token,omitempty"`
	ExpiresAt    *time.Time `json:"expires_at,omitempty"`
	Scopes       []string   `json:"scopes,omitempty"`
}

// parse reads a credential and leaves out what its type does not have. No error has a part of the secret in it: those
// of encoding/json may quote what they could not read.
func parse(data json.RawMessage) (*credential, error) {
	var in credential
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

func (in credential) checked() (*credential, error) {
	var out credential
	switch in.Type {
	case "api_key":
		out = credential{Type: in.Type, Key: in.Key}
		return &out, required("key", in.Key)
	case "basic":
		out = credential{Type: in.Type, Username: in.Username, Password: in.Password}
		return &out, errors.Join(required("username", in.Username), required("password", in.Password))
	case "oauth2", "o_auth2":
		out = credential{
			Type: "oauth2", AccessToken: in.AccessToken, RefreshToken: in.RefreshToken, ExpiresAt: in.ExpiresAt, Scopes: in.Scopes,
		}
		return &out, required("access_token", in.AccessToken)
	default:
		return nil, bus.Errorf(bus.InvalidArgument, "credential: type is not one of api_key, basic and oauth2")
	}
}

func required(field, value string) error {
	if value == "" {
		return bus.Errorf(bus.InvalidArgument, "credential: %s is missing", field)
	}
	return nil
}
