package signing

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/capabilities"
)

// ErrNotTrusted is returned for an extension whose signatures are not what the operator demands.
var ErrNotTrusted = errors.New("extension is not trusted")

// Trust is whose signatures extensions need. It never changes, and is safe for concurrent use. The nil Trust demands none.
type Trust struct {
	settings capabilities.SignatureSettings
	keys     []trusted
}

type trusted struct {
	name string
	key  PublicKey
}

// NewTrust reads the operator's settings.
//
// # Errors
//
// A key that cannot be read, two of one name, a rule without keys or with one that is not there. Whoever gets an error must not go
// on as if nothing was demanded.
func NewTrust(settings capabilities.SignatureSettings) (*Trust, error) {
	t := &Trust{settings: settings}
	for i, k := range settings.Keys {
		key, err := ParsePublic(k.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("signatures.keys[%d], %q: %w", i, k.Name, err)
		}
		if k.Name == "" || t.has(k.Name) {
			return nil, fmt.Errorf("signatures.keys[%d]: the name %q is empty, or another key's", i, k.Name)
		}
		t.keys = append(t.keys, trusted{k.Name, key})
	}
	for i, rule := range settings.Require {
		if len(rule.Keys) == 0 || len(rule.Extensions) == 0 {
			return nil, fmt.Errorf("signatures.require[%d]: want extensions and keys", i)
		}
		for _, name := range rule.Keys {
			if !t.has(name) {
				return nil, fmt.Errorf("signatures.require[%d]: there is no key %q among signatures.keys", i, name)
			}
		}
	}
	return t, nil
}

func (t *Trust) has(name string) bool {
	return slices.ContainsFunc(t.keys, func(k trusted) bool { return k.name == name })
}

// Idle tells that there is nothing to check: no key is trusted, and none demanded.
func (t *Trust) Idle() bool { return t == nil || len(t.keys) == 0 && len(t.settings.Require) == 0 }

// Check verifies the signatures of an extension and returns the names of the trusted keys that signed it. manifest is the exact text of its
// manifest, digest its module's, signatures a file of them, nil when it has none.
//
// # Errors
//
// ErrNotTrusted, with what is wrong in a sentence.
func (t *Trust) Check(extension string, manifest []byte, digest string, signatures []byte) (by []string, err error) {
	if t.Idle() {
		return nil, nil
	}
	var all []Signature
	if signatures != nil {
		if all, err = Parse(signatures); err != nil {
			return nil, refuse(extension, "its signatures are unusable: %v", err)
		}
	}
	statement := Statement(manifest, digest)
	for i, s := range all {
		names, claimed := t.signers(statement, s)
		if claimed && len(names) == 0 {
			return nil, refuse(extension, "signature %d, of key %s, does not hold for this manifest and module: one of them was changed, or the signature is another's", i+1, s.KeyID())
		}
		by = append(by, names...)
	}
	for _, keys := range t.settings.Demands(extension) {
		if !slices.ContainsFunc(keys, func(name string) bool { return slices.Contains(by, name) }) {
			return nil, refuse(extension, "the policy demands a signature of %s, and %s", strings.Join(keys, " or "), t.found(all, by))
		}
	}
	slices.Sort(by)
	return slices.Compact(by), nil
}

// signers are the keys a signature is of, and whether it claims to be of any that is trusted. Several keys may have one id.
func (t *Trust) signers(statement []byte, s Signature) (names []string, claimed bool) {
	for _, k := range t.keys {
		if !k.key.claimed(s) {
			continue
		}
		claimed = true
		if k.key.Verify(statement, s) {
			names = append(names, k.name)
		}
	}
	return names, claimed
}

// found says what there is in place of what was demanded.
func (t *Trust) found(all []Signature, by []string) string {
	switch {
	case len(all) == 0:
		return "it has none; sign it with `airlock extension sign`"
	case len(by) > 0:
		return "it has that of " + strings.Join(by, " and ") + " only"
	}
	ids := make([]string, len(all))
	for i, s := range all {
		ids[i] = s.KeyID()
	}
	return "those it has are of keys the policy does not know: " + strings.Join(ids, ", ")
}

func refuse(extension, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrNotTrusted, extension, fmt.Sprintf(format, args...))
}
