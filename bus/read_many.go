package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/natsext"
)

// lookupTime bounds one request for many messages. A server answers at once or not at all.
const lookupTime = 5 * time.Second

// selection is a request for many messages of a stream: the last of each subject, or those that follow a sequence.
type selection struct {
	Subjects []string `json:"multi_last,omitempty"`
	After    uint64   `json:"seq,omitempty"`
	Filter   string   `json:"next_by_subj,omitempty"`
	Batch    int      `json:"batch,omitempty"`
}

// readMany hands what a stream answers to each. An answer counts only when its end has come: what is missing in one that was cut off might be
// taken for what is not there.
//
// # Errors
//
// unavailable when the answer is not complete.
func (c *Conn) readMany(ctx context.Context, stream string, s selection, each func(msg *jetstream.RawStreamMsg) error) error {
	request, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	complete := false
	answers, err := natsext.RequestMany(ctx, c.nc, strings.TrimSuffix(c.config.APIPrefix, ".")+".DIRECT.GET."+stream, request, natsext.RequestManySentinel(func(msg *nats.Msg) bool {
		status := msg.Header.Get("Status")
		complete = complete || len(msg.Data) == 0 && (status == "204" || status == "404") // the end, or nothing at all
		return complete
	}))
	if err != nil {
		return Errorf(Unavailable, "stream %s cannot be asked: %v", stream, err)
	}
	for msg, err := range answers {
		if err != nil {
			return Errorf(Unavailable, "stream %s has not answered: %v", stream, err)
		}
		if status := msg.Header.Get("Status"); status != "" && len(msg.Data) == 0 {
			return Errorf(Unavailable, "stream %s answers %s %s", stream, status, msg.Header.Get("Description"))
		}
		stored, err := storedMessage(msg)
		if err == nil {
			err = each(stored)
		}
		if err != nil {
			return err
		}
	}
	if !complete {
		return Errorf(Unavailable, "stream %s has not answered in full within %s", stream, lookupTime)
	}
	return nil
}

// storedMessage takes the headers of an answer off the message that was stored.
func storedMessage(msg *nats.Msg) (*jetstream.RawStreamMsg, error) {
	sequence, err := strconv.ParseUint(msg.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read stored message: %w", err)
	}
	at, err := time.Parse(time.RFC3339Nano, msg.Header.Get(jetstream.TimeStampHeaer))
	if err != nil {
		return nil, fmt.Errorf("read stored message: %w", err)
	}
	return &jetstream.RawStreamMsg{
		Subject: msg.Header.Get(jetstream.SubjectHeader), Sequence: sequence, Header: msg.Header, Data: msg.Data, Time: at,
	}, nil
}
