package capabilities_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

func TestLibraries(t *testing.T) {
	t.Parallel()
	third := uuid.MustParse("0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a03")
	for name, c := range map[string]struct {
		libraries []string
		job, call uuid.UUID
		allowed   bool
		reason    string
	}{
		"allowed: the job's own, by default":                  {nil, home, uuid.Nil, true, ""},
		"allowed: the job's own, named":                       {nil, home, home, true, ""},
		"allowed: the job's own, listed":                      {[]string{home.String()}, home, home, true, ""},
		"allowed: another that is listed":                     {[]string{home.String(), other.String()}, home, other, true, ""},
		"allowed: another that is listed beside *":            {[]string{"*", other.String()}, home, other, true, ""},
		"denied: another, by default":                         {nil, home, other, false, `add "` + other.String() + `" to permissions.libraries`},
		"denied: another, by *":                               {[]string{"*"}, home, other, false, `"*" lets it run in every library, each job in its own`},
		"denied: a third":                                     {[]string{home.String(), other.String()}, home, third, false, `add "` + third.String() + `"`},
		"denied: a job where it may not run":                  {[]string{other.String()}, home, uuid.Nil, false, "where it may not run by its manifest: add"},
		"denied: into a listed one from where it may not run": {[]string{other.String()}, home, other, false, "where it may not run by its manifest: add"},
		"denied: a job without a library":                     {[]string{"*"}, uuid.Nil, uuid.Nil, false, "where it may not run"},
		"denied: a listed one, job without a library":         {[]string{"*", other.String()}, uuid.Nil, other, false, "where it may not run"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			grant := newGrant(t, capabilities.Permissions{Methods: []string{"query:"}, Libraries: c.libraries})
			d := newAuthority(t, generous).Decide(grant, &capabilities.Request{
				Method: capabilities.Method{Kind: capabilities.Query, Operation: "ai.ocr"}, JobLibrary: c.job, Library: c.call,
			})
			if d.Allowed != c.allowed || !strings.Contains(d.Reason, c.reason) || (d.Code == "permission_denied") == c.allowed {
				t.Errorf("got %+v, want allowed %v with %s", d, c.allowed, c.reason)
			}
			if runs := c.job != uuid.Nil && (c.libraries == nil || strings.Contains(strings.Join(c.libraries, " "), "*") || strings.Contains(strings.Join(c.libraries, " "), c.job.String())); grant.RunsIn(c.job) != runs {
				t.Errorf("RunsIn is %v", !runs)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ pattern, method, want string }{
		"nothing near": {"vdfs.", "query:ai.ocr", `finance asked for query:ai.ocr, which its manifest does not grant: add "query:ai.ocr" to permissions.methods`},
		"other kind":   {"query:vdfs.", "action:vdfs.create_entry", `finance asked for action:vdfs.create_entry, but "query:vdfs." grants queries only: add "action:vdfs.create_entry" to permissions.methods`},
		"whole kind":   {"action:", "query:ai.ocr", `but "action:" grants actions only`},
		"look-alike":   {"ai.ocr", "query:ai.ocr_admin", `but "ai.ocr" grants only the operation of exactly that name`},
		"below":        {"ai.ocr", "query:ai.ocr.raw", `but "ai.ocr" grants only that operation and nothing below it`},
		"above":        {"ai.ocr.*", "query:ai.ocr", `but "ai.ocr.*" grants what is below that name, not the operation itself`},
		"version":      {"ai.ocr.v1", "query:ai.ocr.v2", `asked for query:ai.ocr.v2, but "ai.ocr.v1" grants only methods that name its version: add "query:ai.ocr"`},
		"sensitive":    {"query:", "query:credentials.get", `which is sensitive: no prefix and no whole kind grants it, only its full name: add "query:credentials.get" to permissions.methods`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := ask(t, newGrant(t, capabilities.Permissions{Methods: []string{c.pattern}}), c.method)
			if !strings.Contains(d.Reason, c.want) {
				t.Errorf("got  %s\nwant %s", d.Reason, c.want)
			}
		})
	}
}

func TestReasonsWithoutATarget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scope        capabilities.Scope
		method, want string
	}{
		"sidecar":          {capabilities.Scope{Sidecars: []string{"ocr.txt", "*.json"}}, "action:vdfs.write_sidecar", `and named no sidecar, of which its manifest asks for "ocr.txt", "*.json"`},
		"no sidecar":       {capabilities.Scope{Sidecars: []string{}}, "action:vdfs.write_sidecar", `and named no sidecar, of which its manifest asks for none: add what it needs to permissions.sidecars`},
		"event":            {capabilities.Scope{}, "action:events.publish", `and named no event to publish, of which its manifest asks for none`},
		"address":          {capabilities.Scope{HTTP: []capabilities.HTTPRule{{Hosts: []string{"a.example"}}}}, "query:http.request", `and named no address, of which its manifest asks for those of permissions.http`},
		"without a method": {capabilities.Scope{}, "query:ai.ocr", `which its manifest does not grant`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, err := capabilities.ParseMethod(c.method)
			if err != nil {
				t.Fatal(err)
			}
			grant, err := capabilities.NewGrant("finance", capabilities.Permissions{Methods: []string{"vdfs.", "action:events.", "http."}, Scope: c.scope})
			if err != nil {
				t.Fatal(err)
			}
			d := newAuthority(t, generous).Decide(grant, &capabilities.Request{Method: method, JobLibrary: home})
			if d.Allowed || !strings.Contains(d.Reason, c.want) {
				t.Errorf("got  %s\nwant %s", d.Reason, c.want)
			}
		})
	}
}

func TestMethodsThatWereNotParsed(t *testing.T) {
	t.Parallel()
	grant, authority := newGrant(t, capabilities.Permissions{Methods: []string{"query:", "action:"}}), newAuthority(t, generous)
	for _, m := range []capabilities.Method{
		{},
		{Operation: "ai.ocr"},
		{Kind: "event", Operation: "ai.ocr"},
		{Kind: capabilities.Query},
		{Kind: capabilities.Query, Operation: "ai.>"},
		{Kind: capabilities.Query, Operation: "ai.ocr.v1"},
		{Kind: capabilities.Query, Operation: "credentials.get.input"},
		{Kind: capabilities.Query, Operation: "ai.ocr", Version: "1"},
		{Kind: capabilities.Query, Operation: "ai.ocr", Version: "v1.x"},
		{Kind: capabilities.Query, Operation: "ai.ocr", Version: "v01"},
		{Kind: capabilities.Query, Operation: strings.Repeat("a.", 80) + "a"},
	} {
		d := authority.Decide(grant, &capabilities.Request{Method: m, JobLibrary: home})
		if d.Allowed || d.Code != "invalid_argument" {
			t.Errorf("%+v: got %+v", m, d)
		}
	}
}

func TestNewGrantRefuses(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]capabilities.Permissions{
		`"mine": not a UUID`:                {Libraries: []string{"*", "mine"}},
		"in lower case, \"" + home.String(): {Libraries: []string{strings.ToUpper(home.String())}},
		"write it with hyphens":             {Libraries: []string{strings.ReplaceAll(home.String(), "-", "")}},
		"all zeros":                         {Libraries: []string{uuid.Nil.String()}},
		"-1 is negative":                    {RequestsPerMinute: -1},
		`method pattern "vd*"`:              {Methods: []string{"vd*"}},
	} {
		if _, err := capabilities.NewGrant("x", p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
