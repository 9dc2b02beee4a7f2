package http

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/outside"
)

// errTooLarge is returned for a body of which there is more than was asked for.
var errTooLarge = errors.New("the body is too large")

// answer reads what a server answered.
func (s *Service) answer(ctx context.Context, r *request, response *nethttp.Response, from *url.URL, redirects int) (output, error) {
	defer func() { _ = response.Body.Close() }()
	room := r.MaxBytes
	if response.ContentLength >= 0 && !packed(response) {
		room = min(room, response.ContentLength)
	}
	if err := s.room.Acquire(ctx, room); err != nil {
		return output{}, bus.AsError(err)
	}
	defer s.room.Release(room)
	body, err := read(response, r.MaxBytes)
	switch {
	case errors.Is(err, errTooLarge):
		return output{}, bus.Errorf(bus.ResourceExhausted, "the answer of %s is more than %d bytes: max_bytes and keep allow more", from.Hostname(), r.MaxBytes)
	case err != nil:
		return output{}, s.failure(ctx, r, from.Hostname(), fmt.Errorf("read body: %w", err))
	}
	body = r.redact.redact(body)
	out := output{
		Status: response.StatusCode, URL: string(r.redact.redact([]byte(from.String()))), Headers: make(map[string][]string, len(response.Header)),
		Size: int64(len(body)), Redirects: redirects,
	}
	for name, values := range response.Header {
		name = string(r.redact.redact([]byte(name)))
		for _, value := range values {
			out.Headers[name] = append(out.Headers[name], string(r.redact.redact([]byte(strings.ToValidUTF8(value, "�")))))
		}
	}
	if !r.Keep {
		out.Body = body
		return out, nil
	}
	if out.Content, err = s.conn.PutContent(ctx, r.call.Library, body); err != nil {
		return output{}, fmt.Errorf("keep body: %w", err)
	}
	return out, nil
}

func packed(response *nethttp.Response) bool {
	encoding := response.Header.Get("Content-Encoding")
	return strings.EqualFold(encoding, "gzip") || strings.EqualFold(encoding, "x-gzip")
}

// read reads a body, unpacked, of which neither what comes in nor what it unpacks to may be more than most bytes.
func read(response *nethttp.Response, most int64) ([]byte, error) {
	if response.ContentLength > most {
		return nil, errTooLarge
	}
	wire := &io.LimitedReader{R: response.Body, N: most + 1}
	var body io.Reader = wire
	if packed(response) {
		unpacked, err := gzip.NewReader(wire)
		if errors.Is(err, io.EOF) && wire.N == most+1 { // the answer of HEAD, or one without a body
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		body = unpacked
		response.Header.Del("Content-Encoding")
		response.Header.Del("Content-Length")
	}
	var data bytes.Buffer
	if response.ContentLength > 0 && response.Request.Method != nethttp.MethodHead {
		data.Grow(int(min(response.ContentLength, most)) + bytes.MinRead)
	}
	n, err := data.ReadFrom(io.LimitReader(body, most+1))
	switch {
	case n > most || wire.N == 0:
		return nil, errTooLarge
	case err != nil:
		return nil, err
	}
	return data.Bytes(), nil
}

// failure is what a guest learns of a request that got no answer. No address of a network and no part of the request is in it.
func (s *Service) failure(ctx context.Context, r *request, host string, err error) error {
	s.log.InfoContext(ctx, "request got no answer", "operation", r.call.Operation, "extension", r.call.Extension, "library", r.call.Library,
		"job_id", r.call.Job, "error", string(r.redact.redact([]byte(err.Error())))) // which may quote what the server sent
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var number syscall.Errno
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return bus.AsError(ctx.Err())
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return bus.Errorf(bus.DeadlineExceeded, "%s has not answered in time", host)
	case outside.Refused(err):
		e := bus.Errorf(bus.PermissionDenied, "%s leads to an address that is not public; an operator who wants that names its network to --http-allow-private", host)
		e.Rule = outside.Rule
		return e
	case errors.As(err, &certificate):
		return bus.Errorf(bus.FailedPrecondition, "the certificate of %s is not good for it: %v", host, certificate.Err)
	case errors.As(err, &name) && name.IsNotFound:
		return bus.Errorf(bus.Unavailable, "there is no host %s", host)
	case errors.As(err, &name):
		return bus.Errorf(bus.Unavailable, "the address of %s is not known: the name server does not answer", host)
	case strings.Contains(err.Error(), "headers exceeded"), strings.Contains(err.Error(), "header list"):
		return bus.Errorf(bus.ResourceExhausted, "%s answered with more than %d bytes of headers", host, maxAnswerHeaders)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return bus.Errorf(bus.Unavailable, "the answer of %s says that it is gzip, and is not", host)
	case errors.As(err, &number):
		return bus.Errorf(bus.Unavailable, "%s does not answer: %v", host, number)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return bus.Errorf(bus.Unavailable, "%s closed the connection before its answer was whole", host)
	default:
		return bus.Errorf(bus.Unavailable, "%s does not answer as a server of HTTP does", host)
	}
}
