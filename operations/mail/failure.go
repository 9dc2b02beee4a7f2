package mail

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-imap/v2"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/outside"
)

// dialFailure is why no connection was made.
func dialFailure(ctx context.Context, a *Account, err error) error {
	switch {
	case ctx.Err() != nil:
		return bus.AsError(ctx.Err())
	case outside.Refused(err):
		return &bus.Error{Code: bus.PermissionDenied, Rule: outside.Rule, Message: "the server " + a.Host + " has no public address"}
	default:
		return bus.Errorf(bus.Unavailable, "the mail server %s cannot be reached: %s", a.address(), oneLine(err.Error()))
	}
}

// failure is what a guest is told of why a command failed.
func (c *session) failure(ctx context.Context, err error) error {
	var known *bus.Error
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case ctx.Err() != nil:
		return bus.AsError(ctx.Err())
	case errors.As(err, &known):
		return known
	case c.wire.over.Load():
		return bus.Errorf(bus.Unavailable, "the mail server %s says more than %d bytes to one request", c.account.Host, maxSaid)
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		return bus.Errorf(bus.FailedPrecondition, "the certificate of %s is not good: %s", c.account.address(), oneLine(err.Error()))
	}
	answer, said := errors.AsType[*imap.Error](err)
	if !said {
		return bus.Errorf(bus.Unavailable, "the connection to %s failed: %s", c.account.address(), c.tellable(err.Error()))
	}
	switch answer.Code { //nolint:exhaustive // the others are refusals
	case imap.ResponseCodeNonExistent, imap.ResponseCodeTryCreate:
		return bus.Errorf(bus.NotFound, "%s says: %s", c.account.Host, c.tellable(answer.Text))
	case imap.ResponseCodeNoPerm:
		return bus.Errorf(bus.PermissionDenied, "%s says: %s", c.account.Host, c.tellable(answer.Text))
	case imap.ResponseCodeLimit, imap.ResponseCodeOverQuota, imap.ResponseCodeTooMany, "THROTTLED":
		return &bus.Error{Code: bus.ResourceExhausted, RetryAfter: time.Minute, Message: c.account.Host + " says: " + c.tellable(answer.Text)}
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeServerBug, imap.ResponseCodeContactAdmin:
		return bus.Errorf(bus.Unavailable, "%s says: %s", c.account.Host, c.tellable(answer.Text))
	}
	if answer.Type == imap.StatusResponseTypeBye {
		return bus.Errorf(bus.Unavailable, "%s ends the connection: %s", c.account.Host, c.tellable(answer.Text))
	}
	return bus.Errorf(bus.FailedPrecondition, "%s refuses: %s", c.account.Host, c.tellable(answer.Text))
}

// refused is why a server does not let us in.
func (c *session) refused(err error) error {
	answer, said := errors.AsType[*imap.Error](err)
	switch {
	case !said:
		return bus.Errorf(bus.FailedPrecondition, "%s: %s", c.account.Host, c.tellable(err.Error()))
	case answer.Code == imap.ResponseCodeUnavailable || answer.Code == imap.ResponseCodeInUse || answer.Code == imap.ResponseCodeLimit ||
		answer.Type == imap.StatusResponseTypeBye:
		return bus.Errorf(bus.Unavailable, "%s lets nobody in now: %s", c.account.Host, c.tellable(answer.Text))
	}
	return bus.Errorf(bus.FailedPrecondition, "%s refuses credential %s: %s; store the right one with `airlock credentials add`, or `airlock mail add`",
		c.account.Host, c.account.ID, c.tellable(answer.Text))
}

// tellable is a server's sentence, unless it has a secret in it.
func (c *session) tellable(text string) string {
	for _, secret := range c.secrets {
		if secret == "" {
			continue
		}
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
			text = strings.ReplaceAll(text, form, "[redacted by airlock]")
		}
	}
	return oneLine(text)
}

// oneLine makes what others say fit to be shown.
func oneLine(text string) string {
	const most = 300
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?")))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
