package receipt

import (
	"strings"
	"unicode/utf8"

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
	// kept tells that the page's own lines are kept, as in a till's receipt.
	kept bool
}

func (p *printer) print(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		text := collapse(n.Data)
		if p.kept {
			text = visible(n.Data)
		}
		if p.glues(n, text) {
			p.out.WriteByte(' ')
		}
		p.out.WriteString(text)
		return
	case html.ElementNode:
		if p.special(n) {
			return
		}
	case html.ErrorNode, html.DocumentNode, html.CommentNode, html.DoctypeNode, html.RawNode:
	}
	apart, around := apartOf(n), p.kept
	p.out.WriteString(apart)
	if n.Type == html.ElementNode {
		p.kept = keepsLines(n, around)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		p.print(child)
	}
	p.kept = around
	p.out.WriteString(apart)
}

// glues tells that a number which begins an element would become part of the word in front of it: a style that is not looked at parts them.
func (p *printer) glues(n *html.Node, text string) bool {
	if n.PrevSibling != nil || text == "" || !digit(text[0]) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(p.out.String())
	return letter(before)
}

// special prints what is not simply its children, and reports whether it did.
func (p *printer) special(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script:
		if strings.Contains(attribute(n, "type"), "ld+json") && n.FirstChild != nil {
			p.stated = p.stated.or(state(n.FirstChild.Data))
		}
		return true
	case atom.Style, atom.Title, atom.Template, atom.Noscript,
		atom.S, atom.Strike, atom.Del: // what a price was
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
	case atom.Sup:
		return p.decimals(n)
	default:
		return hidden(n)
	}
}

// quote prints what a mail quotes with a > in front of each line, as mails without HTML do.
func (p *printer) quote(n *html.Node) {
	inner := printer{kept: p.kept}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		inner.print(child)
	}
	p.stated = p.stated.or(inner.stated)
	if text := tidy(inner.out.String()); text != "" {
		p.out.WriteString("\n> " + strings.ReplaceAll(text, "\n", "\n> ") + "\n")
	}
}

// decimals prints the cents that shops raise, as in 45 with a small 00 behind, with a point in front.
func (p *printer) decimals(n *html.Node) bool {
	before := p.out.String()
	cents := n.FirstChild
	if cents == nil || cents.NextSibling != nil || cents.Type != html.TextNode || before == "" || !digit(before[len(before)-1]) {
		return false
	}
	if text := strings.TrimSpace(cents.Data); len(text) == 2 && digits(text, 0) == 2 {
		p.out.WriteString("." + text)
		return true
	}
	return false
}

// row prints the cells of a row on one line. Where one of them has several lines, each cell has lines of its own, unless one has nothing but
// amounts: those belong to what stands beside them.
func (p *printer) row(n *html.Node) {
	var cells []string
	separator := "  "
	for cell := n.FirstChild; cell != nil; cell = cell.NextSibling {
		if cell.Type != html.ElementNode {
			continue
		}
		inner := printer{kept: p.kept}
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
	switch {
	case separator == "  ":
	case len(cells) == 2 && amountsOnly(cells[1]) && !amountsOnly(cells[0]):
		cells = beside(cells[0], cells[1])
	case len(cells) > 1 && tellsMore(cells):
		first, more, _ := strings.Cut(cells[0], "\n")
		cells = []string{first + "  " + strings.Join(cells[1:], "  "), more}
	}
	p.out.WriteString("\n" + strings.Join(cells, separator) + "\n")
}

// tellsMore tells that the first cell of a row says more of it in lines below its first, and that the row ends with a number.
func tellsMore(cells []string) bool {
	last := cells[len(cells)-1]
	return !strings.Contains(strings.Join(cells[1:], ""), "\n") && (amountsOnly(last) || hasTwoDecimals(strings.TrimLeft(last, "-− ")))
}

// amountsOnly tells that each line of a cell is an amount.
func amountsOnly(cell string) bool {
	for s := range strings.SplitSeq(cell, "\n") {
		if s = plain(s); !onlyMoney(line{text: s, money: moneyIn(s, false)}) {
			return false
		}
	}
	return true
}

// beside puts amounts beside what they are of, line by line.
func beside(labels, amounts string) []string {
	lines := strings.Split(labels, "\n")
	for i, amount := range strings.Split(amounts, "\n") {
		if i == len(lines) {
			lines = append(lines, "")
		}
		lines[i] += "  " + amount
	}
	return lines
}

// keepsLines tells that the lines of an element's text are kept, as they are around it or by its own style.
func keepsLines(n *html.Node, around bool) bool {
	style := styleOf(n)
	switch {
	case strings.Contains(style, "white-space:pre"), strings.Contains(style, "white-space:break-spaces"):
		return true
	case strings.Contains(style, "white-space:"):
		return false
	default:
		return around || n.DataAtom == atom.Pre
	}
}

func styleOf(n *html.Node) string {
	return strings.ReplaceAll(strings.ToLower(attribute(n, "style")), " ", "")
}

// hidden tells that a mail does not show an element: the preview text in front, the part for another screen; or has struck it out.
func hidden(n *html.Node) bool {
	style := styleOf(n)
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
	}
	return strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") || strings.Contains(style, "line-through")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// apartOf returns what parts an element from what is beside it: the end of a line, the gap between columns, or nothing.
func apartOf(n *html.Node) string {
	if n.Type != html.ElementNode {
		return ""
	}
	style := styleOf(n)
	_, display, _ := strings.Cut(style, "display:")
	display, _, _ = strings.Cut(display, ";")
	switch {
	case display == "block", display == "flex", display == "grid", display == "table", display == "table-row", display == "list-item":
		return "\n"
	case display == "inline-block", display == "table-cell", strings.Contains(style, "float:"):
		return "  "
	case isBlock(n.DataAtom):
		return "\n"
	default:
		return ""
	}
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Li, atom.Table, atom.Section, atom.Article,
		atom.Header, atom.Footer, atom.Address, atom.Blockquote, atom.Pre, atom.Hr, atom.Dl, atom.Dt, atom.Dd, atom.Center, atom.Form, atom.Main,
		atom.Nav, atom.Aside, atom.Figure, atom.Figcaption, atom.Fieldset, atom.Legend, atom.Details, atom.Summary, atom.Caption:
		return true
	default:
		return false
	}
}

// visible takes away signs that are not seen, of which preview texts are fond.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u034f':
			return -1
		default:
			return r
		}
	}, s)
}

// collapse makes a space of white space. A space that must not break a line stays: it may be within a number.
func collapse(s string) string {
	var out strings.Builder
	space := false
	for _, r := range visible(s) {
		switch r {
		case ' ', '\t', '\n', '\r', '\f':
			space = true
			continue
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
