package extensions_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
)

func TestIndexes(t *testing.T) {
	t.Parallel()
	got := parse(t, minimal(`"indexes": [{"entry_type": "receipt", "field": "total", "type": "number"}, {"entry_type": "receipt", "field": "vendor.name", "type": "text"}]`)).Indexes
	want := []extensions.Index{{EntryType: "receipt", Field: "total", Type: "number"}, {EntryType: "receipt", Field: "vendor.name", Type: "text"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestInvalidIndexes(t *testing.T) {
	t.Parallel()
	const good = `{"entry_type": "a", "field": "b", "type": "text"}`
	many := make([]string, 17)
	for i := range many {
		many[i] = fmt.Sprintf(`{"entry_type": "a", "field": "f%d", "type": "text"}`, i)
	}
	for indexes, want := range map[string]string{
		`{}`:                                  "indexes: want a list, got an object",
		`[{"field": "b", "type": "text"}]`:    `indexes[0]: the key "entry_type" is missing; an index is {"entry_type": "receipt"`,
		`[{"entry_type": "a", "field": "b"}]`: `indexes[0]: the key "type" is missing`,
		`[{"entry_type": "", "field": "b", "type": "text"}]`:                                `indexes[0].entry_type: "": want 1 to 64 bytes`,
		`[{"entry_type": "a", "field": "b..c", "type": "text"}]`:                            `indexes[0].field: "b..c" is no field of metadata`,
		`[{"entry_type": "a", "field": "b\u0007", "type": "text"}]`:                         `indexes[0].field: `,
		`[{"entry_type": "a", "field": "b", "type": "date"}]`:                               `indexes[0].type: "date" is no type of an index: want "number" or "text"`,
		`[` + good + `,` + good + `]`:                                                       `indexes[1]: the index is listed twice`,
		`[` + strings.Join(many, ",") + `]`:                                                 `indexes: the list has 17 indexes, at most 16 are possible`,
		`[{"entry_type": "` + strings.Repeat("a", 65) + `", "field": "b", "type": "text"}]`: `indexes[0].entry_type: `,
	} {
		got := problems(t, minimal(`"indexes": `+indexes))
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%.100s: got %q, want %q", indexes, got, want)
		}
	}
}
