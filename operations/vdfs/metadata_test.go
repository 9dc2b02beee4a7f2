package vdfs_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

func TestUpdateMetadata(t *testing.T) {
	t.Parallel()
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:vdfs.update_metadata", Owned: true,
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			return object{"entry_id": create(tb, h, "/"+uuid.NewString()).ID, "metadata": object{"touched": true}}
		},
		Bad: map[string]any{
			"no id":             object{"metadata": object{}},
			"no UUID":           object{"entry_id": "x", "metadata": object{}},
			"no metadata":       object{"entry_id": uuid.NewString()},
			"null":              object{"entry_id": uuid.NewString(), "metadata": nil},
			"a patch of text":   object{"entry_id": uuid.NewString(), "metadata": "x"},
			"a patch too large": object{"entry_id": uuid.NewString(), "metadata": object{"a": strings.Repeat("m", 64<<10)}},
		},
		Effects: func(tb testing.TB, h *operationstest.Harness) int {
			return count(tb, h, `SELECT count(*) FROM entries WHERE metadata = '{"touched":true}'`)
		},
	})
	h := operationstest.New(t, storetest.SQLite(t), domain)
	for name, tt := range map[string]struct{ before, patch, want string }{
		// The examples of RFC 7396, appendix A, that are objects.
		"replaces":                {`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		"adds":                    {`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		"removes":                 {`{"a":"b"}`, `{"a":null}`, `{}`},
		"removes one":             {`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		"replaces an array":       {`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		"replaces by an array":    {`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		"merges below":            {`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		"keeps null in an array":  {`{"a":[{"b":"c"}]}`, `{"a":[1,null]}`, `{"a":[1,null]}`},
		"leaves null":             {`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		"drops null in new parts": {`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		"keeps every digit":       {`{"n":12345678901234567890.10}`, `{"m":1e400}`, `{"m":1e400,"n":12345678901234567890.10}`},
		"keeps text as it is":     {`{"<":"\u0000é"}`, `{}`, `{"<":"\u0000é"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var e entry
			h.OK(t, "action:vdfs.create_entry", set(newEntry("/"+uuid.NewString()), "metadata", json.RawMessage(tt.before)), &e)
			h.OK(t, "action:vdfs.update_metadata", object{"entry_id": e.ID, "metadata": json.RawMessage(tt.patch)}, nil)
			var found struct {
				Metadata json.RawMessage `json:"metadata"`
			}
			h.OK(t, "query:vdfs.get_entry", object{"entry_id": e.ID}, &found)
			if diff := cmp.Diff(tt.want, string(found.Metadata)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("invalid_argument when the sum is too large", func(t *testing.T) {
		t.Parallel()
		e := create(t, h, "/grows")
		half := strings.Repeat("m", 40<<10)
		h.OK(t, "action:vdfs.update_metadata", object{"entry_id": e.ID, "metadata": object{"a": half}}, nil)
		h.Refused(t, bus.InvalidArgument, "action:vdfs.update_metadata", object{"entry_id": e.ID, "metadata": object{"b": half}})
	})
}

func TestUpdateMetadataLosesNoPatch(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		e := create(t, h, "/shared")
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				field := string(rune('a' + i))
				h.OK(t, "action:vdfs.update_metadata", object{"entry_id": e.ID, "metadata": object{field: i}}, nil)
			})
		}
		wg.Wait()
		var found entry
		h.OK(t, "query:vdfs.get_entry", object{"entry_id": e.ID}, &found)
		if len(found.Metadata) != 16 {
			t.Errorf("metadata has %d fields, want 16: %v", len(found.Metadata), found.Metadata)
		}
	})
}
