package door_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/operations/door"
)

const extension = "com.example.shop"

// TestCaller: a job is decided about by the manifest of the version it began with.
func TestCaller(t *testing.T) {
	t.Parallel()
	server := bustest.Start(t)
	conn := bustest.Connect(t, server)
	bustest.AllowUnlisted(t, conn)
	records, err := conn.Extensions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := extensions.NewCatalogue(records, extensions.CatalogueConfig{})
	if err != nil {
		t.Fatal(err)
	}
	install := func(version, host string) extensions.Version {
		t.Helper()
		p, err := extensions.NewPackage(fmt.Appendf(nil, `{"id": %q, "name": "Shop", "version": %q, "wasm_file": "a.wasm", "permissions":
			{"methods": ["http.request"], "http": [{"hosts": ["old.example.com"]}, {"hosts": [%q]}]}}`, extension, version, host), []byte("\x00asm\x01\x00\x00\x00"))
		if err != nil {
			t.Fatal(err)
		}
		installed, err := catalogue.Install(t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if installed.Held != nil {
			t.Fatal("the version is held")
		}
		return installed.Version
	}
	first := install("1.0.0", "other.example.com")
	install("2.0.0", "old.example.com")
	d := door.New(conn, catalogue, nil)
	library := uuid.New()
	begun := func(version extensions.Version) *bus.Call {
		job := uuid.New()
		bustest.PutRun(t, server, &bus.Run{Job: job, Extension: extension, Name: "a", Library: library, State: bus.StateRunning, Attempt: 1, Version: string(version)})
		return &bus.Call{Extension: extension, Kind: bus.Query, Operation: "http.request", Library: library, Job: job, Attempt: 1}
	}
	may := func(t *testing.T, call *bus.Call, host string) bus.Code {
		t.Helper()
		address, err := capabilities.ParseAddress("https://"+host+"/", "")
		if err != nil {
			t.Fatal(err)
		}
		caller, err := d.Caller(t.Context(), call)
		if err != nil {
			return bus.CodeOf(err)
		}
		return bus.CodeOf(caller.May(capabilities.Target{Address: address}))
	}
	if code := may(t, begun(""), "old.example.com"); code != bus.Unavailable {
		t.Errorf("before policy and libraries are known it answers %q, want unavailable", code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	<-d.Ready()
	stolen := begun("")
	stolen.Extension = "com.example.thief"
	elsewhere := begun("")
	elsewhere.Library = uuid.New()
	nobody := begun("")
	nobody.Job = uuid.New()
	gone := begun("sha256:0000000000000000000000000000000000000000000000000000000000000000")
	for _, tt := range []struct {
		name string
		call *bus.Call
		host string
		want bus.Code
	}{
		{"ok by the version that is installed", begun(""), "old.example.com", ""},
		{"denied by the version that is installed", begun(""), "other.example.com", bus.PermissionDenied},
		{"ok by the version it began with", begun(first), "other.example.com", ""},
		{"denied for a version that is gone", gone, "old.example.com", bus.PermissionDenied},
		{"denied for another extension's job", stolen, "old.example.com", bus.PermissionDenied},
		{"denied for a job that is none", nobody, "old.example.com", bus.PermissionDenied},
		{"denied in another library than the job's", elsewhere, "old.example.com", bus.PermissionDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if code := may(t, tt.call, tt.host); code != tt.want {
				t.Errorf("code is %q, want %q", code, tt.want)
			}
		})
	}
}
