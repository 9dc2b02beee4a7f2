package config_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/config"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const schema = `{"type": "object", "required": ["account"], "additionalProperties": false, "properties": {
	"account": {"type": "string"}, "currency": {"enum": ["EUR", "USD"], "default": "EUR"}, "days": {"type": "integer", "minimum": 1}}}`

// settings makes those of the callers' extension, whose config_schema is schema, and serves what people ask.
func settings(tb testing.TB, conn *bus.Conn, db *store.DB) *config.Settings {
	tb.Helper()
	s := config.New(db, catalogue(tb, conn, `,"config_schema":`+schema))
	service, err := conn.Serve(bus.ServiceConfig{Name: "config", Endpoints: s.Endpoints()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = service.Stop() })
	return s
}

func catalogue(tb testing.TB, conn *bus.Conn, more string) *extensions.Catalogue {
	tb.Helper()
	records, err := conn.Extensions(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	catalogue, err := extensions.NewCatalogue(records, extensions.CatalogueConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	p, err := extensions.NewPackage([]byte(`{"id":"`+operationstest.Extension+`","name":"T","version":"1","wasm_file":"t.wasm"`+more+`}`), []byte("\x00asm\x01\x00\x00\x00"))
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := catalogue.Install(tb.Context(), p, nil); err != nil {
		tb.Fatal(err)
	}
	return catalogue
}

func domain(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
	tb.Helper()
	return settings(tb, conn, db).Operations()
}

// set makes settings; "" removes them.
func set(tb testing.TB, h *operationstest.Harness, library uuid.UUID, text string) (made config.Made, err error) {
	tb.Helper()
	in := config.Set{Extension: operationstest.Extension, Library: library}
	if text != "" {
		in.Settings = json.RawMessage(text)
	}
	err = h.Conn.API(tb.Context(), "config", "set", in, &made)
	return made, err
}

func must(tb testing.TB, h *operationstest.Harness, library uuid.UUID, text string) config.Made {
	tb.Helper()
	made, err := set(tb, h, library, text)
	if err != nil {
		tb.Fatal(err)
	}
	return made
}

func TestGet(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:config.get", AnyInput: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			must(tb, h, h.Library, `{"account": "a"}`)
			return `{}`
		},
	})
}

func TestTheLibrarysSettingsHoldThenThoseForAllThenTheDefaults(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		message := h.Refused(t, bus.FailedPrecondition, "query:config.get", `{}`)
		if !strings.Contains(message, `account`) || !strings.Contains(message, "airlock extension settings set") {
			t.Errorf("what is required is missing, and it says %q", message)
		}
		must(t, h, uuid.Nil, `{"days": 30, "currency": "USD"}`)
		must(t, h, h.Library, `{"account": "mine", "days": 7}`)
		get := func() string {
			var out struct{ Settings json.RawMessage }
			h.OK(t, "query:config.get", `{}`, &out)
			return string(out.Settings)
		}
		if diff := cmp.Diff(`{"account":"mine","currency":"USD","days":7}`, get()); diff != "" {
			t.Error(diff)
		}
		made := must(t, h, uuid.Nil, ``)
		if made.Everywhere != nil && string(made.Everywhere) != "null" {
			t.Errorf("after they were removed there are %s for all", made.Everywhere)
		}
		if diff := cmp.Diff(`{"account":"mine","currency":"EUR","days":7}`, get()); diff != "" {
			t.Error(diff)
		}
		var erased operations.Erased
		if err := h.Conn.API(t.Context(), "config", "erase", operations.EraseRequest{Library: h.Library}, &erased); err != nil || erased["settings"] != 1 {
			t.Errorf("erased %v, %v", erased, err)
		}
		h.Refused(t, bus.FailedPrecondition, "query:config.get", `{}`)
	})
}

func TestSettingsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domain)
	must(t, h, h.Library, `{"account": "mine"}`)
	for name, test := range map[string]struct {
		library uuid.UUID
		text    string
		want    string
	}{
		"no object":                {h.Library, `[]`, "want a JSON object"},
		"what is required missing": {h.Library, `{"days": 1}`, "account"},
		"out of range":             {h.Library, `{"account": "a", "days": 0}`, "days"},
		"out of range for all":     {uuid.Nil, `{"days": 0}`, "days"},
		"a member unknown":         {uuid.Nil, `{"dayz": 1}`, "dayz"},
		"no choice":                {uuid.Nil, `{"currency": "XXX"}`, "currency"},
		"too long":                 {h.Library, `{"account": "` + strings.Repeat("a", 64<<10) + `"}`, "at most 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := set(t, h, test.library, test.text); bus.CodeOf(err) != bus.InvalidArgument || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want invalid_argument with %q", err, test.want)
			}
		})
	}
	var made config.Made
	if err := h.Conn.API(t.Context(), "config", "get", config.Get{Extension: operationstest.Extension, Library: h.Library}, &made); err != nil {
		t.Fatal(err)
	}
	if string(made.Settings) != `{"account":"mine"}` && string(made.Settings) != `{"account": "mine"}` || string(made.Effective) != `{"account":"mine","currency":"EUR"}` {
		t.Errorf("they are %s, %s", made.Settings, made.Effective)
	}
	err := h.Conn.API(t.Context(), "config", "get", config.Get{Extension: "nobody"}, nil)
	if bus.CodeOf(err) != bus.NotFound {
		t.Errorf("those of an extension that is not installed: %v", err)
	}
}
