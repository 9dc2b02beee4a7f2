package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/fence"
)

// authDir is where users are when a command names no directory.
const authDir = "airlock-auth"

func (c *cli) authCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "auth", Short: "Make and change the NATS users of a cluster",
		Long: `Make and change the NATS users of a cluster: each part of Airlock connects as a user of its own, over TLS, and NATS lets it do what
its part needs. All works on a directory; a server that runs reads it anew at "nats-server --signal reload", and "airlock up --auth" at
SIGHUP. docs/security.md says what each user may do.`,
		Args: cobra.ArbitraryArgs, RunE: group,
	}
	dir := authDir
	if text := os.Getenv("AIRLOCK_AUTH"); text != "" {
		dir = text
	}
	cmd.PersistentFlags().StringVar(&dir, "dir", dir, "directory that airlock auth init made (AIRLOCK_AUTH)")
	cmd.AddCommand(
		c.authInitCommand(), c.authAddCommand(&dir), c.authListCommand(&dir), c.authRotateCommand(&dir), c.authRetireCommand(&dir),
		c.authRemoveCommand(&dir), c.authCertificateCommand(&dir),
	)
	return cmd
}

func (c *cli) authInitCommand() *cobra.Command {
	var settings fence.Settings
	cmd := &cobra.Command{
		Use: "init DIR", Short: "Write the configuration of a NATS server with TLS and users", Args: oneArg("a directory"),
		Long: `Write the configuration of a NATS server with TLS, an authority and a certificate of its own, and the users worker, operations,
client and console. Keys are readable by you alone; the server's configuration has public keys only. Start it with
nats-server --config DIR/nats-server.conf.`,
		Example: `  airlock auth init /etc/airlock/auth --host nats.internal --host 10.0.0.7`,
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := fence.Init(args[0], settings)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(d.Members)
			}
			c.printf("%s has the configuration of a NATS server and %d users\n", args[0], len(d.Members))
			for _, m := range d.Members {
				c.printf("  %-11s %s\n", m.Name, d.EnvironmentFile(m.Name))
			}
			c.printf("start the server:  nats-server --config %s/nats-server.conf\n", strings.TrimSuffix(args[0], "/"))
			c.printf("start a role:      set -a; . %s; airlock worker\n", d.EnvironmentFile("worker"))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&settings.Hosts, "host", nil, "name or address by which the server is reached, the first one by users; default: localhost and its addresses")
	f.IntVar(&settings.Port, "port", 4222, "the server's port")
	f.IntVar(&settings.Replicas, "replicas", 1, "how many servers there are: 1, 3 or 5")
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) authAddCommand(dir *string) *cobra.Command {
	var extensions, serves []string
	cmd := &cobra.Command{
		Use: "add worker|operations|operation|client|console NAME", Short: "Add a user",
		Long: `Add a user. A worker with --extensions is one of a pool: it can call operations as these extensions and hear of their jobs, and of no
others. An operation, which is somebody else's, can serve the methods of --serves.`,
		Example: `  airlock auth add worker finance-pool --extensions finance,mail-sorter
  airlock auth add operation acme --serves query:acme.ocr`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{errors.New("want a role (worker, operations, operation, client or console) and a name")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := fence.Open(*dir)
			if err != nil {
				return err
			}
			m := fence.Member{Name: args[1], Role: fence.Role(args[0]), Extensions: extensions, Serves: serves}
			if m.Role == fence.Worker && len(extensions) > 0 {
				m.Role = fence.Pool
			}
			m, err = d.Add(m)
			c.auditAlone(cmd.Context(), err, bus.AuditRecord{Operation: "auth.add", Detail: strings.Join(args, " ")})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(m)
			}
			c.printf("%s %s is added: %s\nreload the server:  nats-server --signal reload\n", m.Role, m.Name, d.EnvironmentFile(m.Name))
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&extensions, "extensions", nil, "extensions whose jobs a pool of workers runs; default: none, it runs any job")
	cmd.Flags().StringSliceVar(&serves, "serves", nil, "methods that an operation serves, such as query:acme.ocr; default: none")
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) authListCommand(dir *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the users", Args: cobra.NoArgs, Example: `  airlock auth list --dir /etc/airlock/auth`,
		RunE: func(*cobra.Command, []string) error {
			d, err := fence.Open(*dir)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(d.Members)
			}
			t := c.table("user", "role", "only", "key", "")
			for _, m := range d.Members {
				t.AppendRow(row(m.Name, m.Role, strings.Join(append(m.Extensions, m.Serves...), " "), m.Keys[0][:12]+"…", mark(len(m.Keys) > 1, "rotating: the old key is valid")))
			}
			t.Render()
			return nil
		},
	}
	c.jsonFlag(cmd)
	return cmd
}

// authChange is a command that changes one user.
func (c *cli) authChange(dir *string, use, short, example string, change func(d *fence.Directory, name string) (string, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " NAME", Short: short, Args: oneArg("a user's name"), Example: "  " + example,
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := fence.Open(*dir)
			if err != nil {
				return err
			}
			said, err := change(d, args[0])
			c.auditAlone(cmd.Context(), err, bus.AuditRecord{Operation: "auth." + use, Detail: args[0]})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]string{"user": args[0]})
			}
			c.printf("%s\n", said)
			return nil
		},
	}
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) authRotateCommand(dir *string) *cobra.Command {
	return c.authChange(dir, "rotate", "Give a user a new key; the old one stays valid until it is retired", "airlock auth rotate worker",
		func(d *fence.Directory, name string) (string, error) {
			_, err := d.Rotate(name)
			return fmt.Sprintf("%s has a new key: %s\nreload the server, restart who connects with it, then:  airlock auth retire %s", name, d.KeyFile(name), name), err
		})
}

func (c *cli) authRetireCommand(dir *string) *cobra.Command {
	return c.authChange(dir, "retire", "End a rotation: the old key of a user is valid no more", "airlock auth retire worker",
		func(d *fence.Directory, name string) (string, error) {
			return name + " has one key again; reload the server:  nats-server --signal reload", d.Retire(name)
		})
}

func (c *cli) authRemoveCommand(dir *string) *cobra.Command {
	return c.authChange(dir, "remove", "Remove a user and its key", "airlock auth remove acme",
		func(d *fence.Directory, name string) (string, error) {
			return name + " is removed; reload the server:  nats-server --signal reload", d.Remove(name)
		})
}

func (c *cli) authCertificateCommand(dir *string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "certificate", Short: "Make a new certificate of the server, signed by the same authority", Args: cobra.NoArgs,
		Example: `  airlock auth certificate --dir /etc/airlock/auth`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := fence.Open(*dir)
			if err != nil {
				return err
			}
			err = d.RenewCertificate()
			c.auditAlone(cmd.Context(), err, bus.AuditRecord{Operation: "auth.certificate"})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]string{"dir": *dir})
			}
			c.printf("the server has a new certificate, for two years; reload it:  nats-server --signal reload\n")
			return nil
		},
	}
	c.jsonFlag(cmd)
	return cmd
}
