// Package modeltest is a model server for tests, which speaks the API of OpenAI and misbehaves on demand.
package modeltest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Server answers each request with the next of what it was told to answer, and the last of it from then on. It ends with its test.
type Server struct {
	// URL is where the API begins.
	URL string

	mu       sync.Mutex
	answers  []Answer
	requests []Request
}

// Request is one that the server got.
type Request struct {
	Path string
	// Authorization is the header of that name.
	Authorization string
	Body          map[string]any
}

// Answer writes an answer to a request, whose body has been read.
type Answer func(w http.ResponseWriter, r *http.Request)

// Start starts a server that answers with answers.
func Start(tb testing.TB, answers ...Answer) *Server {
	tb.Helper()
	s := &Server{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	tb.Cleanup(func() {
		server.CloseClientConnections() // some answers have no end
		server.Close()
	})
	s.URL = server.URL + "/v1"
	return s
}

// Requests are those that the server got so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	request := Request{Path: r.URL.Path, Authorization: r.Header.Get("Authorization")}
	if err == nil {
		err = json.Unmarshal(text, &request.Body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, request)
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.mu.Unlock()
	answer(w, r)
}
