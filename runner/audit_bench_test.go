package runner

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// What the audit costs a read, which is counted; an action costs what BenchmarkAuditNote says, and little more.
func BenchmarkAuditRead(b *testing.B) {
	conn := bustest.New(b)
	w := &Worker{auditor: conn.NewAuditor(bus.AuditorConfig{})}
	t := w.newTrail(&bus.Job{ID: uuid.New(), Extension: "finance", Name: "scan", Library: uuid.New()}, 1)
	method, c, p := capabilities.Method{Kind: capabilities.Query, Operation: "ai.ocr"}, &sandbox.Call{Payload: json.RawMessage("{}")}, &passage{allowed: true, rule: "query:ai."}
	start := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		t.called(b.Context(), method, c, p, start, time.Millisecond, 10, nil)
	}
}
