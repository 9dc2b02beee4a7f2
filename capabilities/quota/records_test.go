package quota_test

import (
	"context"
	"errors"
	"sync"
	"time"
)

// records are in memory. A write may fail before or after it is done.
type records struct {
	now  func() time.Time
	fail func() bool

	mu     sync.Mutex
	stored map[string]stored
}

type stored struct {
	data     []byte
	revision uint64
	at       time.Time
}

var errBroken = errors.New("the connection is broken")

// Load implements quota.Records.
func (r *records) Load(_ context.Context, name string) (data []byte, revision uint64, age time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail() {
		return nil, 0, 0, errBroken
	}
	s := r.stored[name]
	return s.data, s.revision, max(0, r.now().Sub(s.at)-100*time.Millisecond), nil
}

// Save implements quota.Records.
func (r *records) Save(_ context.Context, name string, data []byte, revision uint64, _ time.Duration) (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail() {
		return 0, errBroken
	}
	if r.stored[name].revision != revision {
		return 0, errors.New("another has written")
	}
	r.stored[name] = stored{data, revision + 1, r.now()}
	if r.fail() {
		return 0, errBroken
	}
	return revision + 1, nil
}
