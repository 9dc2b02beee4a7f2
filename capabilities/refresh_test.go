package capabilities_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

// documents are what a bus keeps: it tells who follows once what there is, and then nothing more, as one that is slow.
type documents struct {
	policy, library string
	policyRevision  uint64
	libraryRevision uint64
	err             error
}

func (d *documents) ReadPolicy(context.Context) ([]byte, uint64, error) {
	if d.policy == "" && d.err == nil {
		return nil, 0, fs.ErrNotExist
	}
	return []byte(d.policy), d.policyRevision, d.err
}

func (d *documents) Library(context.Context, uuid.UUID) ([]byte, uint64, error) {
	if d.library == "" && d.err == nil {
		return nil, 0, fs.ErrNotExist
	}
	return []byte(d.library), d.libraryRevision, d.err
}

func (d *documents) WatchPolicy(ctx context.Context, caughtUp func(), changed func([]byte, uint64)) error {
	if d.policy != "" {
		changed([]byte(d.policy), d.policyRevision)
	}
	caughtUp()
	<-ctx.Done()
	return nil
}

func (d *documents) WatchLibraries(ctx context.Context, caughtUp func(), changed func(string, []byte, uint64)) error {
	changed(uuid.NewString(), nil, d.libraryRevision) // one that is gone
	caughtUp()
	<-ctx.Done()
	return nil
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	home := uuid.New()
	told := documents{libraryRevision: 7}
	authority := capabilities.NewAuthority()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		authority.Follow(ctx, &told, slog.New(slog.DiscardHandler))
	}()
	<-authority.Ready()
	cancel()
	<-ended
	grant, err := capabilities.NewGrant("finance", capabilities.Permissions{Methods: []string{"query:"}})
	if err != nil {
		t.Fatal(err)
	}
	library := fmt.Sprintf(`{"id":%q,"grants":{"finance":{}}}`, home)
	const closed = `rules: [{name: others, extensions: [mail], allow: ["query:"]}]`
	for _, c := range []struct {
		name string
		documents
		allowed, fails bool
	}{
		{"nothing is there", documents{}, false, false},
		{"it cannot be read", documents{err: errors.New("no answer")}, false, true},
		{"what was heard of already, and is gone since, does not come back", documents{library: library, libraryRevision: 7}, false, false},
		{"a record of another library", documents{library: `{"id":"` + uuid.NewString() + `","grants":{"finance":{}}}`, libraryRevision: 8}, false, false},
		{"what is ahead holds", documents{library: library, libraryRevision: 8}, true, false},
		{"a policy that cannot be read changes nothing", documents{policy: "rules: [", policyRevision: 3}, true, false},
		{"a policy that is ahead holds", documents{policy: closed, policyRevision: 4}, false, false},
		{"and one that is behind does not", documents{policy: `rules: [{name: all, extensions: ["*"], allow: ["query:"]}]`, policyRevision: 3}, false, false},
	} {
		if err := authority.Refresh(t.Context(), &c.documents, home); (err != nil) != c.fails {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := authority.MayRun(grant, home); d.Allowed != c.allowed {
			t.Errorf("%s: allowed %t: %s", c.name, d.Allowed, d.Reason)
		}
	}
}
