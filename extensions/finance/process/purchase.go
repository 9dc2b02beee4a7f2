package process

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// purchase is what is remembered of a receipt, to know another of the same purchase.
type purchase struct {
	Entry  string `json:"entry"`
	Vendor string `json:"vendor"`
	Number string `json:"number,omitempty"`
	Total  string `json:"total"` // with its currency
	Date   string `json:"date"`
}

const (
	// buckets is how many values of the state hold the purchases of all vendors; maxPurchases is how many of the latest each keeps.
	buckets      = 256
	maxPurchases = 200
	// invoiceAfter is how long after an order its invoice may be dated.
	invoiceAfter = 10 * 24 * time.Hour
	// maxTries is how often a value is read again that another job has changed meanwhile, and patienceMin and patienceMax how long it is left
	// alone then.
	maxTries    = 5
	patienceMin = time.Second
	patienceMax = 5 * time.Second
)

// errBusy says that others change what is remembered all the time, as when a mailbox has many receipts of one shop.
var errBusy = errors.New("keep known purchases: others change them all the time")

// vendorKey is a vendor's name as both its mails have it: without its legal form and without spaces.
func vendorKey(name string) string {
	return strings.ReplaceAll(receipt.Slug(receipt.BareName(name)), "-", "")
}

func purchaseOf(entry string, a receipt.Analysis) purchase {
	return purchase{Entry: entry, Vendor: vendorKey(a.Vendor), Number: strings.ToLower(a.OrderNumber), Total: a.Amount + " " + a.Currency, Date: a.Date}
}

// same tells that two receipts are of one purchase: of one vendor, and of one order, or of one total within a few days unless their numbers
// or dates say otherwise.
func (p purchase) same(other purchase) bool {
	if p.Vendor != other.Vendor || p.Vendor == "unknown" {
		return false
	}
	if p.Number != "" && p.Number == other.Number {
		return true
	}
	if p.Total != other.Total || p.Number != "" && other.Number != "" {
		return false
	}
	if p.Number == "" && other.Number == "" {
		return p.Date == other.Date
	}
	a, err := time.Parse(time.DateOnly, p.Date)
	b, err2 := time.Parse(time.DateOnly, other.Date)
	return err == nil && err2 == nil && a.Sub(b).Abs() <= invoiceAfter
}

// remember adds a receipt to those that are known and returns the entry of the first one of the same purchase; "" if there is none.
func remember(job *airlock.JobContext, entry string, a receipt.Analysis) (string, error) {
	p := purchaseOf(entry, a)
	sum := sha256.Sum256([]byte(p.Vendor))
	key := fmt.Sprintf("purchases/%02x", int(sum[0])%buckets)
	for range maxTries {
		var known []purchase
		revision, err := job.KV().Get(key, &known)
		if err != nil {
			return "", fmt.Errorf("read known purchases: %w", err)
		}
		first := ""
		if i := slices.IndexFunc(known, func(k purchase) bool { return k.Entry != entry && k.same(p) }); i >= 0 {
			first = known[i].Entry
		}
		if slices.Contains(known, p) {
			return first, nil
		}
		known = slices.DeleteFunc(known, func(k purchase) bool { return k.Entry == entry })
		known = append(known, p)
		_, err = job.KV().PutIf(key, known[max(0, len(known)-maxPurchases):], revision)
		if airlock.ErrorCode(err) == airlock.FailedPrecondition {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("keep known purchases: %w", err)
		}
		return first, nil
	}
	return "", errBusy
}
