package main

import (
	"context"
	"fmt"
	"os"
	"os/user"

	"github.com/airlock-run/airlock/bus"
)

// act notes what the command is about to do, for the audit: withConn writes it when the command has ended, with how. Nothing of it may be a secret.
func (c *cli) act(r bus.AuditRecord) { c.acts = append(c.acts, r) }

// audit writes acts of the command, whether they succeeded or not. What was done is done: an audit that cannot be written is a warning.
func (c *cli) audit(ctx context.Context, conn *bus.Conn, failure error, acts ...bus.AuditRecord) {
	for _, r := range acts {
		r.Decision, r.By, r.Code = bus.AuditAct, person(), bus.CodeOf(failure)
		if err := conn.Audit(context.WithoutCancel(ctx), r); err != nil {
			c.warnOnce.Do(func() { _, _ = fmt.Fprintf(c.stderr, "warning: it is not in the audit: %s\n", sentence(err)) })
		}
	}
}

// auditAlone writes an act of a command that needs no Airlock, in the one that the flags name, if it runs.
func (c *cli) auditAlone(ctx context.Context, failure error, r bus.AuditRecord) {
	conn, err := c.connect()
	if err != nil {
		_, _ = fmt.Fprintf(c.stderr, "note: it is not in the audit: %s\n", sentence(err))
		return
	}
	defer conn.Close()
	c.audit(ctx, conn, failure, r)
}

// person is who is at the keyboard, as this machine knows them.
func person() string {
	name := "unknown"
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}
