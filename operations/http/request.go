package http

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	nethttp "net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/operations/door"
)

// request is one request with all its hops.
type request struct {
	call   *bus.Call
	caller *door.Caller
	input
	method capabilities.Method
	header nethttp.Header
	body   []byte
	// secret is nil when there is none, or none any more.
	secret *secret
	// redact is the secret that answers are searched for.
	redact *secret
}

func (s *Service) request(ctx context.Context, call *bus.Call, in input) (output, error) {
	r := &request{call: call, input: in}
	r.method = capabilities.Method{Kind: capabilities.Kind(call.Kind), Operation: call.Operation, Version: call.Version}
	target, err := capabilities.TargetOf(call.Extension, r.method, call.Payload)
	if err != nil {
		return output{}, bus.Errorf(bus.InvalidArgument, "%v", err)
	}
	if err := r.check(call.Kind, target.Address.Method); err != nil {
		return output{}, err
	}
	if r.header, err = r.input.header(); err != nil {
		return output{}, err
	}
	if call.Kind == bus.Action && call.Key != "" && r.header.Get("Idempotency-Key") == "" {
		r.header.Set("Idempotency-Key", idempotencyKey(call))
	}
	if r.TimeoutMS > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.TimeoutMS)*time.Millisecond)
		defer cancel()
	}
	if r.caller, err = s.door.Caller(ctx, call); err != nil {
		return output{}, err
	}
	if err := r.caller.May(target); err != nil {
		return output{}, err
	}
	if err := s.authorize(ctx, r, &target.Address); err != nil {
		return output{}, err
	}
	r.body = r.bytes()
	if r.Content != "" {
		if err := s.sending.Acquire(ctx, bus.MaxContent); err != nil {
			return output{}, bus.AsError(err)
		}
		defer s.sending.Release(bus.MaxContent)
		if r.body, _, err = s.conn.Content(ctx, call.Library, r.Content, 0, bus.MaxContent); err != nil {
			return output{}, err
		}
	}
	return s.follow(ctx, r, target)
}

// idempotencyKey is the same for a call that is repeated, another for any other one, and tells a server nothing about the job.
func idempotencyKey(call *bus.Call) string {
	return uuid.NewSHA1(call.Job, []byte(call.Extension+"\x00"+call.Key+"\x00"+call.Hash())).String()
}

// authorize fetches the credential that the request carries.
func (s *Service) authorize(ctx context.Context, r *request, to *capabilities.Address) error {
	if r.Credential == "" {
		return nil
	}
	if to.Plain {
		return bus.Errorf(bus.InvalidArgument, "a credential goes by https alone, and the url begins with http:")
	}
	c, err := s.vault.Use(ctx, r.call.Library, r.Credential)
	if err != nil {
		return err
	}
	if r.secret, err = newSecret(r.Credential, c, r.CredentialHeader); err != nil {
		return err
	}
	r.redact = r.secret
	return nil
}

// follow sends the request, and again for each redirect, when the rules allow where it leads.
func (s *Service) follow(ctx context.Context, r *request, target capabilities.Target) (output, error) {
	to, err := addressed(r.URL, &target.Address)
	if err != nil {
		return output{}, err
	}
	verb := target.Address.Method
	for redirects := 0; ; redirects++ {
		response, err := s.send(ctx, r, verb, to)
		if err != nil {
			return output{}, s.failure(ctx, r, to.Hostname(), err)
		}
		location := response.Header.Get("Location")
		if !redirect(response.StatusCode) || location == "" || *r.MaxRedirects == 0 {
			return s.answer(ctx, r, response, to, redirects)
		}
		_ = response.Body.Close()
		if redirects == *r.MaxRedirects {
			return output{}, bus.Errorf(bus.FailedPrecondition, "%s redirects once more, after %d redirects", to.Hostname(), redirects)
		}
		next, err := to.Parse(location)
		if err != nil {
			return output{}, bus.Errorf(bus.FailedPrecondition, "%s redirects to what is no URL", to.Hostname())
		}
		next.Fragment, next.RawFragment = "", "" // it is never sent
		verb = r.turn(response.StatusCode, verb)
		if to, target, err = r.hop(to, next, verb); err != nil {
			return output{}, err
		}
	}
}

// turn is the method after a redirect, which may turn into a GET without a body, as in browsers.
func (r *request) turn(status int, verb string) string {
	keeps := status == nethttp.StatusTemporaryRedirect || status == nethttp.StatusPermanentRedirect
	reads := verb == nethttp.MethodGet || verb == nethttp.MethodHead
	if keeps || reads {
		return verb
	}
	r.body = nil
	for _, name := range []string{"Content-Type", "Content-Encoding", "Content-Language", "Idempotency-Key"} {
		r.header.Del(name)
	}
	return nethttp.MethodGet
}

// kept are the headers of a guest that another host gets, too.
var kept = []string{"Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "User-Agent"}

// hop decides about where a redirect leads, and takes away what was for another host.
func (r *request) hop(from, next *url.URL, verb string) (*url.URL, capabilities.Target, error) {
	target := capabilities.Target{Credential: r.Credential}
	refuse := func(err error) (*url.URL, capabilities.Target, error) {
		e := *bus.AsError(err)
		e.Message = "redirect from " + from.Hostname() + ": " + e.Message
		return nil, target, &e
	}
	var err error
	if target.Address, err = capabilities.ParseAddress(next.String(), verb); err != nil {
		return refuse(bus.Errorf(bus.PermissionDenied, "%v", err))
	}
	if target.Address.Plain && from.Scheme == "https" {
		return refuse(bus.Errorf(bus.PermissionDenied, "it leads from https to http"))
	}
	to, err := addressed(next.String(), &target.Address)
	if err != nil {
		return refuse(err)
	}
	if to.Scheme != from.Scheme || to.Host != from.Host {
		r.secret, r.Credential = nil, ""
		maps.DeleteFunc(r.header, func(name string, _ []string) bool { return !slices.Contains(kept, name) })
	}
	if r.secret == nil {
		target.Credential = ""
	}
	if err := r.caller.May(target); err != nil {
		return refuse(err)
	}
	return to, target, nil
}

func redirect(status int) bool {
	switch status {
	case nethttp.StatusMovedPermanently, nethttp.StatusFound, nethttp.StatusSeeOther, nethttp.StatusTemporaryRedirect, nethttp.StatusPermanentRedirect:
		return true
	}
	return false
}

// addressed is a URL whose host is the one that the rules have been asked about.
func addressed(text string, address *capabilities.Address) (*url.URL, error) {
	to, err := url.Parse(text)
	if err != nil {
		return nil, bus.Errorf(bus.InvalidArgument, "url is no URL")
	}
	to.Host = address.Host
	if strings.Contains(to.Host, ":") {
		to.Host = "[" + to.Host + "]"
	}
	if usual := map[bool]uint16{false: 443, true: 80}[address.Plain]; address.Port != usual {
		to.Host = net.JoinHostPort(address.Host, strconv.Itoa(int(address.Port)))
	}
	return to, nil
}

// send sends the request to one hop.
func (s *Service) send(ctx context.Context, r *request, verb string, to *url.URL) (*nethttp.Response, error) {
	request, err := nethttp.NewRequestWithContext(ctx, verb, to.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header = r.header.Clone()
	if r.secret != nil {
		request.Header.Set(r.secret.header, r.secret.value)
	}
	return s.transport.RoundTrip(request)
}
