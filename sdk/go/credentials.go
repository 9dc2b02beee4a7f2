package airlock

import "time"

// Credentials keeps secrets.
type Credentials struct{ job *JobContext }

// Credentials returns the client of the credentials operations.
func (j *JobContext) Credentials() Credentials { return Credentials{j} }

// CredentialType says which fields of a [Credential] count.
type CredentialType string

// The types of credentials.
const (
	APIKey CredentialType = "api_key"
	Basic  CredentialType = "basic"
	OAuth2 CredentialType = "oauth2"
)

// Credential is a secret. [APIKey] uses Key, [Basic] Username and Password, [OAuth2] the rest.
type Credential struct {
	Type         CredentialType `json:"type"`
	Key          string         `json:"key,omitempty"`
	Username     string         `json:"username,omitempty"`
	Password     string         `json:"password,omitempty"`
	AccessToken  string         `json:"access_token,omitempty"`
	RefreshToken string         `json:"refresh_token,omitempty"`
	ExpiresAt    time.Time      `json:"expires_at,omitzero"`
	Scopes       []string       `json:"scopes,omitempty"`
}

// Store keeps a credential under an id, in place of what was there. It calls action:credentials.store.
func (c Credentials) Store(id string, credential Credential) error {
	input := struct {
		ID         string     `json:"credential_id"`
		Credential Credential `json:"credential"`
	}{id, credential}
	return c.job.Call("action:credentials.store", "", input, nil)
}

// Get returns the credential of an id. It calls query:credentials.get, which is sensitive: a manifest must grant it by its full
// name.
func (c Credentials) Get(id string) (Credential, error) {
	input := struct {
		ID string `json:"credential_id"`
	}{id}
	var out Credential
	err := c.job.Call("query:credentials.get", "", input, &out)
	return out, err
}
