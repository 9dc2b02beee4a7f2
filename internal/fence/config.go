package fence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/bus"
)

// answerTime is how long a call from one account to another may take, as long as any may.
const answerTime = "1h"

// The parts of a NATS server's configuration, as JSON, which it reads as well.
type (
	account struct {
		JetStream string     `json:"jetstream,omitempty"`
		Users     []natsUser `json:"users"`
		Exports   []exported `json:"exports,omitempty"`
		Imports   []use      `json:"imports,omitempty"`
	}
	natsUser struct {
		Key         string      `json:"nkey"`
		Permissions permissions `json:"permissions"`
	}
	permissions struct {
		Publish   subjects `json:"publish"`
		Subscribe subjects `json:"subscribe"`
		Responses *answers `json:"allow_responses,omitempty"`
	}
	subjects struct {
		Allow []string `json:"allow"`
		Deny  []string `json:"deny,omitempty"`
	}
	answers struct {
		Max     int    `json:"max"`
		Expires string `json:"expires"`
	}
	exported struct {
		Service   string   `json:"service,omitempty"`
		Stream    string   `json:"stream,omitempty"`
		Accounts  []string `json:"accounts"`
		Responses string   `json:"response_type,omitempty"`
		Threshold string   `json:"response_threshold,omitempty"`
	}
	use struct {
		Service *source `json:"service,omitempty"`
		Stream  *source `json:"stream,omitempty"`
		// To is what the subject is called in the account that uses it.
		To string `json:"to,omitempty"`
	}
	source struct {
		Account string `json:"account"`
		Subject string `json:"subject"`
	}
)

// nothing is a subject on which nobody publishes or listens: an empty list of allowed subjects would allow all.
const nothing = "_NOTHING_"

// accounts writes what the server has to know of the members.
func accounts(members []Member) ([]byte, error) {
	all := map[string]*account{bus.TrustedAccount: {JetStream: "enabled", Users: []natsUser{}}, "SYS": {Users: []natsUser{}}}
	services, streams := map[string][]string{}, map[string][]string{}
	for _, m := range members {
		if !m.guarded() {
			r, err := m.trusted()
			if err != nil {
				return nil, fmt.Errorf("rights of %s: %w", m.Name, err)
			}
			for _, key := range m.Keys {
				all[bus.TrustedAccount].Users = append(all[bus.TrustedAccount].Users, r.user(key))
			}
			continue
		}
		in, own := m.imports(), &account{}
		for _, key := range m.Keys {
			r := rights{subscribe: in.streams}
			for _, subject := range in.services {
				r.publish = append(r.publish, localName(subject))
			}
			own.Users = append(own.Users, r.user(key))
		}
		for _, subject := range in.services {
			u := use{Service: &source{bus.TrustedAccount, subject}}
			if local := localName(subject); local != subject {
				u.To = local
			}
			own.Imports = append(own.Imports, u)
			services[subject] = append(services[subject], m.account())
		}
		for _, subject := range in.streams {
			own.Imports = append(own.Imports, use{Stream: &source{bus.TrustedAccount, subject}})
			streams[subject] = append(streams[subject], m.account())
		}
		all[m.account()] = own
	}
	all[bus.TrustedAccount].Exports = exports(services, streams)
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false) // the server's reader of JSON knows no \u003e
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return nil, fmt.Errorf("encode accounts: %w", err)
	}
	return fmt.Appendf(nil, "# Written by `airlock auth`; changes are lost. Public keys only.\nsystem_account: SYS\naccounts: %s", data.Bytes()), nil
}

// localName is what a service is called in an account of its user: every account has a $JS.API of its own.
func localName(subject string) string {
	if rest, ok := strings.CutPrefix(subject, "$JS.API."); ok {
		return bus.AccountPrefix + "." + rest
	}
	if strings.HasPrefix(subject, "$KV.") { // where a client that asks elsewhere writes keys as well
		return bus.AccountPrefix + "." + subject
	}
	return subject
}

func exports(services, streams map[string][]string) []exported {
	var all []exported
	for subject, accounts := range services {
		e := exported{Service: subject, Accounts: accounts, Threshold: answerTime}
		if many(subject) {
			e.Responses = "Stream"
		}
		all = append(all, e)
	}
	for subject, accounts := range streams {
		all = append(all, exported{Stream: subject, Accounts: accounts})
	}
	slices.SortFunc(all, func(a, b exported) int { return strings.Compare(a.Service+a.Stream, b.Service+b.Stream) })
	return all
}

// user is the user of a key. Its inbox is its own.
func (r rights) user(key string) natsUser {
	inbox := bus.UserInbox(key) + ".>"
	p := permissions{
		Publish:   subjects{Allow: r.publish, Deny: r.deny},
		Subscribe: subjects{Allow: append([]string{inbox}, slices.DeleteFunc(slices.Clone(r.subscribe), func(s string) bool { return strings.HasPrefix(s, "_INBOX_") })...)},
	}
	if len(p.Publish.Allow) == 0 {
		p.Publish.Allow = []string{nothing}
	}
	if r.answers {
		p.Responses = &answers{Max: 1, Expires: answerTime}
	}
	return natsUser{Key: key, Permissions: p}
}

// serverConfig is the configuration of the server itself, which is written once and is the operator's to change.
func serverConfig(dir string, s Settings) []byte {
	at := func(name string) string { return absolute(filepath.Join(dir, name)) }
	var b strings.Builder
	fmt.Fprintf(&b, `# A NATS server for Airlock, made by `+"`airlock auth init`"+`. This file is yours to change; accounts.conf is not.
#
#   nats-server --config nats-server.conf
#   nats-server --signal reload        # after airlock auth add, rotate, retire or remove
server_name: %s
listen: "0.0.0.0:%d"

# Calls carry up to 8 MB: a scanned page, a sidecar.
max_payload: 8MB

tls {
  cert_file: %q
  key_file: %q
  min_version: "1.3"
}

jetstream {
  store_dir: %q
  # Acknowledge when the disk has the data. The default, two minutes later, loses jobs when the machine does.
  sync_interval: always
}

include accounts.conf
`, s.ServerName, s.Port, at("server.pem"), at("server-key.pem"), at("data"))
	if s.Replicas > 1 {
		fmt.Fprintf(&b, `
# One of %d servers: give each a server_name of its own, and start Airlock's roles with --replicas %d. Servers prove who they are to one
# another by certificates of the same authority.
cluster {
  name: airlock
  listen: "0.0.0.0:6222"
  routes: [%s]
  tls {
    cert_file: %q
    key_file: %q
    ca_file: %q
    verify: true
    min_version: "1.3"
  }
}
`, s.Replicas, s.Replicas, routes(s.Hosts), at("server.pem"), at("server-key.pem"), at("ca.pem"))
	}
	return []byte(b.String())
}

func routes(hosts []string) string {
	all := make([]string, len(hosts))
	for i, host := range hosts {
		all[i] = fmt.Sprintf("%q", "tls://"+host+":6222")
	}
	return strings.Join(all, ", ")
}
