package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/airlock-run/airlock/bus"
)

// Bus says how a process reaches NATS.
type Bus struct {
	NATSURL         string        `envconfig:"NATS_URL" desc:"NATS to join, such as nats://host:4222; several separated by commas"`
	NATSCredentials string        `split_words:"true" desc:"path of a NATS credentials file"`
	NATSNKey        string        `envconfig:"NATS_NKEY" desc:"path of the seed of a NATS user, as airlock auth makes it"`
	NATSCA          string        `envconfig:"NATS_CA" desc:"path of the certificates that the server's must be signed by; default: those the system trusts"`
	NATSAPIPrefix   string        `envconfig:"NATS_API_PREFIX" desc:"where JetStream is asked, as airlock auth says for who has an account of its own; default: $JS.API"`
	Replicas        int           `default:"1" desc:"how many NATS servers keep each stream"`
	KeepEnded       time.Duration `split_words:"true" default:"168h" desc:"how long what is known of an ended job is kept"`
	KeepDead        time.Duration `split_words:"true" default:"720h" desc:"how long what is known of a dead job is kept"`
	KeepAudit       time.Duration `split_words:"true" default:"2160h" desc:"how long a record of the audit is kept"`
	AuditBytes      int64         `split_words:"true" desc:"size of the audit beyond which no record is written; 0 for no bound"`
	MaxWaiting      int           `split_words:"true" default:"5000000" desc:"jobs that may wait before no more are enqueued; 0 for no bound"`
}

// Worker is the configuration of a worker.
type Worker struct {
	Slots          int           `desc:"jobs that run at once; 0 for 128 for each CPU"`
	Pool           string        `desc:"name of the pool the worker is bound to; default: none, it runs any job, and deals"`
	PoolExtensions []string      `split_words:"true" desc:"extensions whose jobs the pool runs, separated by commas"`
	LibraryJobs    int           `split_words:"true" desc:"jobs of one library that run at once in the cluster; 0 for no limit"`
	CallTimeout    time.Duration `split_words:"true" default:"30s" desc:"bound of one call to an operation"`
	JobTimeout     time.Duration `split_words:"true" default:"10m" desc:"bound of an attempt whose manifest names none"`
	MaxAttempts    int           `split_words:"true" default:"5" desc:"how often a job is tried when its manifest names no number"`
	MaxMemoryMB    int           `split_words:"true" default:"1024" desc:"cap of what manifests ask for as memory of one job, in MB"`
	GuestMemoryMB  int           `split_words:"true" desc:"memory that all running jobs may have together, in MB; 0 for 60 % of what this process may have"`
	MaxFuel        uint64        `split_words:"true" default:"1000000000000" desc:"cap of the fuel one attempt may burn"`
	MaxHostCalls   uint64        `split_words:"true" default:"10000000" desc:"cap of the host calls of one attempt"`
	MaxLogBytes    uint64        `split_words:"true" default:"4194304" desc:"cap of what one attempt may log, in bytes"`
	AuditReads     uint64        `split_words:"true" desc:"reads that one record of the audit stands for; 0 for all of an attempt that are alike"`
	MaxCheckpoints uint64        `split_words:"true" default:"10000" desc:"cap of the checkpoints of one attempt"`
	ShutdownGrace  time.Duration `split_words:"true" default:"10s" desc:"time for running jobs to save a checkpoint at shutdown"`
}

// Operations is the configuration of the operation services.
type Operations struct {
	DatabaseURL string `split_words:"true" desc:"postgres://… to share data between several services; default: SQLite in the data directory"`
	// Blobs are the places of large content, of which the first gets what is new.
	Blobs     []string `desc:"where large content is: bus, or s3://bucket/prefix?endpoint=https://host:port&region=name; several separated by commas, of which the first gets what is new; default: bus"`
	MasterKey string   `split_words:"true" desc:"32 bytes in base64 that seal credentials; default: the file master.key in the data directory"`
	// MasterKeyCommand prints the master key; MasterKeyPrevious is the one before, while credentials are sealed anew.
	MasterKeyCommand  string `split_words:"true" desc:"command of the shell that prints the master key; default: none"`
	MasterKeyPrevious string `split_words:"true" desc:"the master key before, while airlock credentials rotate-key seals with the new one; default: the file master.key.previous in the data directory, if there is one"`
	Tesseract         string `default:"tesseract" desc:"the command that reads pictures"`
	// HTTPAllowPrivate are networks that http.request reaches although they are not public.
	HTTPAllowPrivate []string `envconfig:"HTTP_ALLOW_PRIVATE" desc:"networks such as 10.1.0.0/16 that http.request and mail reach although they are not public, separated by commas; default: none"`
	// MailAllowPlain lets mail accounts have no TLS.
	MailAllowPlain bool `split_words:"true" desc:"let mail accounts have no TLS: passwords and mails go in the clear"`
	// MailFolders are where mail accounts may be folders of files.
	MailFolders    []string `split_words:"true" desc:"directories whose folders of mail (Maildir or .eml) accounts may read, also those below them, separated by commas; default: none"`
	OCRConcurrency int      `split_words:"true" desc:"documents that are read at once; 0 for one for each CPU"`
	AIURL          string   `envconfig:"AI_URL" desc:"where the API of a model server like OpenAI's begins, such as http://localhost:11434/v1; default: none"`
	AIModel        string   `envconfig:"AI_MODEL" desc:"the model of that server that writes; default: none"`
	AIEmbedModel   string   `envconfig:"AI_EMBED_MODEL" desc:"the model of that server that makes vectors; default: none"`
	AIKey          string   `envconfig:"AI_KEY" desc:"key that the model server wants; default: that of the file, or of the command, or none"`
	AIKeyFile      string   `envconfig:"AI_KEY_FILE" desc:"file with the key of the model server"`
	AIKeyCommand   string   `envconfig:"AI_KEY_COMMAND" desc:"command of a shell that prints the key of the model server, asked once at the start"`
	AIClassify     bool     `envconfig:"AI_CLASSIFY" desc:"have the model answer ai.classify_text, which works offline otherwise"`
}

// Config is the configuration of a process, whichever roles it plays.
type Config struct {
	Bus
	Worker
	Operations
	DataDir string `split_words:"true" desc:"where streams, database, keys and caches are; default: airlock in the user's data directory"`
	// NATSListen and Auth are of up only.
	NATSListen string `envconfig:"NATS_LISTEN" desc:"address such as 0.0.0.0:4222 on which others reach the embedded NATS server; default: none"`
	Auth       string `desc:"directory that airlock auth init made, whose users may reach the embedded NATS server"`
	Relaxed    bool   `desc:"acknowledge before the disk has the data; a power failure loses up to two minutes (up only)"`
	HTTP       string `desc:"address such as 127.0.0.1:9464 on which /metrics, /healthz and /readyz answer; default: none"`
	LogLevel   string `split_words:"true" default:"info" desc:"debug, info, warn or error"`
}

// FromEnvironment reads the configuration from variables named AIRLOCK_…
func FromEnvironment() (Config, error) {
	var c Config
	if err := envconfig.Process("airlock", &c); err != nil {
		return Config{}, fmt.Errorf("read environment: %w", err)
	}
	if c.DataDir == "" {
		c.DataDir = DefaultDataDir()
	}
	return c, nil
}

// DefaultDataDir is $XDG_DATA_HOME/airlock, or ~/.local/share/airlock.
func DefaultDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "airlock")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ".airlock"
	}
	return filepath.Join(home, ".local", "share", "airlock")
}

// Validate reports the first setting that cannot be.
func (c Config) Validate() error {
	switch {
	case c.Slots < 0 || c.LibraryJobs < 0 || c.MaxWaiting < 0 || c.MaxAttempts < 0 || c.MaxMemoryMB < 0 || c.GuestMemoryMB < 0 || c.OCRConcurrency < 0:
		return errors.New("slots, attempts, memory and concurrency must not be negative")
	case c.KeepAudit < time.Second || c.AuditBytes < 0:
		return errors.New("the audit must be kept for a second at least, and its size must not be negative")
	case c.KeepEnded < time.Second || c.KeepDead < time.Second:
		return errors.New("ended jobs must be kept for a second at least")
	case c.CallTimeout <= 0 || c.JobTimeout <= 0 || c.ShutdownGrace < 0:
		return errors.New("timeouts must be above 0")
	}
	return nil
}

// bus is how a process reaches the bus, but for where it is.
func (c Config) bus() bus.Config {
	return bus.Config{
		CallTimeout: c.CallTimeout, MaxWaiting: c.MaxWaiting, KeepEnded: c.KeepEnded, KeepDead: c.KeepDead, KeepAudit: c.KeepAudit, AuditBytes: c.AuditBytes,
	}
}

// Cluster is how a process joins a cluster, or a tool reaches it.
func (c Config) Cluster() bus.Config {
	b := c.bus()
	b.URL, b.Credentials, b.NKey, b.CA, b.APIPrefix, b.Replicas = c.NATSURL, c.NATSCredentials, c.NATSNKey, c.NATSCA, c.NATSAPIPrefix, c.Replicas
	return b
}

// cacheDir is where machine code is kept, for this user only.
func (c Config) cacheDir(name string) string { return filepath.Join(c.DataDir, "cache", name) }
