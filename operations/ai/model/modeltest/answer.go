package modeltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Text answers as a model does that writes text: 20 tokens read, 7 written.
func Text(text string) Answer { return completion(text, "stop") }

// Cut answers with text that was too long.
func Cut(text string) Answer { return completion(text, "length") }

func completion(text, finish string) Answer {
	return JSON(map[string]any{
		"id": "1", "object": "chat.completion", "model": "test",
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": map[string]any{"role": "assistant", "content": text}}},
		"usage":   map[string]any{"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27},
	})
}

// Vectors answers with vectors of the given lengths, the last one first; the first number of each is its index. 9 tokens read.
func Vectors(lengths ...int) Answer {
	data := make([]any, len(lengths))
	for i, length := range lengths {
		vector := make([]float64, length)
		if length > 0 {
			vector[0] = float64(i)
		}
		data[len(lengths)-1-i] = map[string]any{"object": "embedding", "index": i, "embedding": vector}
	}
	return JSON(map[string]any{"object": "list", "model": "test", "data": data, "usage": map[string]any{"prompt_tokens": 9, "total_tokens": 9}})
}

// JSON answers with a value.
func JSON(value any) Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value) // the client may have gone
	}
}

// Refuse answers with an error as OpenAI writes them: message, code and the parameter that is wrong. Headers are names and values in turn.
func Refuse(status int, message, code, parameter string, headers ...string) Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		JSON(map[string]any{"error": map[string]any{"message": message, "type": "error", "code": code, "param": parameter}})(w, r)
	}
}

// Raw answers with a body that is written as it is, as JSON.
func Raw(body string) Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, body)
	}
}

// Redirect sends the client elsewhere.
func Redirect(to string) Answer {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }
}

// Hang answers nothing until the client has gone; begun is told when it begins.
func Hang(begun chan<- struct{}) Answer {
	return func(_ http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-r.Context().Done()
	}
}

// Endless answers with JSON that has no end.
func Endless() Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, err := fmt.Fprint(w, `{"choices": [{"message": {"content": "`)
		for part := strings.Repeat("on and ", 10_000); err == nil; {
			_, err = fmt.Fprint(w, part)
		}
	}
}

// Broken announces an answer and closes in its midst.
func Broken() Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		_, _ = fmt.Fprint(w, `{"choices": [`)
		panic(http.ErrAbortHandler)
	}
}
