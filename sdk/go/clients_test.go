package airlock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	airlock "github.com/airlock-run/airlock/sdk/go"
	"github.com/airlock-run/airlock/sdk/go/airlocktest"
)

func inspectVDFS(job *airlock.JobContext) error {
	vdfs := job.VDFS()
	wanted := airlock.NewEntry{Name: "Lunch", Path: "/receipts/lunch", EntryType: "receipt", Metadata: map[string]any{"a": 1, "b": map[string]int{"c": 2}}}
	created, err := vdfs.CreateEntry(wanted)
	if err != nil {
		return err
	}
	if _, err := vdfs.CreateEntry(wanted); airlock.ErrorCode(err) != airlock.AlreadyExists {
		return fmt.Errorf("create again: %w", err)
	}
	err = errors.Join(
		vdfs.UpdateMetadata(created.ID, map[string]any{"a": nil, "b": map[string]any{"d": 3}}),
		vdfs.WriteSidecar(created.ID, "note.txt", []byte("first")),
		vdfs.WriteSidecar(created.ID, "note.txt", []byte("hello")),
		vdfs.WriteSidecar(created.ID, "empty", nil),
	)
	if err != nil {
		return err
	}
	byID, err := vdfs.Entry(created.ID)
	if err != nil {
		return err
	}
	byPath, err := vdfs.EntryAt(wanted.Path)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(byID, byPath); diff != "" {
		return errors.New(diff)
	}
	if string(byID.Metadata) != `{"b":{"c":2,"d":3}}` || len(byID.Sidecars) != 2 || byID.Sidecars[0].Size != 5 {
		return fmt.Errorf("entry %+v, metadata %s", byID, byID.Metadata)
	}
	note, err := vdfs.ReadSidecar(created.ID, "note.txt")
	if err != nil || string(note.Data) != "hello" || note.Digest != byID.Sidecars[0].Digest {
		return fmt.Errorf("sidecar %+v: %w", note, err)
	}
	if _, err := vdfs.ReadSidecar(created.ID, "absent"); airlock.ErrorCode(err) != airlock.NotFound {
		return fmt.Errorf("read absent sidecar: %w", err)
	}
	return errors.Join(inspectPages(vdfs), inspectContent(vdfs, created.ID), inspectSearch(job))
}

func inspectContent(vdfs airlock.VDFS, id string) error {
	data := bytes.Repeat([]byte("airlock "), 1<<18+1) // which takes three parts
	content, err := vdfs.WriteContent(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if err := vdfs.WriteSidecarContent(id, "large", content); err != nil {
		return err
	}
	got, err := io.ReadAll(vdfs.ContentReader(content))
	if err != nil || !bytes.Equal(got, data) {
		return fmt.Errorf("read %d bytes, want %d: %w", len(got), len(data), err)
	}
	with, err := vdfs.CreateEntry(airlock.NewEntry{Name: "n", Path: "/with-content", EntryType: "file", Content: content})
	if err != nil || with.Content != content {
		return fmt.Errorf("content is %q: %w", with.Content, err)
	}
	list, err := vdfs.Sidecars(id)
	if err != nil || len(list) != 3 || list[1].Filename != "large" || list[1].Size != int64(len(data)) {
		return fmt.Errorf("sidecars %+v: %w", list, err)
	}
	if err := errors.Join(vdfs.DeleteSidecar(id, "large"), vdfs.DeleteEntry(with.ID)); err != nil {
		return err
	}
	if err := vdfs.DeleteEntry(with.ID); airlock.ErrorCode(err) != airlock.NotFound {
		return fmt.Errorf("delete again: %w", err)
	}
	if err := vdfs.DeleteSidecar(id, "large"); airlock.ErrorCode(err) != airlock.NotFound {
		return fmt.Errorf("delete sidecar again: %w", err)
	}
	return nil
}

func inspectSearch(job *airlock.JobContext) error {
	for i, total := range []any{12.5, 81, 50, "81"} {
		_, err := job.VDFS().CreateEntry(airlock.NewEntry{
			Name: "Receipt", Path: fmt.Sprintf("/expenses/%d", i), EntryType: "expense", Metadata: map[string]any{"category": "Restaurant", "total": total},
		})
		if err != nil {
			return err
		}
	}
	over := []airlock.Filter{{Field: "total", Op: "gte", Value: 50}}
	page, err := job.Search(airlock.SearchQuery{Text: "restaurant", Filters: over, Sum: []string{"total"}, Limit: 1})
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Path != "/expenses/2" || page.Next == "" {
		return fmt.Errorf("found %+v: %w", page, err)
	}
	if diff := cmp.Diff(&airlock.SearchTotal{Count: 2, Sums: map[string]float64{"total": 131}, Complete: true}, page.Total); diff != "" {
		return errors.New(diff)
	}
	list, err := job.VDFS().ListEntries(airlock.EntryFilter{EntryType: "expense", Filters: over, Sort: "-path"})
	if err != nil || len(list.Entries) != 2 || list.Entries[0].Path != "/expenses/2" {
		return fmt.Errorf("listed %+v: %w", list, err)
	}
	return nil
}

func inspectPages(vdfs airlock.VDFS) error {
	for i := range 3 {
		if _, err := vdfs.CreateEntry(airlock.NewEntry{Name: "n", Path: fmt.Sprintf("/notes/%d", i), EntryType: "note"}); err != nil {
			return err
		}
	}
	var paths []string
	filter := airlock.EntryFilter{PathPrefix: "/notes/", EntryType: "note", Limit: 2}
	for {
		page, err := vdfs.ListEntries(filter)
		if err != nil {
			return err
		}
		for _, entry := range page.Entries {
			paths = append(paths, entry.Path)
		}
		if filter.After = page.Next; filter.After == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"/notes/0", "/notes/1", "/notes/2"}, paths); diff != "" {
		return errors.New(diff)
	}
	return nil
}

func TestVDFS(t *testing.T) {
	t.Parallel()
	mustInspect(t, airlocktest.New(t), "vdfs")
}

func inspectCredentials(job *airlock.JobContext) error {
	secret := airlock.Credential{Type: airlock.Basic, Username: "ada", Password: "engine"}
	if err := job.Credentials().Store("imap", secret); err != nil {
		return err
	}
	got, err := job.Credentials().Get("imap")
	if err != nil {
		return err
	}
	if diff := cmp.Diff(secret, got); diff != "" {
		return errors.New(diff)
	}
	if _, err := job.Credentials().Get("absent"); airlock.ErrorCode(err) != airlock.NotFound {
		return fmt.Errorf("get absent credential: %w", err)
	}
	return nil
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	mustInspect(t, host, "credentials")
	want := `{"credential_id":"imap","credential":{"type":"basic","username":"ada","password":"engine"}}`
	if got := string(host.Calls()[0].Payload); got != want {
		t.Errorf("stored with %s, want %s", got, want)
	}
}

func inspectState(job *airlock.JobContext) error {
	state := job.KV()
	var uid int
	if revision, err := state.Get("uid", &uid); revision != 0 || uid != 0 || err != nil {
		return fmt.Errorf("before anything %d is there, of revision %d: %w", uid, revision, err)
	}
	first, err := state.PutIf("uid", 7, 0)
	if err != nil {
		return err
	}
	if _, err := state.PutIf("uid", 8, 0); airlock.ErrorCode(err) != airlock.FailedPrecondition {
		return fmt.Errorf("put again: %w", err)
	}
	if revision, err := state.Get("uid", &uid); revision != first || uid != 7 || err != nil {
		return fmt.Errorf("%d is there, of revision %d: %w", uid, revision, err)
	}
	if _, err := state.Put("other", nil); err != nil {
		return err
	}
	keys, err := state.Keys("u")
	if err != nil || len(keys) != 1 || keys[0].Key != "uid" || keys[0].Revision != first {
		return fmt.Errorf("keys %+v: %w", keys, err)
	}
	if err := state.Delete("uid"); err != nil {
		return err
	}
	keys, err = state.Keys("")
	if err != nil || len(keys) != 1 || keys[0].Key != "other" {
		return fmt.Errorf("keys %+v: %w", keys, err)
	}
	return nil
}

func TestState(t *testing.T) {
	t.Parallel()
	mustInspect(t, airlocktest.New(t), "state")
}

func inspectSettings(job *airlock.JobContext) error {
	var settings struct{ Currency string }
	if err := job.Settings(&settings); err != nil || settings.Currency != "EUR" {
		return fmt.Errorf("settings %+v: %w", settings, err)
	}
	id, err := job.Publish(airlock.NewEvent{Type: "receipt.detected", Subject: "entry 7", Data: map[string]string{"total": "7.50"}})
	if err != nil || id == "" {
		return fmt.Errorf("event %q: %w", id, err)
	}
	if _, err := job.Publish(airlock.NewEvent{}); airlock.ErrorCode(err) != airlock.InvalidArgument {
		return fmt.Errorf("event of no type: %w", err)
	}
	return nil
}

func TestSettingsAndEvents(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	host.Settings(map[string]string{"currency": "EUR"})
	mustInspect(t, host, "settings")
	want := airlocktest.Call{Method: "action:events.publish", Payload: json.RawMessage(`{"type":"receipt.detected","subject":"entry 7","data":{"total":"7.50"}}`)}
	if diff := cmp.Diff(want, host.Calls()[1]); diff != "" {
		t.Error(diff)
	}
}

func inspectAI(job *airlock.JobContext) error {
	read, err := job.AI().OCR([]byte("%PDF"), airlock.OCROptions{MaxPages: 2})
	if err != nil || read.Text != "Total 5" {
		return fmt.Errorf("ocr %+v: %w", read, err)
	}
	judged, err := job.AI().ClassifyText(read.Text, []airlock.Label{{Name: "a", Examples: []string{"x"}}, {Name: "b"}})
	if err != nil || judged.Label != "b" || judged.Scores[1].Score != 0.25 {
		return fmt.Errorf("classification %+v: %w", judged, err)
	}
	return nil
}

func TestAI(t *testing.T) {
	t.Parallel()
	host := airlocktest.New(t)
	host.Handle("query:ai.ocr", func(json.RawMessage) (any, error) { return airlock.OCRResult{Text: "Total 5"}, nil })
	host.Handle("query:ai.classify_text", func(json.RawMessage) (any, error) {
		return airlock.Classification{Label: "b", Confidence: 0.75, Scores: []airlock.LabelScore{{Label: "b", Score: 0.75}, {Label: "a", Score: 0.25}}}, nil
	})
	mustInspect(t, host, "ai")
	want := []airlocktest.Call{
		{Method: "query:ai.ocr", Payload: json.RawMessage(`{"data":"JVBERg==","options":{"max_pages":2}}`)},
		{Method: "query:ai.classify_text", Payload: json.RawMessage(`{"text":"Total 5","labels":[{"name":"a","examples":["x"]},{"name":"b"}]}`)},
	}
	if diff := cmp.Diff(want, host.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
