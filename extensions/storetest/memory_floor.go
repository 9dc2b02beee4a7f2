package storetest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
)

// PutFloor implements extensions.Store.
func (m *Memory) PutFloor(ctx context.Context, id string, floor []byte, revision uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.floors[id].revision != revision {
		return fmt.Errorf("put floor of %s: %w", id, fs.ErrExist)
	}
	m.floors[id] = entry{id: id, value: bytes.Clone(floor), revision: revision + 1}
	return nil
}

// Floor implements extensions.Store.
func (m *Memory) Floor(ctx context.Context, id string) ([]byte, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.floors[id]
	if !ok {
		return nil, 0, fmt.Errorf("floor of %s: %w", id, fs.ErrNotExist)
	}
	return bytes.Clone(f.value), f.revision, nil
}
