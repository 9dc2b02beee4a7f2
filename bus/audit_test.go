package bus_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
)

// auditing runs an auditor until the test ends, or stop is called.
func auditing(tb testing.TB, conn *bus.Conn, config bus.AuditorConfig) (a *bus.Auditor, stop func()) {
	tb.Helper()
	a = conn.NewAuditor(config)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	tb.Cleanup(stop)
	return a, stop
}

func methods(page []bus.AuditEntry) []string {
	var all []string
	for _, r := range page {
		all = append(all, r.Method())
	}
	return all
}

func wantPage(t *testing.T, conn *bus.Conn, filter bus.AuditFilter, before uint64, limit int, want ...string) (next uint64) {
	t.Helper()
	page, next, err := conn.AuditPage(t.Context(), filter, before, limit)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, methods(page)); diff != "" {
		t.Errorf("%+v before %d (-want +got):\n%s", filter, before, diff)
	}
	return next
}

func TestAuditPages(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	wantPage(t, conn, bus.AuditFilter{}, 0, 10)
	library, job, noon := uuid.New(), uuid.New(), time.Now().UTC().Add(-time.Second)
	for i, r := range []bus.AuditRecord{
		{Decision: bus.AuditDenied, Extension: "a.b", Library: library, Kind: "query", Operation: "ai.ocr"},
		{Decision: bus.AuditAllowed, Extension: "a.b", Library: library, Kind: "action", Operation: "vdfs.write_sidecar", Job: job},
		{Decision: bus.AuditAllowed, Extension: "ab", Library: uuid.New(), Kind: "action", Operation: "vdfs.create_entry"},
		{Decision: bus.AuditDenied, Extension: "ab", Library: library},
		{Decision: bus.AuditAct, Extension: "ab", Operation: "extension.load", Detail: "1.0.0"},
	} {
		r.At = noon.Add(time.Duration(i) * 100 * time.Millisecond)
		if err := conn.Audit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	const denied, write, create, none, load = "query:ai.ocr", "action:vdfs.write_sidecar", "action:vdfs.create_entry", "", "extension.load"
	next := wantPage(t, conn, bus.AuditFilter{}, 0, 2, load, none)
	next = wantPage(t, conn, bus.AuditFilter{}, next, 2, create, write)
	if next = wantPage(t, conn, bus.AuditFilter{}, next, 2, denied); next != 0 {
		t.Errorf("there is more from %d", next)
	}
	for name, c := range map[string]struct {
		filter bus.AuditFilter
		want   []string
	}{
		"extension":           {bus.AuditFilter{Extension: "a.b"}, []string{write, denied}},
		"denied":              {bus.AuditFilter{Decision: bus.AuditDenied}, []string{none, denied}},
		"library":             {bus.AuditFilter{Library: library}, []string{none, write, denied}},
		"all of them":         {bus.AuditFilter{Library: library, Decision: bus.AuditDenied, Extension: "ab"}, []string{none}},
		"job":                 {bus.AuditFilter{Job: job}, []string{write}},
		"method":              {bus.AuditFilter{Method: write}, []string{write}},
		"operation":           {bus.AuditFilter{Method: "ai.ocr"}, []string{denied}},
		"act":                 {bus.AuditFilter{Method: load}, []string{load}},
		"since":               {bus.AuditFilter{Since: noon.Add(300 * time.Millisecond)}, []string{load, none}},
		"until":               {bus.AuditFilter{Until: noon.Add(200 * time.Millisecond)}, []string{write, denied}},
		"nothing of that job": {bus.AuditFilter{Job: uuid.New()}, nil},
		"nobody":              {bus.AuditFilter{Extension: "nobody"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantPage(t, conn, c.filter, 0, 10, c.want...)
		})
	}
}

// Records are written in groups, all of them, in order, and a page finds what is far back.
func TestAuditorWritesAll(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	a, stop := auditing(t, conn, bus.AuditorConfig{By: "w", Buffer: 64})
	const many = 5000
	a.Note(t.Context(), bus.AuditRecord{Decision: bus.AuditDenied, Extension: "first", Kind: "query", Operation: "a.b"})
	for range many { // more than there is room for at once: it waits
		a.Note(t.Context(), bus.AuditRecord{Decision: bus.AuditAllowed, Extension: "x", Kind: "action", Operation: "a.b"})
	}
	stop()
	total, next := 0, uint64(0)
	for {
		page, more, err := conn.AuditPage(t.Context(), bus.AuditFilter{Extension: "x"}, next, 700)
		if err != nil {
			t.Fatal(err)
		}
		total += len(page)
		if next = more; next == 0 {
			break
		}
	}
	if total != many {
		t.Errorf("%d of %d records are there", total, many)
	}
	page, _, err := conn.AuditPage(t.Context(), bus.AuditFilter{Extension: "first"}, 0, 1)
	if err != nil || len(page) != 1 || page[0].By != "w" || page[0].ID == uuid.Nil || page[0].Sequence != 1 {
		t.Errorf("the first record is %+v, %v", page, err)
	}
}

func TestFollowAudit(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	audit := func(r bus.AuditRecord) {
		t.Helper()
		if err := conn.Audit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	audit(bus.AuditRecord{Decision: bus.AuditDenied, Extension: "x", Operation: "before"})
	enough := errors.New("enough")
	var got []bus.AuditEntry
	listening := func() {
		audit(bus.AuditRecord{Decision: bus.AuditDenied, Extension: "y", Operation: "another's"})
		audit(bus.AuditRecord{Decision: bus.AuditAllowed, Extension: "x", Operation: "allowed"})
		audit(bus.AuditRecord{Decision: bus.AuditDenied, Extension: "x", Operation: "after"})
	}
	err := conn.FollowAudit(t.Context(), bus.AuditFilter{Extension: "x", Decision: bus.AuditDenied}, listening, func(r bus.AuditEntry) error {
		got = append(got, r)
		return enough
	})
	if !errors.Is(err, enough) || len(got) != 1 || got[0].Operation != "after" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// An audit that is full refuses to be written, and says so; what does not wait for it is counted, and told when there is room.
func TestAuditThatIsFull(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	var log lockedBuffer
	small := connectWith(t, server, bus.Config{AuditBytes: 4096, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	var err error
	for range 100 {
		if err = small.Audit(t.Context(), bus.AuditRecord{Decision: bus.AuditAct, Operation: "extension.load"}); err != nil {
			break
		}
	}
	if bus.CodeOf(err) != bus.Unavailable || !strings.Contains(err.Error(), "the audit cannot be written") {
		t.Fatalf("got %v", err)
	}
	a, stop := auditing(t, small, bus.AuditorConfig{By: "w", Buffer: 8})
	for range 50 { // never waits for long, though none can be written
		a.Note(t.Context(), bus.AuditRecord{Decision: bus.AuditAllowed, Extension: "x", Operation: "a.b"})
	}
	log.wait(t, "the audit cannot be written")
	a.Note(t.Context(), bus.AuditRecord{Decision: bus.AuditAllowed, Extension: "x", Operation: "a.b"})
	connectWith(t, server, bus.Config{AuditBytes: 1 << 20}) // the operator makes room
	log.wait(t, "the audit is written again")
	stop()
	page, _, err := small.AuditPage(t.Context(), bus.AuditFilter{}, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	kept, lost := 0, uint64(0)
	for _, r := range page {
		if r.Decision == bus.AuditLost {
			lost += r.Count
		} else if r.Extension == "x" {
			kept++
		}
	}
	if kept+int(lost) != 51 || lost == 0 {
		t.Errorf("%d are kept and %d said to be lost, of 51", kept, lost)
	}
}

// Nobody takes a record back.
func TestAuditIsAppendOnly(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	if err := conn.Audit(t.Context(), bus.AuditRecord{Decision: bus.AuditAct, Operation: "extension.load"}); err != nil {
		t.Fatal(err)
	}
	for subject, request := range map[string]string{"$JS.API.STREAM.PURGE.AUDIT": `{}`, "$JS.API.STREAM.MSG.DELETE.AUDIT": `{"seq":1}`} {
		if reply := bustest.Request(t, server, subject, nil, []byte(request)); !bytes.Contains(reply, []byte("not permitted")) {
			t.Errorf("%s: %s", subject, reply)
		}
	}
}

func connectWith(t *testing.T, server *bus.Server, config bus.Config) *bus.Conn {
	t.Helper()
	config.Server = server
	conn, err := bus.Connect(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	if err := conn.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	return conn
}

// lockedBuffer is a log that a test waits on.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) wait(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		b.mu.Lock()
		text := b.text.String()
		b.mu.Unlock()
		if strings.Contains(text, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log does not say %q:\n%s", want, text)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func BenchmarkAuditNote(b *testing.B) {
	conn := bustest.New(b)
	a := conn.NewAuditor(bus.AuditorConfig{})
	r := bus.AuditRecord{Decision: bus.AuditAllowed, Extension: "finance", Library: uuid.New(), Job: uuid.New(), Kind: "action", Operation: "vdfs.write_sidecar", Rule: "action:vdfs."}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%10_000 == 0 { // what the writer does at leisure is not what the call waits for
			bus.ForgetAudit(a)
		}
		a.Note(b.Context(), r)
	}
}

func BenchmarkAuditConfirm(b *testing.B) {
	conn := bustest.New(b)
	a := conn.NewAuditor(bus.AuditorConfig{})
	r := bus.AuditRecord{Decision: bus.AuditIntent, Extension: "finance", Library: uuid.New(), Job: uuid.New(), Kind: "action", Operation: "vdfs.write_sidecar"}
	for b.Loop() {
		if _, err := a.Confirm(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
