package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
)

// patience bounds the wait for what a watcher should see; a store that passes never comes near it.
const patience = 20 * time.Second

// trial is one case of the suite and the store it is about.
type trial struct {
	*testing.T
	store extensions.Store
}

// Exercise runs the suite. newStore makes a new, empty store for each case; cases run in parallel.
func Exercise(t *testing.T, newStore func(t *testing.T) extensions.Store) {
	t.Helper()
	for name, run := range map[string]func(trial){
		"record/reads what was put":            recordReadsWhatWasPut,
		"record/newest wins":                   recordNewestWins,
		"record/not there":                     recordNotThere,
		"record/deleted":                       recordDeleted,
		"record/ids are told apart":            recordIDsAreToldApart,
		"record/many at once":                  recordManyAtOnce,
		"version/reads what was put":           versionReadsWhatWasPut,
		"version/not there":                    versionNotThere,
		"version/deleted":                      versionDeleted,
		"version/no record of an extension":    versionIsNoRecord,
		"floor/reads what was put":             floorReadsWhatWasPut,
		"floor/refuses another revision":       floorRefusesAnotherRevision,
		"floor/outlives the record":            floorOutlivesTheRecord,
		"module/reads what was put":            moduleReadsWhatWasPut,
		"module/deleted":                       moduleDeleted,
		"module/not there":                     moduleNotThere,
		"module/put twice":                     modulePutTwice,
		"schedules/put and put again":          schedulesPut,
		"schedules/no list":                    schedulesNoList,
		"watch/empty":                          watchEmpty,
		"watch/what there is, then changes":    watchChanges,
		"watch/deleted ones are no beginning":  watchSkipsDeleted,
		"watch/two watchers":                   watchTwo,
		"watch/ends with its context":          watchEnds,
		"ended context/fails, changes nothing": endedContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(trial{T: t, store: newStore(t)})
		})
	}
}

func recordReadsWhatWasPut(t trial) {
	record := []byte(`{"a":1}`)
	revision := t.put("finance", record)
	record[0] = 'x' // the store must not have kept it
	got, gotRevision, err := t.store.Record(t.Context(), "finance")
	if err != nil || string(got) != `{"a":1}` || gotRevision != revision || revision == 0 {
		t.Fatalf("got %s at %d (%v), want what was put at %d", got, gotRevision, err, revision)
	}
	got[0] = 'x' // nor hand out what it keeps
	t.wantRecord("finance", `{"a":1}`)
}

func recordNewestWins(t trial) {
	last := uint64(0)
	for i := range 5 {
		value := strconv.Itoa(i)
		revision := t.put("finance", []byte(value))
		if revision <= last {
			t.Errorf("revision %d after %d", revision, last)
		}
		last = revision
		t.wantRecord("finance", value)
	}
	if revision := t.put("counter", []byte("0")); revision <= last {
		t.Errorf("revision %d of another record after %d", revision, last)
	}
}

func recordNotThere(t trial) {
	t.wantNoRecord("finance")
	if err := t.store.DeleteRecord(t.Context(), "finance"); err != nil {
		t.Errorf("delete what is not there: %v", err)
	}
}

func recordDeleted(t trial) {
	before := t.put("finance", []byte("1"))
	for range 2 {
		if err := t.store.DeleteRecord(t.Context(), "finance"); err != nil {
			t.Fatal(err)
		}
		t.wantNoRecord("finance")
	}
	if after := t.put("finance", []byte("2")); after <= before {
		t.Errorf("revision %d after %d", after, before)
	}
	t.wantRecord("finance", "2")
}

func recordIDsAreToldApart(t trial) {
	ids := []string{"a", "a.b", "a-b", "ab", "a.b.c", "com.spacedrive.photos", "-", "9"}
	for _, id := range ids {
		t.put(id, []byte(id))
	}
	for _, id := range ids {
		t.wantRecord(id, id)
	}
	if err := t.store.DeleteRecord(t.Context(), "a.b"); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id != "a.b" {
			t.wantRecord(id, id)
		}
	}
}

func recordManyAtOnce(t trial) {
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			id := fmt.Sprintf("extension-%d", i)
			if _, err := t.store.PutRecord(t.Context(), id, []byte(id)); err != nil {
				t.Error(err)
				return
			}
			if got, _, err := t.store.Record(t.Context(), id); err != nil || string(got) != id {
				t.Errorf("%s: got %s (%v)", id, got, err)
			}
		})
	}
	group.Wait()
}

func moduleReadsWhatWasPut(t trial) {
	// Larger than what a message bus carries in one message.
	large := bytes.Repeat([]byte("\x00asm, or whatever else"), 150_000)
	small := []byte("\x00asm\x01\x00\x00\x00")
	for _, wasm := range [][]byte{large, small} {
		kept := bytes.Clone(wasm)
		if err := t.store.PutModule(t.Context(), extensions.Digest(wasm), kept); err != nil {
			t.Fatal(err)
		}
		kept[0] = 'x'
	}
	for _, wasm := range [][]byte{large, small} {
		got, err := t.store.Module(t.Context(), extensions.Digest(wasm))
		if err != nil || !bytes.Equal(got, wasm) {
			t.Fatalf("got %d bytes (%v), want %d", len(got), err, len(wasm))
		}
	}
}

func moduleNotThere(t trial) {
	if _, err := t.store.Module(t.Context(), extensions.Digest(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func modulePutTwice(t trial) {
	wasm := []byte("\x00asm\x01\x00\x00\x00")
	for range 2 {
		if err := t.store.PutModule(t.Context(), extensions.Digest(wasm), wasm); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := t.store.Module(t.Context(), extensions.Digest(wasm)); err != nil || !bytes.Equal(got, wasm) {
		t.Errorf("got %x (%v)", got, err)
	}
}

func endedContext(t trial) {
	t.put("finance", []byte("1"))
	ended, end := context.WithCancel(t.Context())
	end()
	_, putErr := t.store.PutRecord(ended, "finance", []byte("2"))
	_, _, recordErr := t.store.Record(ended, "finance")
	_, moduleErr := t.store.Module(ended, extensions.Digest(nil))
	_, versionErr := t.store.Version(ended, extensions.Digest(nil))
	_, versionsErr := t.store.Versions(ended)
	_, _, floorErr := t.store.Floor(ended, "finance")
	for name, err := range map[string]error{
		"put record": putErr, "record": recordErr, "delete": t.store.DeleteRecord(ended, "finance"),
		"put module": t.store.PutModule(ended, extensions.Digest(nil), nil), "module": moduleErr,
		"delete module": t.store.DeleteModule(ended, extensions.Digest(nil)),
		"put version":   t.store.PutVersion(ended, extensions.Digest(nil), nil), "version": versionErr, "versions": versionsErr,
		"floor": floorErr, "put floor": t.store.PutFloor(ended, "finance", nil, 0),
		"delete version": t.store.DeleteVersion(ended, extensions.Digest(nil)),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the context's error", name, err)
		}
	}
	t.wantRecord("finance", "1")
}

func (t trial) put(id string, record []byte) uint64 {
	t.Helper()
	revision, err := t.store.PutRecord(t.Context(), id, record)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

func (t trial) wantRecord(id, want string) {
	t.Helper()
	got, _, err := t.store.Record(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("record of %s (-want +got):\n%s", id, diff)
	}
}

func (t trial) wantNoRecord(id string) {
	t.Helper()
	if got, _, err := t.store.Record(t.Context(), id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("record of %s: got %s (%v), want fs.ErrNotExist", id, got, err)
	}
}
