package storetest

import (
	"errors"
	"io/fs"
)

func floorReadsWhatWasPut(t trial) {
	if got, _, err := t.store.Floor(t.Context(), "finance"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %s (%v), want fs.ErrNotExist", got, err)
	}
	first := t.putFloor("finance", "1", 0)
	if second := t.putFloor("finance", "2", first); second == first {
		t.Errorf("revision %d twice", first)
	}
	t.putFloor("a.b", "3", 0)
	if got, _, err := t.store.Floor(t.Context(), "finance"); err != nil || string(got) != "2" {
		t.Errorf("got %s (%v), want 2", got, err)
	}
}

func floorRefusesAnotherRevision(t trial) {
	first := t.putFloor("finance", "1", 0)
	second := t.putFloor("finance", "2", first)
	for _, revision := range []uint64{0, first, second + 1} {
		if err := t.store.PutFloor(t.Context(), "finance", []byte("3"), revision); !errors.Is(err, fs.ErrExist) {
			t.Errorf("over revision %d: got %v, want fs.ErrExist", revision, err)
		}
	}
	if got, _, err := t.store.Floor(t.Context(), "finance"); err != nil || string(got) != "2" {
		t.Errorf("got %s (%v), want 2", got, err)
	}
}

func floorOutlivesTheRecord(t trial) {
	t.put("finance", []byte("1"))
	t.putFloor("finance", "1", 0)
	if err := t.store.DeleteRecord(t.Context(), "finance"); err != nil {
		t.Fatal(err)
	}
	if got, _, err := t.store.Floor(t.Context(), "finance"); err != nil || string(got) != "1" {
		t.Errorf("got %s (%v), want 1", got, err)
	}
}

func (t trial) putFloor(id, floor string, over uint64) (revision uint64) {
	t.Helper()
	if err := t.store.PutFloor(t.Context(), id, []byte(floor), over); err != nil {
		t.Fatal(err)
	}
	_, revision, err := t.store.Floor(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}
