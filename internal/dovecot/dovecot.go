// Package dovecot gives tests a real IMAP server: Dovecot, in a directory and on a port of its own, with TLS. It ends with the test.
//
//	server := dovecot.Start(t)
//	server.Deliver(t, "kim", mail) // into the INBOX
//
// Every user has the password [Password]. Debian's package dovecot-imapd has it; where it is missing, tests that need it fail and say so.
package dovecot

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Password is everybody's.
const Password = "a-password-for-tests"

// Server is a running Dovecot. It listens on 127.0.0.1, with TLS on Port, and without on PlainPort, where it takes STARTTLS.
type Server struct {
	Port, PlainPort int
	// Certificate is a file with its certificate, which is good for 127.0.0.1 and localhost.
	Certificate string

	dir   string
	owner *user.User
	cmd   *exec.Cmd
	alive io.Closer
}

const config = `protocols = imap
listen = 127.0.0.1
base_dir = %[1]s/run
log_path = %[1]s/log
ssl = yes
ssl_cert = <%[1]s/cert.pem
ssl_key = <%[1]s/key.pem
auth_mechanisms = plain login
mail_location = maildir:%[1]s/mail/%%u
mail_fsync = never
first_valid_uid = 1
default_login_user = %[2]s
default_internal_user = %[2]s
default_internal_group = %[3]s
auth_failure_delay = 0
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password=%[4]s
}
userdb {
  driver = static
  args = uid=%[5]s gid=%[6]s home=%[1]s/mail/%%u
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[7]d
  }
  inet_listener imaps {
    port = %[8]d
    ssl = yes
  }
}
service stats {
  chroot =
}
`

// supervise runs a command until standard input ends: when the test stops it, and when the test was killed.
const supervise = `"$@" & read -r _; kill $! 2>/dev/null; wait`

// Start starts a server.
func Start(tb testing.TB) *Server {
	tb.Helper()
	binary, err := exec.LookPath("dovecot")
	if err != nil {
		binary = "/usr/sbin/dovecot" // not on everybody's path
	}
	if _, err := os.Stat(binary); err != nil {
		tb.Fatal("there is no dovecot: install Debian's package dovecot-imapd (make does)")
	}
	dir, err := os.MkdirTemp("", "airlock-dovecot") //nolint:usetesting // sockets want a short path, and another user goes into it
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{dir: dir, Certificate: filepath.Join(dir, "cert.pem"), Port: freePort(tb), PlainPort: freePort(tb)}
	// Dovecot keeps no mail of root's.
	if s.owner, err = user.Current(); err == nil && s.owner.Uid == "0" {
		s.owner, err = user.Lookup("nobody")
	}
	if err != nil {
		tb.Fatal(err)
	}
	group, err := user.LookupGroupId(s.owner.Gid)
	if err != nil {
		tb.Fatal(err)
	}
	s.makeCertificate(tb)
	text := fmt.Sprintf(config, dir, s.owner.Username, group.Name, Password, s.owner.Uid, s.owner.Gid, s.PlainPort, s.Port)
	s.write(tb, "conf", []byte(text))
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the other user goes through it
		tb.Fatal(err)
	}
	s.own(tb, s.mkdir(tb, "mail"))
	s.start(tb, binary)
	return s
}

func (s *Server) start(tb testing.TB, binary string) {
	tb.Helper()
	s.cmd = exec.Command("/bin/sh", "-c", supervise, "sh", binary, "-F", "-c", filepath.Join(s.dir, "conf")) //nolint:gosec,noctx // paths of ours; it ends with the test
	var err error
	if s.alive, err = s.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = s.alive.Close()
		_ = s.cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)), time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			tb.Fatalf("dovecot is not ready: %v\n%s", err, log)
		}
	}
}

// Deliver puts mails into the INBOX of a user, as a mail server does.
func (s *Server) Deliver(tb testing.TB, to string, mails ...[]byte) {
	tb.Helper()
	box := filepath.Join(s.dir, "mail", to)
	for _, sub := range []string{"", "tmp", "new", "cur"} {
		path := filepath.Join(box, sub)
		if err := os.Mkdir(path, 0o700); err == nil {
			s.own(tb, path)
		} else if !os.IsExist(err) {
			tb.Fatal(err)
		}
	}
	for i, mail := range mails {
		name := fmt.Sprintf("%d.%d_%d.test", time.Now().UnixNano(), os.Getpid(), i)
		temporary := filepath.Join(box, "tmp", name)
		if err := os.WriteFile(temporary, mail, 0o600); err != nil {
			tb.Fatal(err)
		}
		s.own(tb, temporary)
		if err := os.Rename(temporary, filepath.Join(box, "new", name)); err != nil {
			tb.Fatal(err)
		}
	}
}

// Seen is how many mails in a user's INBOX have been read.
func (s *Server) Seen(tb testing.TB, of string) int {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "mail", of, "cur", "*:2,*S*"))
	if err != nil {
		tb.Fatal(err)
	}
	return len(files)
}

// Expunge removes the mails of a user's INBOX that have a text in them, and returns how many there were.
func (s *Server) Expunge(tb testing.TB, of, text string) int {
	tb.Helper()
	removed := 0
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(s.dir, "mail", of, sub, "*"))
		if err != nil {
			tb.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)                         //nolint:gosec // one of the server's own, in the test's directory
			if err != nil || !bytes.Contains(data, []byte(text)) { // the server may just have moved it
				continue
			}
			if os.Remove(file) == nil {
				removed++
			}
		}
	}
	return removed
}

// Renumber gives a user's INBOX another UIDVALIDITY.
func (s *Server) Renumber(tb testing.TB, of string) {
	tb.Helper()
	validity := strconv.FormatInt(time.Now().Unix()+1000, 10)
	cmd := exec.CommandContext(tb.Context(), "doveadm", "-c", filepath.Join(s.dir, "conf"), "mailbox", "update", "-u", of, "--uid-validity", validity, "INBOX") //nolint:gosec // arguments of ours
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("doveadm: %v\n%s", err, out)
	}
}

// Roots are the certificates that the server's is signed by: its own.
func (s *Server) Roots(tb testing.TB) *x509.CertPool {
	tb.Helper()
	data, err := os.ReadFile(s.Certificate)
	if err != nil {
		tb.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(data)
	return pool
}

// TLS is what a client checks the server with.
func (s *Server) TLS(tb testing.TB) *tls.Config {
	tb.Helper()
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots(tb)}
}

func (s *Server) makeCertificate(tb testing.TB) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	s.write(tb, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	s.write(tb, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func (s *Server) write(tb testing.TB, name string, data []byte) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func (s *Server) mkdir(tb testing.TB, name string) string {
	tb.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		tb.Fatal(err)
	}
	return path
}

// own gives a file to who keeps the mail.
func (s *Server) own(tb testing.TB, path string) {
	tb.Helper()
	uid, _ := strconv.Atoi(s.owner.Uid)
	gid, _ := strconv.Atoi(s.owner.Gid)
	if err := os.Chown(path, uid, gid); err != nil {
		tb.Fatal(err)
	}
}

func freePort(tb testing.TB) int {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on TCP
}
