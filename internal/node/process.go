package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/telemetry"
)

// Process is what the roles of a process share.
type Process struct {
	Config Config
	Logger *slog.Logger
	Conn   *bus.Conn

	telemetry *telemetry.Telemetry
	health    *telemetry.Health
	server    *telemetry.Server
}

// Names of roles and of other things that are checked for readiness.
const (
	roleWorker     = "worker"
	roleOperations = "operations"

	checkBus       = "bus"
	checkJetStream = "jetstream"
	checkProcess   = "process"
)

// startProcess starts what is there before the bus and after it: telemetry, and HTTP if the configuration names an address.
// service is the process's name in what it sends, roles are what it has to be ready for. End it with close.
func startProcess(ctx context.Context, service string, config Config, logger *slog.Logger, roles ...Role) (*Process, error) {
	if err := errors.Join(config.Validate(), checkRestored(config.DataDir)); err != nil {
		return nil, err
	}
	observed, err := telemetry.Start(ctx, telemetry.Config{
		Service: service, Version: programVersion(), Prometheus: config.HTTP != "", Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	p := &Process{Config: config, Logger: logger, telemetry: observed, health: &telemetry.Health{}}
	p.health.Fail(checkBus, telemetry.ErrStarting)
	for _, role := range roles {
		p.health.Fail(role.name, telemetry.ErrStarting)
	}
	if config.HTTP == "" {
		return p, nil
	}
	if p.server, err = telemetry.Listen(ctx, config.HTTP, observed.Handler(), p.health, logger); err != nil {
		p.close()
		return nil, fmt.Errorf("%w; it comes from --http or AIRLOCK_HTTP", err)
	}
	logger.InfoContext(ctx, "HTTP answers", "address", p.server.Address())
	return p, nil
}

// connected says that the process has its connection. It is no longer ready once ctx ends.
func (p *Process) connected(ctx context.Context, conn *bus.Conn) {
	p.Conn = conn
	p.health.Set(checkBus, func(context.Context) error { return conn.CheckConnected() })
	p.health.Set(checkJetStream, conn.CheckJetStream)
	context.AfterFunc(ctx, func() { p.health.Fail(checkProcess, telemetry.ErrStopping) })
}

// run runs a role, which the process is ready for once the role is.
func (p *Process) run(ctx context.Context, role Role, ready func()) error {
	return role.run(ctx, p, func() {
		p.health.Fail(role.name, nil)
		ready()
	})
}

// close ends what startProcess has started.
func (p *Process) close() {
	if p.server != nil {
		p.server.Close()
	}
	if err := p.telemetry.Close(context.Background()); err != nil {
		p.Logger.Warn("telemetry is not complete", "error", err)
	}
}

// Trace has a tool's command trace what it does, if the environment asks for it, until stop is called.
func Trace(ctx context.Context, logger *slog.Logger) (stop func(), err error) {
	observed, err := telemetry.Start(ctx, telemetry.Config{Service: "airlock-tool", Version: programVersion(), Logger: logger})
	if err != nil {
		return nil, err
	}
	return func() {
		if err := observed.Close(ctx); err != nil {
			logger.WarnContext(ctx, "telemetry is not complete", "error", err)
		}
	}, nil
}

// programVersion is that of the program's module, as Go's tools know it.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}
