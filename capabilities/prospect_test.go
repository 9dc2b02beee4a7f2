package capabilities_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

func TestProspects(t *testing.T) {
	t.Parallel()
	policy, err := capabilities.ParsePolicy([]byte(`
rules:
- {name: reads, extensions: ["*"], allow: ["query:"]}
- {name: files, extensions: [finance], allow: ["action:vdfs."], sidecars: [ocr.txt]}
- {name: effects, extensions: [finance], allow: ["action:test.effect"]}
- {name: no-ocr, extensions: [finance], deny: ["ai.ocr"]}
- {name: here, extensions: [finance], allow: ["action:mail.send"], libraries: ["0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01"]}
`))
	if err != nil {
		t.Fatal(err)
	}
	home, work, erased := uuid.MustParse("0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01"), uuid.MustParse("0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a02"), uuid.New()
	libraries := map[uuid.UUID]*capabilities.Library{}
	for id, record := range map[uuid.UUID]string{
		home:   `"name":"Home","grants":{"finance":{}}`,
		work:   `"name":"Work","grants":{"finance":{"methods":["query:vdfs."]},"other":{}}`,
		erased: `"name":"Gone","grants":{"finance":{}},"erasing_since":"2026-01-01T00:00:00Z"`,
	} {
		if libraries[id], err = capabilities.ParseLibraryRecord(fmt.Appendf(nil, `{"id":%q,%s}`, id, record)); err != nil {
			t.Fatal(err)
		}
	}
	authority := capabilities.NewAuthority()
	grant, err := capabilities.NewGrant("finance", capabilities.Permissions{Methods: []string{
		"query:vdfs.get_entry", "query:ai.", "query:ai.ocr", "vdfs.", "action:vdfs.create_entry", "action:test.effect", "action:test.", "action:mail.send",
		"query:credentials.get", "action:x.y",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if all := authority.Prospects(grant); len(all) != 10 || all[0].Policy != capabilities.Nothing {
		t.Errorf("while nothing is known it says %+v", all)
	}
	authority.SetPolicy(policy, 1)
	authority.SetLibraries(libraries)
	var got []string
	for _, p := range authority.Prospects(grant) {
		line := []string{fmt.Sprintf("%s: %s by %s", p.Asks, p.Policy, strings.Join(p.Rules, " "))}
		for _, l := range p.Libraries {
			line = append(line, fmt.Sprintf("%s %s", l.Name, l.Grants))
		}
		got = append(got, strings.Join(line, ", "))
	}
	want := []string{
		"query:vdfs.get_entry: all by reads, Home all, Work all",
		"query:ai.: part by no-ocr reads, Home all",
		"query:ai.ocr: nothing by no-ocr reads, Home all",
		"vdfs.: part by files reads, Home all, Work part",
		"action:vdfs.create_entry: all by files, Home all",
		"action:test.effect: all by effects, Home all",
		"action:test.: part by effects, Home all",
		"action:mail.send: part by here, Home all",
		"query:credentials.get: nothing by ",
		"action:x.y: nothing by , Home all",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("prospects (-want +got):\n%s", diff)
	}
}
