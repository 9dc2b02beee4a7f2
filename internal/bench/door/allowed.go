package main

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
	"github.com/airlock-run/airlock/internal/bench/table"
)

// measureAllowed measures the way of a call that is allowed, up to where it leaves the process: decision, two rates, three budgets.
func measureAllowed(ctx context.Context) ([]table.Row, error) {
	all := []string{quota.All}
	allowance, err := quota.Compile("finance", []quota.RateRule{
		{Name: "all", Extensions: all, RequestsPerMinute: 1 << 30},
		{Name: "ai", Extensions: all, Operations: []string{"ai."}, Libraries: all, RequestsPerMinute: 1 << 30},
	}, []quota.BudgetRule{{Name: "daily", Extensions: all, Libraries: all, Per: quota.Day, Calls: 1 << 50, Bytes: 1 << 50, AITokens: 1 << 50}})
	if err != nil {
		return nil, err
	}
	grant, err := capabilities.NewGrant("finance", capabilities.Permissions{Methods: []string{"query:ai.ocr", "vdfs."}})
	if err != nil {
		return nil, err
	}
	ledger, err := quota.NewLedger(&memory{}, quota.LedgerConfig{})
	if err != nil {
		return nil, err
	}
	purses, err := quota.NewPurses(quota.PursesConfig{})
	if err != nil {
		return nil, err
	}
	filling, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { purses.Run(filling, ledger) })
	defer wg.Wait()
	defer stop()

	policy, err := capabilities.ParsePolicy([]byte("libraries: {unlisted: allow}\nrules:\n- {name: all, extensions: [\"*\"], allow: [\"query:\", \"action:\"]}\n"))
	if err != nil {
		return nil, err
	}
	authority := capabilities.NewAuthority()
	authority.SetPolicy(policy, 1)
	authority.SetLibraries(map[uuid.UUID]*capabilities.Library{})
	request := &capabilities.Request{Method: capabilities.Method{Kind: capabilities.Query, Operation: "ai.ocr"}, JobLibrary: uuid.New()}
	meter := purses.Meter(allowance, request.JobLibrary)
	defer meter.Close()
	refused := 0
	result := testing.Benchmark(func(b *testing.B) { //nolint:thelper // it is the benchmark itself
		b.ReportAllocs()
		for b.Loop() {
			refusal := meter.Take(ctx, request.Method, 100)
			if !authority.Decide(grant, request).Allowed || refusal.Refused() {
				refused++
			}
		}
	})
	if refused > 0 {
		return nil, errors.New("calls were refused")
	}
	return []table.Row{
		{Name: "decision, two rates, three budgets", Figure: float64(result.NsPerOp()), Unit: "ns", Goal: table.AtMost(1000)},
		{Name: "allocations of that", Figure: float64(result.AllocsPerOp()), Unit: "allocations", Goal: table.AtMost(0)},
	}, nil
}

// memory are records that nobody else needs.
type memory struct {
	mu      sync.Mutex
	records map[string][]byte
	written uint64
}

// Load implements quota.Records.
func (m *memory) Load(_ context.Context, name string) (data []byte, revision uint64, age time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records[name], 0, 0, nil
}

// Save implements quota.Records.
func (m *memory) Save(_ context.Context, name string, data []byte, _ uint64, _ time.Duration) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records == nil {
		m.records = map[string][]byte{}
	}
	m.records[name] = data
	m.written++
	return m.written, nil
}
