package quota

import "github.com/airlock-run/airlock/capabilities"

// Try is Take that does not wait for the ledger, but has it asked.
func (m *Meter) Try(method capabilities.Method, bytes int) bool {
	c := charge{method: method, bytes: int64(bytes)}
	refusal, short := m.try(&c)
	if short == nil {
		return !refusal.Refused()
	}
	_, needs := c.of(short.line)
	short.purse.mu.Lock()
	short.purse.await(needs)
	short.purse.mu.Unlock()
	m.purses.need(short.purse)
	return false
}
