package storetest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/airlock-run/airlock/extensions"
)

// Memory is a Store that lives as long as its process. The zero value is not usable; see [NewMemory].
type Memory struct {
	mu       sync.Mutex
	revision uint64
	records  map[string]entry
	versions map[string][]byte
	modules  map[string][]byte
	floors   map[string]entry
	// schedules are those of each extension, as they were put.
	schedules map[string][]byte
	// changed is closed, and replaced, at each change of records.
	changed chan struct{}
}

// entry is a record; its value is nil once it is deleted.
type entry struct {
	id       string
	value    []byte
	revision uint64
}

var _ extensions.Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{
		records: make(map[string]entry), versions: make(map[string][]byte), modules: make(map[string][]byte), floors: make(map[string]entry),
		schedules: make(map[string][]byte),
		changed:   make(chan struct{}),
	}
}

// PutRecord implements extensions.Store.
func (m *Memory) PutRecord(ctx context.Context, id string, record []byte) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.write(id, append([]byte{}, record...)), nil
}

// write needs mu.
func (m *Memory) write(id string, value []byte) uint64 {
	m.revision++
	m.records[id] = entry{id: id, value: value, revision: m.revision}
	close(m.changed)
	m.changed = make(chan struct{})
	return m.revision
}

// Record implements extensions.Store.
func (m *Memory) Record(ctx context.Context, id string) ([]byte, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.records[id]
	if !ok || e.value == nil {
		return nil, 0, fmt.Errorf("record %s: %w", id, fs.ErrNotExist)
	}
	return bytes.Clone(e.value), e.revision, nil
}

// DeleteRecord implements extensions.Store.
func (m *Memory) DeleteRecord(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.records[id]; ok && e.value != nil {
		m.write(id, nil)
	}
	return nil
}

// WatchRecords implements extensions.Store.
func (m *Memory) WatchRecords(ctx context.Context, caughtUp func(), changed func(id string, record []byte, revision uint64)) error {
	for seen, first := uint64(0), true; ; first = false {
		news, next := m.since(seen)
		for _, e := range news {
			seen = e.revision
			if first && e.value == nil {
				continue
			}
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the end of ctx is how watching ends
			}
			changed(e.id, bytes.Clone(e.value), e.revision)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // as above
		}
		if first {
			caughtUp()
		}
		select {
		case <-next:
		case <-ctx.Done():
			return nil
		}
	}
}

// since returns what was written after a revision, and a channel that is closed when there is more.
func (m *Memory) since(revision uint64) ([]entry, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var news []entry
	for _, e := range m.records {
		if e.revision > revision {
			news = append(news, e)
		}
	}
	slices.SortFunc(news, func(a, b entry) int { return cmp.Compare(a.revision, b.revision) })
	return news, m.changed
}

// PutVersion implements extensions.Store.
func (m *Memory) PutVersion(ctx context.Context, version string, record []byte) error {
	return m.put(ctx, m.versions, version, record)
}

// Version implements extensions.Store.
func (m *Memory) Version(ctx context.Context, version string) ([]byte, error) {
	return m.get(ctx, m.versions, version)
}

// Versions implements extensions.Store.
func (m *Memory) Versions(ctx context.Context) (map[string][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	versions := make(map[string][]byte, len(m.versions))
	for version, record := range m.versions {
		versions[version] = bytes.Clone(record)
	}
	return versions, nil
}

// DeleteVersion implements extensions.Store.
func (m *Memory) DeleteVersion(ctx context.Context, version string) error {
	return m.remove(ctx, m.versions, version)
}

// PutModule implements extensions.Store.
func (m *Memory) PutModule(ctx context.Context, digest string, wasm []byte) error {
	return m.put(ctx, m.modules, digest, wasm)
}

// Module implements extensions.Store.
func (m *Memory) Module(ctx context.Context, digest string) ([]byte, error) {
	return m.get(ctx, m.modules, digest)
}

// DeleteModule implements extensions.Store.
func (m *Memory) DeleteModule(ctx context.Context, digest string) error {
	return m.remove(ctx, m.modules, digest)
}

func (m *Memory) put(ctx context.Context, into map[string][]byte, name string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	into[name] = append([]byte{}, value...)
	return nil
}

func (m *Memory) get(ctx context.Context, from map[string][]byte, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := from[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return append([]byte{}, value...), nil
}

func (m *Memory) remove(ctx context.Context, from map[string][]byte, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(from, name)
	return nil
}

// CheckSchedules implements extensions.Store. It takes any list.
func (m *Memory) CheckSchedules(ctx context.Context, id string, schedules []byte) error {
	var list []struct{ Name string }
	if err := json.Unmarshal(schedules, &list); err != nil {
		return fmt.Errorf("check schedules of extension %s: %w", id, err)
	}
	return ctx.Err()
}

// PutSchedules implements extensions.Store. It starts no job.
func (m *Memory) PutSchedules(ctx context.Context, id string, schedules []byte) error {
	if err := m.CheckSchedules(ctx, id, schedules); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.schedules[id] = append([]byte{}, schedules...)
	return nil
}

// Schedules returns the schedules of an extension as they were put.
func (m *Memory) Schedules(id string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.schedules[id])
}
