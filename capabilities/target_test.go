package capabilities_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

// generousAuthority allows whatever is asked; it is made once, as fuzzing asks often.
var generousAuthority = sync.OnceValue(func() *capabilities.Authority {
	policy, err := capabilities.ParsePolicy([]byte(generous))
	if err != nil {
		panic(err)
	}
	authority := capabilities.NewAuthority()
	authority.SetPolicy(policy, 1)
	authority.SetLibraries(map[uuid.UUID]*capabilities.Library{})
	return authority
})

func TestTargetOf(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]capabilities.Target{
		`query:ai.ocr not even JSON`:                      {},
		`query:credentials.get {"credential_id": "mail"}`: {Credential: "mail"},
		`query:credentials.get {}`:                        {},
		`query:credentials.get null`:                      {},
		`action:vdfs.write_sidecar {"entry_id": "x", "filename": "a.txt", "data": "AA"}`: {Sidecar: "a.txt"},
		`query:vdfs.list_entries `:                                                      {},
		`action:vdfs.create_entry {"entry_type": "receipt"}`:                            {Entry: "receipt"},
		`query:search.query {"text": "a", "entry_type": "receipt"}`:                     {Entry: "receipt"},
		`query:search.query {"text": "a"}`:                                              {},
		`action:vdfs.delete_sidecar {"entry_id": "x", "filename": "a.txt"}`:             {Sidecar: "a.txt"},
		`action:events.publish {"type": "a.b"}`:                                         {Event: "a.b"},
		`action:jobs.dispatch {"job": "leaf"}`:                                          {Extensions: []string{"finance"}},
		`action:jobs.dispatch {"job": "counter:leaf"}`:                                  {Extensions: []string{"counter"}},
		`action:jobs.dispatch {"jobs": [{"job": "a"}, {"job": "b:c"}, {"job": "b:d"}]}`: {Extensions: []string{"finance", "b"}},
		`query:http.request {"url": "https://A.example/x", "credential": "shop"}`:       {Credential: "shop", Address: capabilities.Address{Host: "a.example", Port: 443, Method: "GET", Path: "/x"}},
	} {
		method, payload, _ := strings.Cut(call, " ")
		m, err := capabilities.ParseMethod(method)
		if err != nil {
			t.Fatal(err)
		}
		got, err := capabilities.TargetOf("finance", m, []byte(payload))
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(capabilities.Address{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", call, err, diff)
		}
	}
}

func TestTargetOfRefuses(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		`query:credentials.get {"credential_id": "a", "credential_id": "b"}`: "is there twice",
		`query:credentials.get {"credential_id": "a", "Credential_ID": "b"}`: "is there twice, or written",
		`query:credentials.get {"credential_ıd": "a", "CREDENTIAL_ID": "b"}`: "write it once and like that",
		`action:vdfs.write_sidecar {"filename": "a", "fileName": "b"}`:       "is there twice",
		`action:vdfs.write_sidecar {"filename": ["a"]}`:                      `the value of "filename" is of the wrong type`,
		`action:vdfs.write_sidecar {"filename": "a"`:                         "it is not JSON",
		`action:vdfs.write_sidecar ["a"]`:                                    "want a JSON object",
		"action:vdfs.write_sidecar {\"filename\": \"\xff\"}":                 "it is not UTF-8",
		`action:jobs.dispatch {"jobs": [{"job": "a", "Job": "b:c"}]}`:        "jobs[0]: the key",
		`action:jobs.dispatch {"jobs": [7]}`:                                 "jobs[0]: want a JSON object",
		`query:http.request {}`:                                              "want https://host/path",
		`query:http.request {"url": "https://a.example", "URL": "b"}`:        "is there twice",
	} {
		method, payload, _ := strings.Cut(call, " ")
		m, err := capabilities.ParseMethod(method)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := capabilities.TargetOf("finance", m, []byte(payload)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v; want %s", call, got, err, want)
		}
	}
}

// FuzzTargetOf holds that the door and a service that decodes into a struct, as those of Airlock do, read the same name.
func FuzzTargetOf(f *testing.F) {
	for _, seed := range []string{`{"filename": "a"}`, `{"filename": "a", "FILENAME": "b"}`, `{"\u0066ilename": "a"}`, `{"filename": null}`, `{"ﬁlename": "a"}`, ` {"filename": "a"} `} {
		f.Add([]byte(seed))
	}
	m := capabilities.Method{Kind: capabilities.Action, Operation: "vdfs.write_sidecar"}
	f.Fuzz(func(t *testing.T, payload []byte) {
		target, err := capabilities.TargetOf("finance", m, payload)
		if err != nil {
			return
		}
		var service struct {
			Filename string `json:"filename"`
		}
		if err := json.Unmarshal(payload, &service); err == nil && service.Filename != target.Sidecar {
			t.Fatalf("%q: the door reads %q and a service %q", payload, target.Sidecar, service.Filename)
		}
	})
}
