package runner

import (
	"errors"
	"sync"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/extensions/signing"
)

// trust verifies, before anything of an extension is prepared or run, that it has the signatures that the operator demands now. It is
// safe for concurrent use.
type trust struct {
	// settings are what the operator demands; nil for nothing. Others are at another address.
	settings func() *capabilities.SignatureSettings

	mu       sync.Mutex
	of       *capabilities.SignatureSettings
	compiled *signing.Trust
	broken   error
	// seen are the verdicts by these settings on what the catalogue holds, by its revision, which changes with it.
	seen map[revisionKey]error
}

type revisionKey struct {
	version  extensions.Version
	digest   string
	revision uint64
}

// maxSeen bounds the verdicts that are kept.
const maxSeen = 4096

// check returns why an extension may not run, nil when it may.
func (t *trust) check(i *extensions.Installed) error {
	compiled, seen, err := t.current()
	if errors.Is(err, errDemandUnknown) {
		return err
	}
	if err != nil {
		return permanent(bus.PermissionDenied, "the operator's settings of signatures cannot be read, so no extension is trusted: %v", err)
	}
	if compiled.Idle() {
		return nil
	}
	key := revisionKey{i.Version, i.Digest, i.Revision}
	if i.Revision != 0 {
		t.mu.Lock()
		verdict, ok := seen[key]
		t.mu.Unlock()
		if ok {
			return verdict
		}
	}
	_, err = i.Trusted(compiled)
	if errors.Is(err, signing.ErrNotTrusted) {
		err = permanent(bus.PermissionDenied, "%v", err)
	}
	if i.Revision != 0 {
		t.mu.Lock()
		if len(seen) >= maxSeen {
			clear(seen)
		}
		seen[key] = err
		t.mu.Unlock()
	}
	return err
}

// current is what is demanded now, and the verdicts by it.
func (t *trust) current() (*signing.Trust, map[revisionKey]error, error) {
	settings := t.settings()
	if settings == demandUnknown {
		return nil, nil, errDemandUnknown
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if settings != t.of {
		t.of, t.compiled, t.broken, t.seen = settings, nil, nil, map[revisionKey]error{}
		if settings != nil {
			t.compiled, t.broken = signing.NewTrust(*settings)
		}
	}
	return t.compiled, t.seen, t.broken
}

// demandUnknown stands for settings that nobody has read yet: nothing runs by them.
var demandUnknown = &capabilities.SignatureSettings{}

var errDemandUnknown = errors.New("which signatures are demanded is not known yet: the policy has not been read")

// demanded is what the operator's policy demands of signatures.
func (w *Worker) demanded() *capabilities.SignatureSettings {
	if policy, _ := w.authority.Policy(); policy != nil {
		return &policy.Signatures
	}
	return demandUnknown
}
