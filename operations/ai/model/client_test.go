package model_test

import (
	"strings"
	"testing"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/model"
	"github.com/airlock-run/airlock/operations/ai/model/modeltest"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]model.Config{
		"a model without a server": {Model: "m"},
		"a server without a model": {URL: "http://localhost/v1"},
		"a path for a URL":         {URL: "/v1", Model: "m"},
		"another protocol":         {URL: "ftp://host/v1", Model: "m"},
		"what is no URL":           {URL: "http://%zz" + key, Model: "m"},
		"a password in the URL":    {URL: "http://u:" + key + "@host/v1", Model: "m"},
		"a query in the URL":       {URL: "http://host/v1?key=" + key, Model: "m"},
		"a key of two lines":       {URL: "http://host/v1", Model: "m", Key: key + "\nX-Other: 1"},
		"a negative bound":         {MaxAnswer: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := model.New(config)
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), key) {
				t.Errorf("error shows the key: %v", err)
			}
		})
	}
}

// TestNoModel checks that without a model each question says what to set.
func TestNoModel(t *testing.T) {
	t.Parallel()
	ask := map[string]func(*testing.T, *model.Client) error{
		"AIRLOCK_AI_MODEL": func(t *testing.T, c *model.Client) error {
			t.Helper()
			_, err := c.Complete(soon(t), model.Prompt{Prompt: "x"})
			_, extracting := c.Extract(soon(t), model.Request{Text: "x", Schema: []byte(`{}`)})
			_, _, classifying := c.Classify(soon(t), "x", []classify.Label{{Name: "a"}, {Name: "b"}})
			if extracting == nil || classifying == nil || extracting.Error() != err.Error() || classifying.Error() != err.Error() {
				t.Errorf("errors are %v, %v and %v", err, extracting, classifying)
			}
			return err
		},
		"AIRLOCK_AI_EMBED_MODEL": func(t *testing.T, c *model.Client) error {
			t.Helper()
			_, err := c.Embed(soon(t), []string{"x"})
			return err
		},
	}
	for setting, f := range ask {
		t.Run("no server, "+setting, func(t *testing.T) {
			t.Parallel()
			client, err := model.New(model.Config{})
			if err != nil {
				t.Fatal(err)
			}
			failure := f(t, client)
			wantError(t, failure, bus.FailedPrecondition, "AIRLOCK_AI_URL")
			wantError(t, failure, bus.FailedPrecondition, setting)
		})
	}
	t.Run("a server without a model for it", func(t *testing.T) {
		t.Parallel()
		client, err := model.New(model.Config{URL: "http://127.0.0.1:1/v1", Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Embed(soon(t), []string{"x"})
		wantError(t, err, bus.FailedPrecondition, "AIRLOCK_AI_EMBED_MODEL")
	})
}

// TestEnvironment checks that keys which are there for other programs are not sent to this server.
func TestEnvironment(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-of-another")
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/")
	t.Setenv("OPENAI_CUSTOM_HEADERS", "Authorization: sk-of-another")
	server := modeltest.Start(t, modeltest.Text("ok"))
	client, err := model.New(model.Config{URL: server.URL, Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := client.Complete(soon(t), model.Prompt{Prompt: "x"}); err != nil {
		t.Fatal(err)
	}
	if got := server.Requests()[0].Authorization; got != "" {
		t.Errorf("it was shown %q", got)
	}
}
