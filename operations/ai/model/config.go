package model

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
)

// Config says where the model is. The zero value means that there is none.
type Config struct {
	// URL is where the server's API begins, such as http://localhost:11434/v1. Defaults to none. It may be a private address: it is the
	// operator who chooses.
	URL string
	// Model is what answers with text and JSON, by the server's name for it. Defaults to none.
	Model string
	// EmbedModel is what makes vectors. Defaults to none.
	EmbedModel string
	// Key is what the server wants to be shown. Defaults to none.
	Key string
	// MaxAnswer bounds an answer of the server, in bytes. Defaults to 32 MiB.
	MaxAnswer int64
	// Logger gets what callers are not told. Nil discards.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.MaxAnswer == 0 {
		c.MaxAnswer = 32 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate returns why no Client can work with c. It never shows the key.
func (c Config) Validate() error {
	if c.MaxAnswer < 0 {
		return errors.New("bound of an answer must not be negative")
	}
	if strings.ContainsFunc(c.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("key of the model server: want visible ASCII characters without spaces")
	}
	if c.URL == "" {
		if c.Model != "" || c.EmbedModel != "" {
			return errors.New("there is a model but no URL of a server that has it")
		}
		return nil
	}
	u, err := url.Parse(c.URL)
	if err != nil { // whose text is the URL, which may hold a password
		return errors.New("URL of the model server: it cannot be read")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return fmt.Errorf("URL of the model server: want it to be like http://localhost:11434/v1, not %s", u.Redacted())
	case u.User != nil:
		return errors.New("URL of the model server: it has a user or password; give the key by itself")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("URL of the model server: want no query and no fragment")
	case c.Model == "" && c.EmbedModel == "":
		return errors.New("there is a URL of a model server but no model: name one for text, one for vectors, or both")
	}
	return nil
}
