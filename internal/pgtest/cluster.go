package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the role that tests connect as.
const superuser = "airlock"

// cluster is a running PostgreSQL.
type cluster struct {
	dir   string
	cmd   *exec.Cmd
	alive io.Closer
}

// account is the user that PostgreSQL runs as where the tests run as root, which it refuses to.
type account struct {
	name string
	syscall.Credential
}

// supervise runs a command until standard input ends: when the test binary stops it, and as well when the test binary
// was killed.
const supervise = `"$@" & read -r _; kill -INT $! 2>/dev/null; wait`

func startCluster() (_ *cluster, err error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	c := &cluster{}
	if c.dir, err = directory(owner); err != nil {
		return nil, err
	}
	data := filepath.Join(c.dir, "data")
	initdb := command(owner, filepath.Join(bin, "initdb"), "-D", data, "-U", superuser, "--auth=trust", "--no-sync",
		"--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
	initdb.Dir = c.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		_ = os.RemoveAll(c.dir)
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	// The data of a test need not outlive the machine.
	c.cmd = command(owner, "/bin/sh", "-c", supervise, "sh", filepath.Join(bin, "postgres"), "-D", data, "-k", c.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=400")
	c.cmd.Dir = c.dir
	log, err := os.Create(filepath.Join(c.dir, "log"))
	if err != nil {
		return nil, fmt.Errorf("make log: %w", err)
	}
	defer func() { _ = log.Close() }()
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if c.alive, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	if err := c.ready(); err != nil {
		out, _ := os.ReadFile(log.Name())
		c.stop()
		return nil, fmt.Errorf("start postgres: %w\n%s", err, out)
	}
	return c, nil
}

// ready waits until the server takes connections.
func (c *cluster) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready after 30 s: %w", err)
		case <-tick.C:
		}
	}
}

func (c *cluster) stop() {
	_ = c.alive.Close()
	_ = c.cmd.Wait()
	_ = os.RemoveAll(c.dir)
}

func command(owner *account, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:gosec // names and arguments are ours
	if owner != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &owner.Credential}
	}
	return cmd
}

// unprivileged finds a user for PostgreSQL where the tests run as root, and nil where they do not.
func unprivileged() (*account, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // no other user is needed
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &account{name: name, Credential: syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.New("postgres does not run as root, and there is neither a user postgres nor nobody: " + install)
}
