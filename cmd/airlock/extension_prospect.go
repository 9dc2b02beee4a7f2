package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
)

// prospects is what an extension asks for, and what of it will be granted.
type prospects struct {
	// Asks is all of it, targets and limits too, in words.
	Asks []string `json:"asks"`
	// Granted is what policy and libraries say of each pattern of methods; nil where no Airlock runs that could tell.
	Granted []capabilities.Prospect `json:"granted"`
}

// prospectsOf looks at what policy and libraries are now.
func prospectsOf(ctx context.Context, conn *bus.Conn, m *extensions.Manifest) (prospects, error) {
	authority, err := currentAuthority(ctx, conn)
	if err != nil {
		return prospects{}, err
	}
	return prospects{Asks: m.Asks(), Granted: authority.Prospects(m.Grant())}, nil
}

// showProspects prints what an extension asks for, and what will be granted by which source. It comes after what was done: where it is not
// known, that is a warning.
func (c *cli) showProspects(ctx context.Context, conn *bus.Conn, m *extensions.Manifest) {
	p, err := prospectsOf(ctx, conn, m)
	if err != nil {
		_, _ = fmt.Fprintf(c.stderr, "warning: what will be granted is not known: %s\n", sentence(err))
		return
	}
	c.printProspects(m, p)
}

func (c *cli) printProspects(m *extensions.Manifest, p prospects) {
	for _, asked := range p.Asks {
		if !strings.HasPrefix(asked, "method ") && asked != "library "+capabilities.AnyLibrary {
			c.printf("  asks       %s\n", printable(asked))
		}
	}
	if len(p.Granted) == 0 {
		return
	}
	t := c.table("asks", "policy", "libraries")
	t.SuppressTrailingSpaces()
	nowhere := true
	for _, asked := range p.Granted {
		t.AppendRow(row(asked.Asks, text.WrapSoft(byPolicy(asked), factWidth/2), text.WrapSoft(byLibraries(asked), factWidth/2)))
		nowhere = nowhere && len(asked.Libraries) == 0
	}
	t.Render()
	if nowhere {
		c.printf("no library has granted it anything: `airlock library grant LIBRARY %s`\n", m.ID)
	}
}

func byPolicy(p capabilities.Prospect) string {
	switch {
	case len(p.Rules) == 0:
		return "nothing: no rule allows it"
	default:
		return fmt.Sprintf("%s, by %s", p.Policy, strings.Join(p.Rules, ", "))
	}
}

func byLibraries(p capabilities.Prospect) string {
	if len(p.Libraries) == 0 {
		return "nothing"
	}
	const most = 5
	var words []string
	for i, l := range p.Libraries {
		if i == most {
			words = append(words, fmt.Sprintf("and %d more", len(p.Libraries)-most))
			break
		}
		name := oneLine(l.Name, 30)
		if name == "" {
			name = l.ID.String()
		}
		words = append(words, fmt.Sprintf("%s: %s", name, l.Grants))
	}
	return strings.Join(words, ", ")
}
