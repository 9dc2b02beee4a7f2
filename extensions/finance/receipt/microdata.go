package receipt

import (
	"encoding/json"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// microdata returns the items that a page states in attributes (itemscope, itemtype, itemprop), in the form that JSON-LD has once decoded.
func microdata(n *html.Node, depth int) []any {
	var items []any
	if depth > maxDepth {
		return nil
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		if hasAttribute(child, "itemscope") {
			items = append(items, itemOf(child, depth+1))
			continue
		}
		items = append(items, microdata(child, depth+1)...)
	}
	return items
}

// maxDepth is how deep a page is looked into; mails nest tables, but not this much.
const maxDepth = 200

// itemOf returns an item's type and properties.
func itemOf(n *html.Node, depth int) map[string]any {
	item := map[string]any{"@type": attribute(n, "itemtype")}
	properties(n, item, depth)
	return item
}

// properties adds those of an item that are below an element.
func properties(n *html.Node, item map[string]any, depth int) {
	if depth > maxDepth {
		return
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		name, nested := attribute(child, "itemprop"), hasAttribute(child, "itemscope")
		var value any
		switch {
		case nested:
			value = itemOf(child, depth+1)
		case name != "":
			value = valueOf(child)
		}
		if name != "" {
			switch before := item[name].(type) {
			case nil:
				item[name] = value
			case []any:
				item[name] = append(before, value)
			default:
				item[name] = []any{before, value}
			}
		}
		if !nested {
			properties(child, item, depth+1)
		}
	}
}

// valueOf returns what an element says: a number, where it is one, as JSON has it.
func valueOf(n *html.Node) any {
	var value string
	switch {
	case hasAttribute(n, "content"):
		value = attribute(n, "content")
	case n.DataAtom == atom.Time && hasAttribute(n, "datetime"):
		value = attribute(n, "datetime")
	case n.DataAtom == atom.Link || n.DataAtom == atom.A:
		value = attribute(n, "href")
	default:
		inner := printer{}
		inner.print(n)
		value = strings.Join(strings.Fields(inner.out.String()), " ")
	}
	if _, ok := stated(value); ok {
		return json.Number(value)
	}
	return value
}

func hasAttribute(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
