package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/nats-io/nats.go/micro"
	"github.com/synadia-io/orbit.go/natsext"
)

// The keys of an endpoint's metadata that say more about an operation. All may be left out.
const (
	// MetadataInput and MetadataOutput are JSON Schemas.
	MetadataInput  = "input_schema"
	MetadataOutput = "output_schema"
	// MetadataSensitive is "true" for an operation that hands out what others keep.
	MetadataSensitive = "sensitive"
	// MetadataInstead marks an endpoint that only says which method to call.
	MetadataInstead = "instead"
)

const (
	// askServices is how long services have to tell what they serve: the first, and each after another.
	askServices      = 2 * time.Second
	askServicesStall = 200 * time.Millisecond
	// maxServices bounds the services that are heard, maxHeard what they say together, maxTold what of one text is taken, and maxNamed the
	// services of one operation that are named.
	maxServices = 10_000
	maxHeard    = 64 << 20
	maxTold     = 256 << 10
	maxNamed    = 100
)

// MaxServed is how many operations Served returns at most.
const MaxServed = 10_000

// Served is an operation that somebody serves, in the words of who does: nothing here is checked but its form.
type Served struct {
	Kind        Kind     `json:"kind"`
	Name        string   `json:"name"`
	Services    []string `json:"services"`
	Instances   int      `json:"instances"`
	Sensitive   bool     `json:"sensitive"`
	Description string   `json:"description"`
	// Input and Output are JSON, which should be JSON Schemas; nil where the service tells none.
	Input  json.RawMessage `json:"input_schema,omitempty"`
	Output json.RawMessage `json:"output_schema,omitempty"`
	// Differs tells that its services do not tell the same of it: they are of different versions, or of different people.
	Differs bool `json:"differs,omitempty"`
}

// Method is the method's name, "query:ai.ocr".
func (s *Served) Method() string { return string(s.Kind) + ":" + s.Name }

// Served asks who serves operations now, of anyone on the bus, and returns them by name. What does not look like a service of operations is
// left out, and so is what is too much.
//
// # Errors
//
// Unavailable when nobody answers or the bus does not.
func (c *Conn) Served(ctx context.Context) ([]*Served, error) {
	ctx, cancel := context.WithTimeout(ctx, askServices)
	defer cancel()
	answers, err := natsext.RequestMany(ctx, c.nc, "$SRV.INFO", nil, natsext.RequestManyStall(askServicesStall), natsext.RequestManyMaxMessages(maxServices))
	if err != nil {
		return nil, fmt.Errorf("ask for services: %w", err)
	}
	found, heard := map[string]*Served{}, 0
	for msg, err := range answers {
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
				break
			}
			return nil, Errorf(Unavailable, "services do not answer: %v", err)
		}
		var info micro.Info
		if json.Unmarshal(msg.Data, &info) != nil || info.Type != micro.InfoResponseType {
			continue
		}
		if heard += len(msg.Data); heard > maxHeard {
			break
		}
		for _, endpoint := range info.Endpoints {
			add(found, info.Name, endpoint)
		}
	}
	if heard == 0 {
		return nil, Errorf(Unavailable, "no service answers: does a process serve operations, and may this user ask on $SRV.INFO?")
	}
	all := make([]*Served, 0, len(found))
	for _, s := range found {
		slices.Sort(s.Services)
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Served) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return all, nil
}

// add takes what an endpoint tells.
func add(found map[string]*Served, service string, endpoint micro.EndpointInfo) {
	extension, kind, name, ok := parseCallSubject(endpoint.Subject)
	if !ok || extension != "*" || (kind != Query && kind != Action) || !isOperationName(name) || endpoint.Metadata[MetadataInstead] != "" {
		return
	}
	told := &Served{
		Kind: kind, Name: name, Sensitive: endpoint.Metadata[MetadataSensitive] == "true",
		Description: oneLine(endpoint.Metadata["description"]),
		Input:       documentOf(endpoint.Metadata[MetadataInput]), Output: documentOf(endpoint.Metadata[MetadataOutput]),
	}
	s := found[told.Method()]
	if s == nil {
		if len(found) == MaxServed {
			return
		}
		s = told
		found[told.Method()] = s
	}
	s.Instances++
	s.Sensitive = s.Sensitive || told.Sensitive
	s.Differs = s.Differs || s.Description != told.Description || string(s.Input) != string(told.Input) || string(s.Output) != string(told.Output)
	if service = oneLine(service); len(s.Services) < maxNamed && !slices.Contains(s.Services, service) {
		s.Services = append(s.Services, service)
	}
}

// isOperationName tells whether a name is one of an operation: what a subject of a service says is not ours.
func isOperationName(name string) bool {
	for token := range strings.SplitSeq(name, ".") {
		if token == "" || len(token) > 64 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			return false
		}
	}
	return len(name) <= 128
}

// oneLine makes text of others fit to be shown: one line, without what controls a terminal.
func oneLine(text string) string {
	const most = 500
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// documentOf takes a schema that is JSON.
func documentOf(text string) json.RawMessage {
	if text == "" || len(text) > maxTold || !json.Valid([]byte(text)) {
		return nil
	}
	return json.RawMessage(text)
}
