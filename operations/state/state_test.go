package state_test

import (
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

var badKeys = map[string]any{
	"no key": object{"value": 1}, "a key too long": object{"key": strings.Repeat("k", 257), "value": 1}, "a NUL": object{"key": "a\x00", "value": 1},
	"a number for a key": object{"key": 1, "value": 1}, "a revision below 0": object{"key": "a", "value": 1, "if_revision": -1},
}

func TestEach(t *testing.T) {
	t.Parallel()
	bad := map[string]any{"no value": object{"key": "a"}, "a value too long": object{"key": "a", "value": strings.Repeat("v", 64<<10)}}
	maps.Copy(bad, badKeys)
	operationstest.Exercise(t, domain, operationstest.Example{
		Method:  "action:state.put",
		Input:   func(testing.TB, *operationstest.Harness) any { return object{"key": uuid.NewString(), "value": 1} },
		Bad:     bad,
		Effects: func(tb testing.TB, h *operationstest.Harness) int { return sum(tb, h, "keys") },
	})
	var mu sync.Mutex
	puts := map[*operationstest.Harness]int{} // revisions that are none of deletions
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "action:state.delete",
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			key := uuid.NewString()
			put(tb, h, key, 1)
			mu.Lock()
			defer mu.Unlock()
			puts[h]++
			return object{"key": key}
		},
		Bad: badKeys,
		Effects: func(tb testing.TB, h *operationstest.Harness) int {
			mu.Lock()
			defer mu.Unlock()
			return sum(tb, h, "revision") - puts[h]
		},
	})
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:state.get",
		Input:  func(testing.TB, *operationstest.Harness) any { return object{"key": "a"} },
		Bad:    map[string]any{"no key": object{}, "a key too long": object{"key": strings.Repeat("k", 257)}},
	})
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:state.list", AnyInput: true,
		Input: func(testing.TB, *operationstest.Harness) any { return object{} },
		Bad:   map[string]any{"a limit too large": object{"limit": 1001}, "a limit below 0": object{"limit": -1}, "a NUL": object{"prefix": "\x00"}},
	})
}

func TestStateIsComparedAndSet(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		if got := get(t, h, "uid"); got.Value != nil || got.Revision != 0 {
			t.Errorf("before anything it is %+v", got)
		}
		change := func(revision int64, v any) (int64, error) {
			var out value
			call := h.NewCall(t, "action:state.put", object{"key": "uid", "value": v, "if_revision": revision})
			answer, err := h.Conn.Call(t.Context(), call)
			if err == nil {
				decode(t, answer, &out)
			}
			return out.Revision, err
		}
		first, err := change(0, object{"uid": 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := change(0, 2); bus.CodeOf(err) != bus.FailedPrecondition {
			t.Errorf("made twice: %v", err)
		}
		second, err := change(first, object{"uid": 2})
		if err != nil || second <= first {
			t.Fatalf("revision %d after %d, %v", second, first, err)
		}
		if diff := cmp.Diff(value{object{"uid": 2.0}, second}, get(t, h, "uid")); diff != "" {
			t.Error(diff)
		}
		h.OK(t, "action:state.delete", object{"key": "uid", "if_revision": second}, nil)
		h.Refused(t, bus.FailedPrecondition, "action:state.delete", object{"key": "uid", "if_revision": second})
		if third, err := change(0, 3); err != nil || third <= second {
			t.Errorf("revision %d comes again after %d, %v", third, second, err)
		}
	})
}

// Of all that change one value at once under a condition one succeeds in each round.
func TestStateOfManyAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		h.Serve(t)
		const callers, each = 4, 10
		put(t, h, "n", 0)
		var wg sync.WaitGroup
		calls := make([]*bus.Call, callers)
		for i := range calls {
			calls[i] = h.NewCall(t, "query:state.get", nil)
		}
		for _, c := range calls {
			wg.Go(func() {
				for done := 0; done < each; {
					var now struct {
						Value, Revision int64
					}
					read, write := *c, *c
					read.Payload = []byte(`{"key":"n"}`)
					answer, err := h.Conn.Call(t.Context(), &read)
					if err != nil {
						t.Error(err)
						return
					}
					decode(t, answer, &now)
					write.Kind, write.Operation = bus.Action, "state.put"
					write.Payload = encode(t, object{"key": "n", "value": now.Value + 1, "if_revision": now.Revision})
					switch _, err := h.Conn.Call(t.Context(), &write); {
					case err == nil:
						done++
					case bus.CodeOf(err) != bus.FailedPrecondition:
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if got := get(t, h, "n").Value; got != float64(callers*each) {
			t.Errorf("counted to %v, want %d", got, callers*each)
		}
	})
}

func TestStateIsTheExtensionsOwn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		put(t, h, "a", "mine")
		call := h.NewCall(t, "query:state.get", object{"key": "a"})
		call.Extension = "com.example.other"
		var out value
		answer, err := h.Conn.Call(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		if decode(t, answer, &out); out.Revision != 0 {
			t.Errorf("another extension reads %+v", out)
		}
		if answer, err = h.Call(t, "query:state.get", uuid.New(), object{"key": "a"}); err != nil {
			t.Fatal(err)
		}
		if decode(t, answer, &out); out.Revision != 0 {
			t.Errorf("in another library there is %+v", out)
		}
	})
}

func TestStateHasLimits(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domain)
	large := strings.Repeat("v", 64<<10-2)
	n := 0
	for {
		call := h.NewCall(t, "action:state.put", object{"key": key(n), "value": large})
		_, err := h.Conn.Call(t.Context(), call)
		if err == nil {
			n++
			continue
		}
		if bus.CodeOf(err) != bus.ResourceExhausted || !strings.Contains(err.Error(), "delete some") {
			t.Fatal(err)
		}
		break
	}
	if n != 255 { // their keys count as well
		t.Errorf("there is room for %d values of 64 KiB, want 255", n)
	}
	put(t, h, key(0), 1) // smaller ones can take their place
	put(t, h, key(n), large)
	h.OK(t, "action:state.delete", object{"key": key(1)}, nil)
	put(t, h, key(1), large)
}

func TestStateIsListed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, newURL func(testing.TB) string) {
		h := operationstest.New(t, newURL(t), domain)
		for _, key := range []string{"b", "a/2", "a/1", "B", "ä", "a/10"} {
			put(t, h, key, 1)
		}
		for name, test := range map[string]struct {
			in   object
			want []string
			next string
		}{
			"all":             {object{}, []string{"B", "a/1", "a/10", "a/2", "b", "ä"}, ""},
			"with a prefix":   {object{"prefix": "a/"}, []string{"a/1", "a/10", "a/2"}, ""},
			"the first page":  {object{"prefix": "a/", "limit": 2}, []string{"a/1", "a/10"}, "a/10"},
			"the second page": {object{"prefix": "a/", "limit": 2, "after": "a/10"}, []string{"a/2"}, ""},
			"nothing":         {object{"prefix": "x"}, nil, ""},
		} {
			t.Run(name, func(t *testing.T) {
				var out struct {
					Keys []struct{ Key string }
					Next string
				}
				h.OK(t, "query:state.list", test.in, &out)
				var keys []string
				for _, k := range out.Keys {
					keys = append(keys, k.Key)
				}
				if diff := cmp.Diff(test.want, keys); diff != "" || out.Next != test.next {
					t.Errorf("next is %q\n%s", out.Next, diff)
				}
			})
		}
	})
}
