package node

import (
	"log/slog"
	nethttp "net/http"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ai"
	"github.com/airlock-run/airlock/operations/config"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/credentials"
	"github.com/airlock-run/airlock/operations/dispatch"
	"github.com/airlock-run/airlock/operations/door"
	"github.com/airlock-run/airlock/operations/events"
	"github.com/airlock-run/airlock/operations/http"
	"github.com/airlock-run/airlock/operations/mail"
	"github.com/airlock-run/airlock/operations/notify"
	"github.com/airlock-run/airlock/operations/ping"
	"github.com/airlock-run/airlock/operations/search"
	"github.com/airlock-run/airlock/operations/state"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/vdfs"
)

// domain is what one service serves.
type domain struct {
	name, description string
	operations        []operations.Operation
	// endpoints are what people and tools ask.
	endpoints []bus.Endpoint
}

// parts are what the operations are served with.
type parts struct {
	conn          *bus.Conn
	db            *store.DB
	contents      *content.Store
	catalogue     *extensions.Catalogue
	understanding ai.Parts
	vault         *credentials.Vault
	door          *door.Door
	// transport reaches HTTP servers, at addresses that guests may reach.
	transport *nethttp.Transport
	mail      *mail.Service
	logger    *slog.Logger
}

// domains are all that Airlock serves.
func domains(p parts) []domain {
	erase := func(service string, tables ...string) bus.Endpoint {
		return operations.EraseEndpoint(service, p.db, tables...)
	}
	settings := config.New(p.db, p.catalogue)
	return []domain{
		{"test", "whether calls get through", ping.Operations(), nil},
		{"ai", "text of documents, what it is about, and models that answer", ai.Operations(p.understanding), nil},
		{"credentials", "secrets of a library", p.vault.Operations(), []bus.Endpoint{erase("credentials", "credentials"), p.vault.RewrapEndpoint()}},
		{"vdfs", "entries of a library and the files beside them", vdfs.Operations(p.conn, p.db, p.contents), []bus.Endpoint{vdfs.EraseEndpoint(p.db, p.contents)}},
		{"search", "what is known of entries, and their texts", search.Operations(p.db), nil},
		{"state", "what extensions keep for themselves", state.Operations(p.db), []bus.Endpoint{erase("state", state.Tables()...)}},
		{"events", "events that extensions publish", events.Operations(p.conn, p.contents), nil},
		{"config", "settings of extensions", settings.Operations(), settings.Endpoints()},
		{"http", "requests to HTTP servers", http.New(p.conn, p.door, p.vault, p.transport, p.logger).Operations(), nil},
		{"mail", "mailboxes and the messages in them", p.mail.Operations(), p.mail.Endpoints()},
		{"notify", "what extensions tell people", notify.Operations(p.db), notify.Endpoints(p.db)},
		{"jobs", "jobs that start other jobs", dispatch.Operations(p.conn, p.catalogue), nil},
	}
}
