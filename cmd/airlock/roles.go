package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/internal/node"
)

func (c *cli) upCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything in this process: NATS, one worker, all operations",
		Long: `Run everything in this process: an embedded NATS server, one worker and all operations. State is kept in the data
directory, and jobs that have not ended go on after a restart. It listens on no network port; the other commands of the same
user reach it through a socket in the data directory. With --nats-listen others reach its NATS server over a network: the users of
--auth, which "airlock auth init" makes. At SIGHUP it reads them anew.`,
		Example: `  airlock up
  airlock up --auth /etc/airlock/auth --nats-listen 0.0.0.0:4222
  airlock up --data-dir /var/lib/airlock --http 127.0.0.1:9464`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.role(cmd.Context(), func(ctx context.Context, logger *slog.Logger, ready func()) error {
				return node.Up(ctx, c.config, logger, ready)
			})
		},
	}
	c.workerFlags(cmd)
	c.operationsFlags(cmd)
	c.httpFlag(cmd)
	c.recordFlags(cmd)
	cmd.Flags().StringVar(&c.config.NATSListen, "nats-listen", c.config.NATSListen, "address such as 0.0.0.0:4222 on which others reach NATS; default: none (AIRLOCK_NATS_LISTEN)")
	cmd.Flags().StringVar(&c.config.Auth, "auth", c.config.Auth, "directory that airlock auth init made, whose users may reach NATS; default: none (AIRLOCK_AUTH)")
	cmd.Flags().BoolVar(&c.config.Relaxed, "relaxed", c.config.Relaxed,
		"acknowledge before the disk has the data: faster, and a power failure loses up to two minutes (AIRLOCK_RELAXED)")
	return cmd
}

func (c *cli) workerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run a worker that joins a cluster; list and drain those there are",
		Long: `Run a worker that joins a cluster. At SIGINT or SIGTERM it takes no more jobs, gives those that run a grace time to save a
checkpoint, hands back the rest and ends; a second signal ends it at once.`,
		Example: `  airlock worker --nats-url nats://nats.internal:4222
  airlock worker list
  airlock worker drain worker-3`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.join(cmd.Context(), node.WorkerRole) },
	}
	c.workerFlags(cmd)
	c.poolFlags(cmd)
	c.httpFlag(cmd)
	c.recordFlags(cmd)
	c.replicasFlag(cmd)
	cmd.AddCommand(c.listWorkersCommand(), c.drainCommand())
	return cmd
}

func (c *cli) join(ctx context.Context, role node.Role) error {
	return c.role(ctx, func(ctx context.Context, logger *slog.Logger, ready func()) error {
		return node.Join(ctx, role, c.config, logger, ready)
	})
}

// role runs a role until its context ends, and tells when it is ready and when it has stopped.
func (c *cli) role(ctx context.Context, run func(context.Context, *slog.Logger, func()) error) error {
	logger, err := c.logger()
	if err != nil {
		return err
	}
	start := time.Now()
	ready := func() {
		logger.InfoContext(ctx, "ready", "duration", time.Since(start).Round(time.Millisecond), "data_dir", c.config.DataDir)
	}
	defer context.AfterFunc(ctx, func() {
		logger.InfoContext(ctx, "stopping: running jobs have a grace time; a second signal ends this process at once")
	})()
	if err := run(ctx, logger, ready); err != nil {
		return err
	}
	logger.InfoContext(ctx, "stopped")
	return nil
}

func (c *cli) workerFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&c.config.Slots, "slots", c.config.Slots, "jobs that run at once; 0 for 128 for each CPU (AIRLOCK_SLOTS)")
	f.IntVar(&c.config.LibraryJobs, "library-jobs", c.config.LibraryJobs, "jobs of one library that run at once in the cluster; 0 for no limit (AIRLOCK_LIBRARY_JOBS)")
	f.DurationVar(&c.config.CallTimeout, "call-timeout", c.config.CallTimeout, "bound of one call to an operation (AIRLOCK_CALL_TIMEOUT)")
	f.DurationVar(&c.config.JobTimeout, "job-timeout", c.config.JobTimeout, "bound of an attempt whose manifest names none (AIRLOCK_JOB_TIMEOUT)")
	f.IntVar(&c.config.MaxAttempts, "max-attempts", c.config.MaxAttempts, "how often a job is tried when its manifest names no number (AIRLOCK_MAX_ATTEMPTS)")
	f.IntVar(&c.config.MaxMemoryMB, "max-memory-mb", c.config.MaxMemoryMB, "cap of the memory one job may ask for (AIRLOCK_MAX_MEMORY_MB)")
	f.IntVar(&c.config.GuestMemoryMB, "guest-memory-mb", c.config.GuestMemoryMB, "memory of all running jobs together; 0 for 60 % of what this process may have (AIRLOCK_GUEST_MEMORY_MB)")
	f.Uint64Var(&c.config.MaxFuel, "max-fuel", c.config.MaxFuel, "cap of the fuel one attempt may burn (AIRLOCK_MAX_FUEL)")
	f.Uint64Var(&c.config.MaxHostCalls, "max-host-calls", c.config.MaxHostCalls, "cap of the host calls of one attempt (AIRLOCK_MAX_HOST_CALLS)")
	f.Uint64Var(&c.config.MaxLogBytes, "max-log-bytes", c.config.MaxLogBytes, "cap of what one attempt may log (AIRLOCK_MAX_LOG_BYTES)")
	f.Uint64Var(&c.config.AuditReads, "audit-reads", c.config.AuditReads, "reads that one record of the audit stands for; 0 for all of an attempt that are alike (AIRLOCK_AUDIT_READS)")
	f.Uint64Var(&c.config.MaxCheckpoints, "max-checkpoints", c.config.MaxCheckpoints, "cap of the checkpoints of one attempt (AIRLOCK_MAX_CHECKPOINTS)")
	f.DurationVar(&c.config.ShutdownGrace, "shutdown-grace", c.config.ShutdownGrace, "time for running jobs to save a checkpoint at shutdown (AIRLOCK_SHUTDOWN_GRACE)")
}

func (c *cli) poolFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.config.Pool, "pool", c.config.Pool, "name of the pool the worker is bound to; default: none, it runs any job, and deals (AIRLOCK_POOL)")
	f.StringSliceVar(&c.config.PoolExtensions, "pool-extensions", c.config.PoolExtensions, "extensions whose jobs the pool runs; default: none (AIRLOCK_POOL_EXTENSIONS)")
}

func (c *cli) operationsFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.config.DatabaseURL, "database-url", c.config.DatabaseURL, "postgres://… to share data between services; default: SQLite in the data directory (AIRLOCK_DATABASE_URL)")
	f.StringSliceVar(&c.config.Blobs, "blobs", c.config.Blobs,
		"where large content is: bus, or s3://bucket/prefix?endpoint=https://host:port&region=name, with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; of several the first gets what is new; default: bus (AIRLOCK_BLOBS)")
	f.StringVar(&c.config.Tesseract, "tesseract", c.config.Tesseract, "the command that reads pictures (AIRLOCK_TESSERACT)")
	f.IntVar(&c.config.OCRConcurrency, "ocr-concurrency", c.config.OCRConcurrency, "documents read at once; 0 for one for each CPU (AIRLOCK_OCR_CONCURRENCY)")
	f.StringVar(&c.config.MasterKeyCommand, "master-key-command", c.config.MasterKeyCommand, "command of the shell that prints the key of AIRLOCK_MASTER_KEY; default: none (AIRLOCK_MASTER_KEY_COMMAND)")
	f.StringSliceVar(&c.config.HTTPAllowPrivate, "http-allow-private", c.config.HTTPAllowPrivate,
		"networks such as 10.1.0.0/16 that http.request and mail reach although they are not public; default: none (AIRLOCK_HTTP_ALLOW_PRIVATE)")
	f.BoolVar(&c.config.MailAllowPlain, "mail-allow-plain", c.config.MailAllowPlain, "let mail accounts have no TLS: passwords and mails go in the clear (AIRLOCK_MAIL_ALLOW_PLAIN)")
	f.StringSliceVar(&c.config.MailFolders, "mail-folders", c.config.MailFolders,
		"directories whose folders of mail (Maildir or .eml) accounts may read, also those below them; default: none (AIRLOCK_MAIL_FOLDERS)")
	f.StringVar(&c.config.AIURL, "ai-url", c.config.AIURL, "where the API of a model server like OpenAI's begins, such as http://localhost:11434/v1; default: none (AIRLOCK_AI_URL)")
	f.StringVar(&c.config.AIModel, "ai-model", c.config.AIModel, "the model that writes; default: none (AIRLOCK_AI_MODEL)")
	f.StringVar(&c.config.AIEmbedModel, "ai-embed-model", c.config.AIEmbedModel, "the model that makes vectors; default: none (AIRLOCK_AI_EMBED_MODEL)")
	f.StringVar(&c.config.AIKeyFile, "ai-key-file", c.config.AIKeyFile, "file with the key of the model server; default: the key in AIRLOCK_AI_KEY, or none (AIRLOCK_AI_KEY_FILE)")
	f.StringVar(&c.config.AIKeyCommand, "ai-key-command", c.config.AIKeyCommand, "command that prints the key of the model server; default: none (AIRLOCK_AI_KEY_COMMAND)")
	f.BoolVar(&c.config.AIClassify, "ai-classify", c.config.AIClassify, "have the model answer ai.classify_text, which works offline otherwise (AIRLOCK_AI_CLASSIFY)")
	cmd.Long += "\n\nCredentials are sealed with the key in AIRLOCK_MASTER_KEY (32 bytes in base64), default: master.key in the data directory."
}

// recordFlags are of every role, for each may end jobs or enqueue them.
func (c *cli) recordFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&c.config.KeepEnded, "keep-ended", c.config.KeepEnded, "how long what is known of an ended job is kept (AIRLOCK_KEEP_ENDED)")
	f.DurationVar(&c.config.KeepDead, "keep-dead", c.config.KeepDead, "how long what is known of a dead job is kept (AIRLOCK_KEEP_DEAD)")
	f.DurationVar(&c.config.KeepAudit, "keep-audit", c.config.KeepAudit, "how long a record of the audit is kept (AIRLOCK_KEEP_AUDIT)")
	f.Int64Var(&c.config.AuditBytes, "audit-bytes", c.config.AuditBytes, "size of the audit beyond which no record is written; 0 for no bound (AIRLOCK_AUDIT_BYTES)")
	f.IntVar(&c.config.MaxWaiting, "max-waiting", c.config.MaxWaiting, "jobs that may wait before no more are enqueued; 0 for no bound (AIRLOCK_MAX_WAITING)")
}

func (c *cli) httpFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.config.HTTP, "http", c.config.HTTP, "address such as 127.0.0.1:9464 on which /metrics, /healthz and /readyz answer; default: none (AIRLOCK_HTTP)")
	cmd.Long += "\n\nTraces and metrics are sent by OTLP if OTEL_EXPORTER_OTLP_ENDPOINT names where to."
}

func (c *cli) replicasFlag(cmd *cobra.Command) {
	cmd.Flags().IntVar(&c.config.Replicas, "replicas", c.config.Replicas, "how many NATS servers keep each stream (AIRLOCK_REPLICAS)")
}
