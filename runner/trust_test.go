package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/extensions/signing"
	"github.com/airlock-run/airlock/runner"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// signer installs the test guest, signed.
type signer struct {
	*cluster
	key      signing.PrivateKey
	settings atomic.Pointer[capabilities.SignatureSettings]
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	key, err := signing.Generate()
	if err != nil {
		t.Fatal(err)
	}
	s := &signer{cluster: newCluster(t), key: key}
	s.settings.Store(&capabilities.SignatureSettings{
		Keys:    []capabilities.SignatureKey{{Name: "ours", PublicKey: key.Public().String()}},
		Require: []capabilities.SignatureRule{{Extensions: []string{"*"}, Keys: []string{"ours"}}},
	})
	return s
}

func (s *signer) installSigned() extensions.Installed {
	s.tb.Helper()
	manifest := []byte(`{"id": "test-extension", "name": "Test", "version": "1.0.0", "wasm_file": "guest.wasm"}`)
	p, err := extensions.NewPackage(manifest, guest)
	if err != nil {
		s.tb.Fatal(err)
	}
	signature, err := signing.Sign(s.key, manifest, p.Digest, "test-extension 1.0.0")
	if err != nil {
		s.tb.Fatal(err)
	}
	p.Signed = &extensions.Signed{Manifest: manifest, Signatures: signing.Format([]signing.Signature{signature})}
	installed, err := s.catalogue.Install(s.tb.Context(), p, jobsOf(s.tb, guest))
	if err != nil {
		s.tb.Fatal(err)
	}
	return installed
}

func (s *signer) wantDead(want string) {
	s.tb.Helper()
	run := s.outcome(s.submit("empty", ""))
	if run.State != bus.StateDead || len(run.Errors) != 1 || !strings.Contains(run.Errors[0].Error, want) {
		s.tb.Errorf("it is %s: %+v, want it dead: %s", run.State, run.Errors, want)
	}
}

func (s *signer) wantCompleted() {
	s.tb.Helper()
	if run := s.outcome(s.submit("empty", "")); run.State != bus.StateCompleted {
		s.tb.Errorf("it is %s: %+v", run.State, run.Errors)
	}
}

// The worker believes nobody who wrote into the catalogue or the store of modules.
func TestWorkerVerifiesSignatures(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	s.install(`{}`, "")
	s.work(runner.Config{}.WithSignatures(s.settings.Load))
	s.wantDead("test-extension: the policy demands a signature of ours, and it has none")
	installed := s.installSigned()
	s.wantCompleted()

	store, err := s.conn.Extensions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put := func(change func(i *extensions.Installed)) {
		t.Helper()
		changed := installed
		signed := *installed.Signed
		changed.Signed = &signed
		change(&changed)
		record, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.PutRecord(t.Context(), "test-extension", record); err != nil {
			t.Fatal(err)
		}
	}
	grown, err := extensions.ParseManifest([]byte(`{"id":"test-extension","name":"T","version":"1.0.0","wasm_file":"a.wasm","permissions":{"methods":["action:"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	// Tampering is seen by a worker that has run the real one.
	for want, change := range map[string]func(i *extensions.Installed){
		"its manifest is not the one that was signed":     func(i *extensions.Installed) { i.Manifest = grown },
		"does not hold for this manifest and module":      func(i *extensions.Installed) { i.Digest = extensions.Digest([]byte("other")) },
		"demands a signature of ours, and it has none":    func(i *extensions.Installed) { i.Signed = nil },
		"its signatures are unusable: signature 1 is cut": func(i *extensions.Installed) { i.Signed.Signatures = i.Signed.Signatures[:90] },
	} {
		put(change)
		s.wantDeadSoon(want)
	}
	put(func(*extensions.Installed) {})
	s.wantCompletedOnceSeen()
}

// wantDeadSoon is wantDead for what the worker has yet to hear of.
func (s *signer) wantDeadSoon(want string) {
	s.tb.Helper()
	var run *bus.Run
	for range 200 {
		run = s.outcome(s.submit("empty", ""))
		if run.State == bus.StateDead && strings.Contains(run.Errors[0].Error, want) {
			return
		}
	}
	s.tb.Fatalf("it is %s: %+v, want it dead: %s", run.State, run.Errors, want)
}

func (s *signer) wantCompletedOnceSeen() {
	s.tb.Helper()
	for range 200 {
		if run := s.outcome(s.submit("empty", "")); run.State == bus.StateCompleted {
			return
		}
	}
	s.tb.Fatal("what was signed does not run any more")
}

// A module that was swapped in the store does not have the digest that was signed.
func TestWorkerRefusesASwappedModule(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	installed := s.installSigned()
	store, err := s.conn.Extensions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteModule(t.Context(), installed.Digest); err != nil {
		t.Fatal(err)
	}
	swapped := append(bytes.Clone(guest), 0, 2, 1, 'x') // the same, and a section that does nothing
	if err := store.PutModule(t.Context(), installed.Digest, swapped); err != nil {
		t.Fatal(err)
	}
	s.work(runner.Config{MaxAttempts: 1}.WithSignatures(s.settings.Load))
	s.wantDead("the store answered with " + extensions.Digest(swapped))
}

// A version that a job began with is verified like any other, and settings hold from the next attempt on.
func TestSettingsOfSignaturesChange(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	s.install(`{}`, "")
	demanding := s.settings.Swap(nil)
	s.work(runner.Config{}.WithSignatures(s.settings.Load))
	s.wantCompleted()
	s.settings.Store(demanding)
	s.wantDead("demands a signature of ours")
	s.settings.Store(&capabilities.SignatureSettings{Keys: []capabilities.SignatureKey{{Name: "x", PublicKey: "RW"}}})
	s.wantDead("the operator's settings of signatures cannot be read, so no extension is trusted")
	s.settings.Store(&capabilities.SignatureSettings{})
	s.wantCompleted()
}

// Before the policy is known nobody knows whom to trust, so nothing is prepared.
func TestNothingIsPreparedBeforeThePolicyIsKnown(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.install(`{}`, "")
	set(t, c.conn, "rules: [{name: all")
	prepared := make(chan struct{}, 1)
	worker, err := runner.New(c.conn, c.catalogue, func(context.Context, []byte, sandbox.Options) (*sandbox.Module, error) {
		select {
		case prepared <- struct{}{}:
		default:
		}
		return nil, context.Canceled
	}, runner.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx) }()
	select {
	case <-prepared:
		t.Error("a module is prepared")
	case <-worker.Ready():
		t.Error("it takes jobs")
	case <-time.After(300 * time.Millisecond):
	}
	set(t, c.conn, allowAll)
	<-worker.Ready()
	<-prepared
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
