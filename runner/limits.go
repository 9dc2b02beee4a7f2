package runner

import (
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// limits are those of a job: what its manifest says, capped by the operator.
func (w *Worker) limits(manifest *extensions.Manifest, job string) sandbox.Limits {
	l := sandbox.Limits{
		Fuel: w.config.MaxFuel, HostCalls: w.config.MaxHostCalls,
		LogBytes: w.config.MaxLogBytes, Checkpoints: w.config.MaxCheckpoints,
	}
	if own := uint64(manifest.JobLimits(job).Fuel); own > 0 { //nolint:gosec // manifests have no negative numbers
		l.Fuel = min(l.Fuel, own)
	}
	return l
}
