package receipt

import (
	"encoding/json"
	"strings"
	"time"
)

// Stated is what a page states of a purchase. Fields it says nothing of are empty.
type Stated struct {
	// Kind is the type in schema.org's vocabulary: Order, Invoice or ParcelDelivery.
	Kind string
	// Number is that of the order or the invoice.
	Number string
	// Status is that of the order, as in OrderInTransit.
	Status   string
	Vendor   string
	Amount   string
	Currency string
	Date     string
	Payment  string
	Items    []Item
}

// or returns s, or other where s states nothing. An order wins over the delivery of its parcel.
func (s Stated) or(other Stated) Stated {
	if s.Kind == "" || (s.Kind == "ParcelDelivery" && other.Kind != "") {
		return other
	}
	return s
}

// maxNesting is how deep a statement is looked for in objects and lists.
const maxNesting = 20

// state reads a block of JSON-LD.
func state(block string) Stated {
	decoder := json.NewDecoder(strings.NewReader(block))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return Stated{}
	}
	return stateOf(value, 0)
}

func stateOf(value any, depth int) Stated {
	var found Stated
	if depth > maxNesting {
		return found
	}
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			found = found.or(stateOf(element, depth+1))
		}
	case map[string]any:
		node := node(value)
		kind := node.text("@type")
		switch kind[strings.LastIndexByte(kind, '/')+1:] {
		case "Order":
			return order(node)
		case "Invoice":
			return invoice(node)
		case "ParcelDelivery":
			return Stated{Kind: "ParcelDelivery"}
		}
		found = stateOf(value["@graph"], depth+1)
	}
	return found
}

func order(n node) Stated {
	s := Stated{
		Kind:     "Order",
		Number:   n.text("orderNumber"),
		Status:   n.text("orderStatus"),
		Vendor:   first(n.child("seller").text("name"), n.child("merchant").text("name")),
		Amount:   first(n.text("price"), n.child("totalPrice").text("price"), n.text("totalPrice"), n.child("totalPaymentDue").text("price")),
		Currency: n.text("priceCurrency"),
		Date:     isoDate(n.text("orderDate")),
		Payment:  first(n.child("paymentMethod").text("name"), n.text("paymentMethod")),
	}
	for _, offer := range n.list("acceptedOffer") {
		s.item(offer.child("itemOffered").text("name"), offer.child("eligibleQuantity").text("value"), offer.text("price"))
		s.Currency = first(s.Currency, offer.text("priceCurrency"))
	}
	for _, item := range n.list("orderedItem") {
		s.item(item.child("orderedItem").text("name"), item.text("orderQuantity"), item.child("orderedItem").child("offers").text("price"))
	}
	return s.exact()
}

func invoice(n node) Stated {
	due := n.child("totalPaymentDue")
	return Stated{
		Kind:     "Invoice",
		Number:   first(n.text("confirmationNumber"), n.text("identifier"), n.text("accountId")),
		Status:   n.text("paymentStatus"),
		Vendor:   first(n.child("provider").text("name"), n.child("broker").text("name"), n.child("seller").text("name")),
		Amount:   first(due.text("price"), due.text("value")),
		Currency: first(due.text("priceCurrency"), due.text("currency")),
		Date:     isoDate(first(n.text("dateIssued"), n.text("dateCreated"))),
		Payment:  first(n.child("paymentMethod").text("name"), n.text("paymentMethod")),
	}.exact()
}

func (s *Stated) item(name, quantity, price string) {
	amount, ok := stated(price)
	if name != "" && ok && len(s.Items) < maxItems {
		s.Items = append(s.Items, Item{Description: name, Quantity: quantity, Amount: amount.String()})
	}
}

// exact keeps an amount only if it is one, and a currency only if it is known.
func (s Stated) exact() Stated {
	s.Currency = currencyCode(s.Currency)
	if amount, ok := stated(s.Amount); ok && amount > 0 {
		s.Amount = amount.String()
	} else {
		s.Amount = ""
	}
	return s
}

// stated reads a price in JSON, where a point is always the decimal one.
func stated(price string) (Amount, bool) {
	whole, decimals, ok := strings.Cut(price, ".")
	if ok && len(decimals) <= 3 && whole != "" && strings.Trim(decimals, "0123456789") == "" {
		value, ok := ParseAmount(whole)
		part, _ := ParseAmount((decimals + "000")[:3])
		return value + part/amountUnit, ok && !strings.ContainsAny(whole, ".,")
	}
	return ParseAmount(price)
}

func isoDate(s string) string {
	if date, ok := ParseDate(s, time.Time{}, Locale{}); ok {
		return date.Format(time.DateOnly)
	}
	return ""
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

// node is an object of which nothing is certain.
type node map[string]any

// text returns a string or a number, or the first of a list of them.
func (n node) text(key string) string {
	value := n[key]
	if list, ok := value.([]any); ok && len(list) > 0 {
		value = list[0]
	}
	switch value := value.(type) {
	case string:
		return strings.TrimSpace(value)
	case json.Number:
		return value.String()
	default:
		return ""
	}
}

func (n node) child(key string) node {
	if list := n.list(key); len(list) > 0 {
		return list[0]
	}
	return nil
}

// list returns the objects under a key, be it one or several.
func (n node) list(key string) []node {
	var nodes []node
	switch value := n[key].(type) {
	case map[string]any:
		nodes = append(nodes, value)
	case []any:
		for _, element := range value {
			if object, ok := element.(map[string]any); ok {
				nodes = append(nodes, object)
			}
		}
	}
	return nodes
}
