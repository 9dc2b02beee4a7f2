package fence

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/airlock-run/airlock/bus"
)

// Settings are those of a new directory. The zero value of each means its default.
type Settings struct {
	// Hosts are the names and addresses by which the server is reached, the first one by members. Default: localhost and its addresses.
	Hosts []string `json:"hosts"`
	// Port is the server's. Default 4222.
	Port int `json:"port"`
	// Replicas is how many servers there are: 1, 3 or 5. Default 1.
	Replicas int `json:"replicas"`
	// ServerName is the server's. Default "airlock-1".
	ServerName string `json:"server_name"`
}

func (s Settings) withDefaults() Settings {
	if len(s.Hosts) == 0 {
		s.Hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	if s.Port == 0 {
		s.Port = 4222
	}
	if s.Replicas == 0 {
		s.Replicas = 1
	}
	if s.ServerName == "" {
		s.ServerName = "airlock-1"
	}
	return s
}

// Validate reports the first setting that cannot be.
func (s Settings) Validate() error {
	for _, host := range s.Hosts {
		if host == "" || strings.ContainsAny(host, " \t\r\n/\"'{}[],@#") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return fmt.Errorf("host %q: want a name or an address, without a port", host)
		}
	}
	switch {
	case s.Port < 1 || s.Port > 65535:
		return fmt.Errorf("port %d: want 1 to 65535", s.Port)
	case s.Replicas != 1 && s.Replicas != 3 && s.Replicas != 5:
		return fmt.Errorf("replicas is %d: want 1, 3 or 5", s.Replicas)
	}
	return nil
}

const stateName = "auth.json"

// Directory is what `airlock auth` keeps: see the package. It is for one process at a time.
type Directory struct {
	path     string
	Settings Settings `json:"settings"`
	Members  []Member `json:"members"`
}

// Init makes a directory with a user for each role of one's own.
//
// # Errors
//
// fs.ErrExist when there is one.
func Init(path string, settings Settings) (*Directory, error) {
	settings = settings.withDefaults()
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	d := &Directory{path: path, Settings: settings}
	if _, err := os.Stat(filepath.Join(path, stateName)); err == nil {
		return nil, fmt.Errorf("%s has users already: %w; add to them with `airlock auth add`, or choose another directory", path, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Join(path, "users"), 0o700); err != nil {
		return nil, fmt.Errorf("make directory: %w", err)
	}
	if err := makeAuthority(path); err != nil {
		return nil, err
	}
	if err := makeServerCertificate(path, settings.Hosts); err != nil {
		return nil, err
	}
	if err := writeFile(filepath.Join(path, bus.AuthConfigName), serverConfig(path, settings), 0o644); err != nil {
		return nil, err
	}
	for _, role := range []Role{Worker, Operations, Client, Console} {
		if _, err := d.Add(Member{Name: string(role), Role: role}); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Open opens a directory that Init made.
func Open(path string) (*Directory, error) {
	data, err := os.ReadFile(filepath.Join(path, stateName)) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no users; make them with `airlock auth init %s`", path, path)
	}
	if err != nil {
		return nil, fmt.Errorf("open users: %w", err)
	}
	d := &Directory{path: path}
	if err := json.Unmarshal(data, d); err != nil {
		return nil, fmt.Errorf("decode %s: %w", stateName, err)
	}
	for _, m := range d.Members {
		if err := m.validate(); err != nil {
			return nil, fmt.Errorf("decode %s: %w", stateName, err)
		}
	}
	return d, nil
}

// Add adds a member and returns it with the key it got.
//
// # Errors
//
// fs.ErrExist for a name that is taken.
func (d *Directory) Add(m Member) (Member, error) {
	if d.find(m.Name) >= 0 {
		return Member{}, fmt.Errorf("user %s: %w; rotate its key, or remove it", m.Name, fs.ErrExist)
	}
	if err := m.validate(); err != nil {
		return Member{}, err
	}
	m.Keys = nil
	d.Members = append(d.Members, m)
	return d.addKey(len(d.Members) - 1)
}

// Rotate gives a member a new key. The old one stays valid until Retire.
func (d *Directory) Rotate(name string) (Member, error) {
	i := d.find(name)
	switch {
	case i < 0:
		return Member{}, d.unknown(name)
	case len(d.Members[i].Keys) > 1:
		return Member{}, fmt.Errorf("user %s has an old key still: end its rotation with `airlock auth retire %s` first", name, name)
	}
	return d.addKey(i)
}

// Retire makes all but the newest key of a member invalid.
func (d *Directory) Retire(name string) error {
	i := d.find(name)
	switch {
	case i < 0:
		return d.unknown(name)
	case len(d.Members[i].Keys) < 2:
		return fmt.Errorf("user %s has one key only: begin a rotation with `airlock auth rotate %s`", name, name)
	}
	d.Members[i].Keys = d.Members[i].Keys[:1]
	return d.save()
}

// Remove removes a member, and the file of its key.
func (d *Directory) Remove(name string) error {
	i := d.find(name)
	if i < 0 {
		return d.unknown(name)
	}
	d.Members = slices.Delete(d.Members, i, i+1)
	if err := d.save(); err != nil {
		return err
	}
	for _, path := range []string{d.KeyFile(name), d.EnvironmentFile(name)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove key: %w", err)
		}
	}
	return nil
}

// RenewCertificate makes a new certificate of the server. Members go on: the authority is the same.
func (d *Directory) RenewCertificate() error { return makeServerCertificate(d.path, d.Settings.Hosts) }

// KeyFile is where the newest seed of a member is.
func (d *Directory) KeyFile(name string) string { return filepath.Join(d.path, "users", name+".nkey") }

// EnvironmentFile has the settings with which a member's process connects.
func (d *Directory) EnvironmentFile(name string) string {
	return filepath.Join(d.path, "users", name+".env")
}

// CA is the path of the certificate of the authority.
func (d *Directory) CA() string { return filepath.Join(d.path, "ca.pem") }

func (d *Directory) find(name string) int {
	return slices.IndexFunc(d.Members, func(m Member) bool { return m.Name == name })
}

func (d *Directory) unknown(name string) error {
	names := make([]string, len(d.Members))
	for i, m := range d.Members {
		names[i] = m.Name
	}
	return fmt.Errorf("there is no user %q; there is %s: %w", name, strings.Join(names, ", "), fs.ErrNotExist)
}

// addKey makes a key for a member. The server knows it before its file is there, so that who reads the file can connect.
func (d *Directory) addKey(i int) (Member, error) {
	seed, public, err := bus.NewUserKey()
	if err != nil {
		return Member{}, err
	}
	defer clear(seed)
	m := &d.Members[i]
	m.Keys = append([]string{public}, m.Keys...)
	if err := d.save(); err != nil {
		return Member{}, err
	}
	file := fmt.Appendf(nil, "# The key of %s %s of Airlock: whoever has this file is it. Public key %s.\n%s\n", m.Role, m.Name, public, seed)
	if err := writeFile(d.KeyFile(m.Name), file, 0o600); err != nil {
		return Member{}, err
	}
	return *m, writeFile(d.EnvironmentFile(m.Name), d.environment(*m), 0o600)
}

// environment are the variables with which a member's process connects.
func (d *Directory) environment(m Member) []byte {
	host := d.Settings.Hosts[0]
	lines := []string{
		"AIRLOCK_NATS_URL=tls://" + net.JoinHostPort(host, strconv.Itoa(d.Settings.Port)),
		"AIRLOCK_NATS_CA=" + absolute(d.CA()), "AIRLOCK_NATS_NKEY=" + absolute(d.KeyFile(m.Name)),
	}
	if m.guarded() {
		lines = append(lines, "AIRLOCK_NATS_API_PREFIX="+bus.AccountPrefix)
	}
	if m.Role == Pool {
		lines = append(lines, "AIRLOCK_POOL="+m.Name, "AIRLOCK_POOL_EXTENSIONS="+strings.Join(m.Extensions, ","))
	}
	if d.Settings.Replicas > 1 {
		lines = append(lines, "AIRLOCK_REPLICAS="+strconv.Itoa(d.Settings.Replicas))
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// save writes what the server has to know, and then what we do.
func (d *Directory) save() error {
	config, err := accounts(d.Members)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(d.path, "accounts.conf"), config, 0o644); err != nil {
		return err
	}
	state, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode users: %w", err)
	}
	return writeFile(filepath.Join(d.path, stateName), append(state, '\n'), 0o644)
}

// writeFile writes a file in one step: who reads it finds the old one or the new one.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func readPEM(path string) ([]byte, error) {
	data, err := os.ReadFile(path) //nolint:gosec // it is in the directory
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("read %s: it is no PEM", filepath.Base(path))
	}
	return block.Bytes, nil
}
