package airlock

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeBinary(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data  string
		want  string // "" for none on its own
		other string
	}{
		"first":                 {`{"data":"aGVsbG8=","other":"x"}`, "hello", "x"},
		"last, with space":      {" {\n\"other\" : \"x\" , \"data\" :\t\"aGVsbG8=\" } ", "hello", "x"},
		"behind one like it":    {`{"a":{"data":"eA=="},"b":["\"data\":",{"data":1}],"c":"\\","other":"\"","data":"aGVsbG8="}`, "hello", `"`},
		"the last of two":       {`{"data":"eA==","data":"aGVsbG8="}`, "hello", ""},
		"with escapes":          {`{"data":"aGVsbG8\u003d","other":"x"}`, "", "x"},
		"null":                  {`{"data":null,"other":"x"}`, "", "x"},
		"empty":                 {`{"data":"","other":"x"}`, "", "x"},
		"none":                  {`{"other":"x"}`, "", "x"},
		"only of what is in it": {`{"o":{"data":"aGVsbG8="},"other":"x"}`, "", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var v struct {
				Data  []byte `json:"data"`
				Other string `json:"other"`
			}
			got, ok, err := decodeBinary([]byte(test.data), &v, "data")
			if err != nil || ok != (test.want != "") || (ok && string(got) != test.want) || v.Other != test.other {
				t.Errorf("%q, %t, other %q, error %v", got, ok, v.Other, err)
			}
		})
	}
}

// FuzzDecodeBinary holds bytes that were decoded on their own, and what is left, against what encoding/json says.
func FuzzDecodeBinary(f *testing.F) {
	for _, seed := range []string{
		`{"event":{"data_base64":"aGVsbG8=","n":1},"attempt":1}`, `{"event":null}`, `{"event":[{}],"event":{"data_base64":"QQ=="}}`, `{}`, `[]`, `"`, `{"a":-1.5e3,"b":true}`,
		`{"event":{"x":"\\\"}","data_base64":"\u0051Q=="}}`, `{"event" : {"data_base64" : "QQ\n=="}}`, `{"":{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var rest, whole map[string]json.RawMessage
		got, ok, err := decodeBinary(data, &rest, "event", "data_base64")
		if wholeErr := json.Unmarshal(data, &whole); wholeErr != nil || bytes.Contains(data, []byte(`\u`)) {
			return // only JSON is promised anything, and names are compared as they are written
		}
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !ok {
			if diff := cmp.Diff(whole, rest); diff != "" {
				t.Errorf("%s (-want +got):\n%s", data, diff)
			}
			return
		}
		var event, eventRest map[string]json.RawMessage
		var want []byte
		if json.Unmarshal(whole["event"], &event) != nil || json.Unmarshal(event["data_base64"], &want) != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s has the bytes %q, want %q", data, got, want)
		}
		if err := json.Unmarshal(rest["event"], &eventRest); err != nil {
			t.Fatal(err)
		}
		whole["event"], rest["event"], event["data_base64"] = nil, nil, json.RawMessage("null")
		if diff := cmp.Diff([]map[string]json.RawMessage{whole, event}, []map[string]json.RawMessage{rest, eventRest}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", data, diff)
		}
	})
}
