package runner

import (
	"time"

	"github.com/airlock-run/airlock/capabilities"
)

// Prepared lists the digests of the modules that the worker has.
func (w *Worker) Prepared() []string {
	w.modules.mu.Lock()
	defer w.modules.mu.Unlock()
	var digests []string
	for key, p := range w.modules.prepared {
		select {
		case <-p.done:
			digests = append(digests, key.digest)
		default:
		}
	}
	return digests
}

// WithRateWindow has rates be about another stretch of time than a minute.
func (c Config) WithRateWindow(window time.Duration) Config {
	c.rateWindow = window
	return c
}

// WithSignatures has a worker demand signatures whatever its policy says.
func (c Config) WithSignatures(settings func() *capabilities.SignatureSettings) Config {
	c.signatures = settings
	return c
}
