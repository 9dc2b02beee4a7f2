package node

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every setting has the variable that the help names.
func TestFromEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"NATS_URL": "nats://n:4222", "NATS_CREDENTIALS": "/c", "NATS_NKEY": "/n", "NATS_CA": "/a", "NATS_API_PREFIX": "J", "POOL": "p", "POOL_EXTENSIONS": "x,y", "NATS_LISTEN": ":1", "AUTH": "/u", "REPLICAS": "3", "MAX_WAITING": "5", "KEEP_ENDED": "1h", "KEEP_DEAD": "2h", "LIBRARY_JOBS": "6", "KEEP_AUDIT": "3h", "AUDIT_BYTES": "10", "AUDIT_READS": "11",
		"SLOTS": "7", "CALL_TIMEOUT": "5s", "JOB_TIMEOUT": "1m", "MAX_ATTEMPTS": "2", "MAX_MEMORY_MB": "64", "SHUTDOWN_GRACE": "3s",
		"GUEST_MEMORY_MB": "128", "MAX_FUEL": "9", "MAX_HOST_CALLS": "8", "MAX_LOG_BYTES": "7", "MAX_CHECKPOINTS": "6",
		"DATABASE_URL": "postgres://p", "BLOBS": "s3://b,bus", "MASTER_KEY": "k", "MASTER_KEY_COMMAND": "/k", "MASTER_KEY_PREVIOUS": "o", "TESSERACT": "/t", "OCR_CONCURRENCY": "4", "HTTP_ALLOW_PRIVATE": "10.1.0.0/16,127.0.0.1", "MAIL_ALLOW_PLAIN": "true", "MAIL_FOLDERS": "/m,/n",
		"AI_URL": "http://m/v1", "AI_MODEL": "m", "AI_EMBED_MODEL": "e", "AI_KEY": "s", "AI_KEY_FILE": "/k", "AI_KEY_COMMAND": "c", "AI_CLASSIFY": "true",
		"DATA_DIR": "/d", "RELAXED": "true", "LOG_LEVEL": "debug", "HTTP": "127.0.0.1:9464",
	} {
		t.Setenv("AIRLOCK_"+name, value)
	}
	got, err := FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Bus: Bus{NATSURL: "nats://n:4222", NATSCredentials: "/c", NATSNKey: "/n", NATSCA: "/a", NATSAPIPrefix: "J", Replicas: 3, MaxWaiting: 5, KeepEnded: time.Hour, KeepDead: 2 * time.Hour, KeepAudit: 3 * time.Hour, AuditBytes: 10},
		Worker: Worker{
			Slots: 7, Pool: "p", PoolExtensions: []string{"x", "y"}, LibraryJobs: 6, CallTimeout: 5 * time.Second, JobTimeout: time.Minute, MaxAttempts: 2, MaxMemoryMB: 64, ShutdownGrace: 3 * time.Second,
			GuestMemoryMB: 128, MaxFuel: 9, MaxHostCalls: 8, MaxLogBytes: 7, MaxCheckpoints: 6, AuditReads: 11,
		},
		Operations: Operations{
			DatabaseURL: "postgres://p", Blobs: []string{"s3://b", "bus"}, MasterKey: "k", MasterKeyCommand: "/k", MasterKeyPrevious: "o", Tesseract: "/t", OCRConcurrency: 4, HTTPAllowPrivate: []string{"10.1.0.0/16", "127.0.0.1"}, MailAllowPlain: true, MailFolders: []string{"/m", "/n"},
			AIURL: "http://m/v1", AIModel: "m", AIEmbedModel: "e", AIKey: "s", AIKeyFile: "/k", AIKeyCommand: "c", AIClassify: true,
		},
		NATSListen: ":1", Auth: "/u",
		DataDir: "/d", Relaxed: true, LogLevel: "debug", HTTP: "127.0.0.1:9464",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if err := got.Validate(); err != nil {
		t.Errorf("validate: %v", err)
	}
	t.Setenv("AIRLOCK_SLOTS", "many")
	if _, err := FromEnvironment(); err == nil {
		t.Error("slots that are no number are taken")
	}
	got.CallTimeout = 0
	if got.Validate() == nil {
		t.Error("a call timeout of 0 is taken")
	}
}
