package mailset_test

import (
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/internal/mailset"
	"github.com/airlock-run/airlock/internal/mailset/found"
	"github.com/airlock-run/airlock/internal/mailset/heldout"
	"github.com/airlock-run/airlock/internal/mailset/tuned"
)

// A group is fit to judge by when none of its parts is too small to count.
func TestGroupsHaveTheirShares(t *testing.T) {
	t.Parallel()
	for name, group := range map[string]struct {
		mails   func() ([]mailset.Mail, error)
		heldOut bool
		least   int
	}{
		"held out": {heldout.Mails, true, 170},
		"tuned":    {tuned.Mails, false, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mails, err := group.mails()
			if err != nil {
				t.Fatal(err)
			}
			all := len(mails)
			if all < group.least {
				t.Errorf("%d mails, want %d", all, group.least)
			}
			counts := count(mails)
			if n := counts["no receipt"]; n*3 < all || n*5 > 2*all {
				t.Errorf("%d of %d mails are no receipts, want a third", n, all)
			}
			for source, percent := range map[mailset.Source]int{
				mailset.SourceScan: 15, mailset.SourceHTML: 15, mailset.SourceText: 8, mailset.SourcePDFText: 10,
			} {
				if n := counts[string(source)]; n*100 < percent*all {
					t.Errorf("%d of %d mails are to be read from %s, want %d %%", n, all, source, percent)
				}
			}
			for _, locale := range mailset.Locales() {
				if n := counts[locale]; n*100 < 3*all {
					t.Errorf("%d of %d mails are in %s, want 3 %%", n, all, locale)
				}
			}
			for _, m := range mails {
				if m.Label.HeldOut != group.heldOut {
					t.Errorf("%s: held out is %v", m.Name, m.Label.HeldOut)
				}
			}
		})
	}
}

func TestMailsAndLabelsAreRead(t *testing.T) {
	t.Parallel()
	mails := set(t)
	names := map[string]bool{}
	for _, m := range mails {
		if names[m.Name] {
			t.Errorf("%s is the name of two", m.Name)
		}
		names[m.Name] = true
		if err := m.Label.Validate(); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		if _, err := mail.ReadMessage(strings.NewReader(string(m.Raw))); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		data, err := json.Marshal(m.Label)
		if err != nil {
			t.Fatal(err)
		}
		var back mailset.Label
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m.Label, back); diff != "" {
			t.Errorf("%s: label after JSON (-before +after):\n%s", m.Name, diff)
		}
	}
}

// What an extractor learns from tuned mails must not be a held-out vendor's name.
func TestGroupsShareNoVendorAndNoLayout(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range set(t) {
		for _, what := range []string{"vendor " + m.Label.Vendor, "layout " + m.Label.Layout} {
			if m.Label.HeldOut {
				if seen[what] {
					t.Errorf("%s: %s is tuned as well", m.Name, what)
				}
				continue
			}
			if what != "vendor " {
				seen[what] = true
			}
		}
	}
}

// set is the tuned mails, the held-out ones, then those found.
func set(t *testing.T) []mailset.Mail {
	t.Helper()
	mails, err := tuned.Mails()
	if err != nil {
		t.Fatal(err)
	}
	more, err := heldout.Mails()
	if err != nil {
		t.Fatal(err)
	}
	others, err := found.Mails()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(mails, more, others)
}

func count(mails []mailset.Mail) map[string]int {
	counts := map[string]int{}
	for _, m := range mails {
		counts[m.Label.Locale]++
		if m.Label.Receipt {
			counts[string(m.Label.Source)]++
		} else {
			counts["no receipt"]++
		}
	}
	return counts
}
