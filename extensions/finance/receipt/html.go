package receipt

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxHTML is how much of a page is read; the rest of a longer one is left out.
const maxHTML = 2 << 20

// Page is what an HTML document shows and what it says of itself.
type Page struct {
	// Text has a line for each visual line, with the cells of a row of a table on one line, two spaces apart.
	Text string
	// Stated is what the page states in schema.org's vocabulary (JSON-LD or microdata); its zero value if it states nothing of a purchase.
	Stated Stated
}

// HTML reads a page. Every input is a page, as it is to a browser.
func HTML(source string) Page {
	source = source[:min(len(source), maxHTML)]
	root, err := html.Parse(strings.NewReader(source))
	if err != nil { // only a document nested without end is refused
		return Page{Text: source}
	}
	var p printer
	p.print(root)
	p.stated = p.stated.or(stateOf(microdata(root, 0), 0))
	return Page{Text: tidy(p.out.String()), Stated: p.stated}
}

type printer struct {
	out    strings.Builder
	stated Stated
}

func (p *printer) print(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		p.out.WriteString(collapse(n.Data))
		return
	case html.ElementNode:
		if p.special(n) {
			return
		}
	case html.ErrorNode, html.DocumentNode, html.CommentNode, html.DoctypeNode, html.RawNode:
	}
	block := isBlock(n.DataAtom)
	if block {
		p.out.WriteByte('\n')
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		p.print(child)
	}
	if block {
		p.out.WriteByte('\n')
	}
}

// special prints what is not simply its children, and reports whether it did.
func (p *printer) special(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script:
		if strings.Contains(attribute(n, "type"), "ld+json") && n.FirstChild != nil {
			p.stated = p.stated.or(state(n.FirstChild.Data))
		}
		return true
	case atom.Style, atom.Title, atom.Template, atom.Noscript:
		return true
	case atom.Br:
		p.out.WriteByte('\n')
		return true
	case atom.Tr:
		p.row(n)
		return true
	case atom.Blockquote:
		p.quote(n)
		return true
	default:
		return hidden(n)
	}
}

// quote prints what a mail quotes with a > in front of each line, as mails without HTML do.
func (p *printer) quote(n *html.Node) {
	inner := printer{}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		inner.print(child)
	}
	p.stated = p.stated.or(inner.stated)
	if text := tidy(inner.out.String()); text != "" {
		p.out.WriteString("\n> " + strings.ReplaceAll(text, "\n", "\n> ") + "\n")
	}
}

// row prints the cells of a row on one line, unless one of them has several.
func (p *printer) row(n *html.Node) {
	var cells []string
	separator := "  "
	for cell := n.FirstChild; cell != nil; cell = cell.NextSibling {
		if cell.Type != html.ElementNode {
			continue
		}
		inner := printer{}
		inner.print(cell)
		p.stated = p.stated.or(inner.stated)
		text := tidy(inner.out.String())
		if text == "" {
			continue
		}
		if strings.Contains(text, "\n") {
			separator = "\n"
		}
		cells = append(cells, text)
	}
	p.out.WriteString("\n" + strings.Join(cells, separator) + "\n")
}

// hidden tells that a mail does not show an element: the preview text in front, the part for another screen.
func hidden(n *html.Node) bool {
	style := strings.ReplaceAll(strings.ToLower(attribute(n, "style")), " ", "")
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
	}
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Li, atom.Table, atom.Section, atom.Article,
		atom.Header, atom.Footer, atom.Address, atom.Blockquote, atom.Pre, atom.Hr, atom.Dl, atom.Dt, atom.Dd, atom.Center, atom.Form, atom.Main:
		return true
	default:
		return false
	}
}

// collapse makes a space of white space. A space that must not break a line stays: it may be within a number.
func collapse(s string) string {
	var out strings.Builder
	space := false
	for _, r := range s {
		switch r {
		case ' ', '\t', '\n', '\r', '\f':
			space = true
			continue
		case '\u200b', '\u200c', '\u200d', '\ufeff', '\u00ad', '\u034f':
			continue // invisible, and fond of preview texts
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		out.WriteRune(r)
	}
	if space {
		out.WriteByte(' ')
	}
	return out.String()
}

// tidy trims lines and drops the empty ones.
func tidy(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
