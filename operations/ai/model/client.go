package model

import (
	"fmt"
	"net/http"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/airlock-run/airlock/bus"
)

// Client asks the models of a server. Safe for concurrent use; it keeps nothing of questions and answers.
type Client struct {
	config     Config
	transport  *http.Transport
	chat       openai.ChatCompletionService
	embeddings openai.EmbeddingService
}

// New returns a Client, which connects when it is asked something. Close it.
func New(config Config) (*Client, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("check configuration: %w", err)
	}
	config = config.withDefaults()
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	c := &Client{config: config, transport: transport.Clone()}
	// The services are made one by one: the library's client would also take keys of variables of the environment, and send them.
	options := []option.RequestOption{
		option.WithBaseURL(config.URL),
		option.WithMaxRetries(0),
		option.WithHTTPClient(&http.Client{
			Transport:     &bounded{next: c.transport, most: config.MaxAnswer},
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
		}),
	}
	if config.Key != "" {
		options = append(options, option.WithAPIKey(config.Key))
	}
	c.chat = openai.NewChatCompletionService(options...)
	c.embeddings = openai.NewEmbeddingService(options...)
	return c, nil
}

// Close ends the connections that are kept open. Questions under way go on.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// writes tells why there is no model that writes, as an error for the caller.
func (c *Client) writes() error {
	return c.has(c.config.Model, "AIRLOCK_AI_MODEL (--ai-model)")
}

// embeds tells why there is no model that makes vectors, as an error for the caller.
func (c *Client) embeds() error {
	return c.has(c.config.EmbedModel, "AIRLOCK_AI_EMBED_MODEL (--ai-embed-model)")
}

func (c *Client) has(model, setting string) error {
	switch {
	case c.config.URL == "":
		return bus.Errorf(bus.FailedPrecondition,
			"there is no model server: its operator sets AIRLOCK_AI_URL (--ai-url), such as http://localhost:11434/v1, and %s", setting)
	case model == "":
		return bus.Errorf(bus.FailedPrecondition, "the model server has no model for this: its operator sets %s", setting)
	default:
		return nil
	}
}
