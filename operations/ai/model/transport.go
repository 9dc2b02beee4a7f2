package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

var (
	errRedirect = errors.New("the server redirects to another address")
	errTooLarge = errors.New("the answer is too large")
	errNotJSON  = errors.New("the answer is not JSON")
)

// bounded reads each answer to its end before anything makes sense of it, so that it is whole, JSON and not too large: the library
// reads what it gets, and takes what looks like JSON at its beginning for JSON.
type bounded struct {
	next http.RoundTripper
	most int64
}

// RoundTrip implements http.RoundTripper.
//
// # Errors
//
// errTooLarge, errNotJSON for an answer that is not an error; those of the connection.
func (b *bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, b.most+1))
	closed := response.Body.Close()
	switch {
	case err != nil:
		return nil, fmt.Errorf("read answer: %w", err)
	case int64(len(body)) > b.most:
		return nil, fmt.Errorf("%w: more than %d bytes", errTooLarge, b.most)
	case closed != nil:
		return nil, fmt.Errorf("read answer: %w", closed)
	case response.StatusCode < http.StatusMultipleChoices && !json.Valid(body):
		return nil, errNotJSON
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
