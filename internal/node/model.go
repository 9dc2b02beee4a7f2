package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/airlock-run/airlock/operations/ai/model"
)

const (
	// keyCommandTimeout is how long a start waits for the command that prints a key.
	keyCommandTimeout = 30 * time.Second
	maxModelKey       = 16 << 10
)

// openModel returns the client of the configured model server, or one that says there is none.
func openModel(ctx context.Context, config Config, logger *slog.Logger) (*model.Client, error) {
	key, err := modelKey(ctx, config)
	if err != nil {
		return nil, err
	}
	return model.New(model.Config{URL: config.AIURL, Model: config.AIModel, EmbedModel: config.AIEmbedModel, Key: key, Logger: logger})
}

// modelKey is the key of the model server, from the one place that is configured; "" for none.
//
// # Errors
//
// That there are two places; that the file or the command gives none. They never show the key.
func modelKey(ctx context.Context, config Config) (string, error) {
	places := 0
	for _, place := range []string{config.AIKey, config.AIKeyFile, config.AIKeyCommand} {
		if place != "" {
			places++
		}
	}
	var key string
	var err error
	switch {
	case places > 1:
		return "", errors.New("the key of the model server has two places: leave one of AIRLOCK_AI_KEY, --ai-key-file and --ai-key-command")
	case config.AIKeyFile != "":
		key, err = keyOfFile(config.AIKeyFile)
	case config.AIKeyCommand != "":
		key, err = keyOfCommand(ctx, config.AIKeyCommand)
	default:
		return strings.TrimSpace(config.AIKey), nil
	}
	if err != nil {
		return "", fmt.Errorf("read key of the model server: %w", err)
	}
	if key = strings.TrimSpace(key); key == "" {
		return "", errors.New("read key of the model server: there is none in what was configured to have it")
	}
	return key, nil
}

func keyOfFile(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxModelKey))
	return string(text), errors.Join(err, file.Close())
}

// keyOfCommand leaves out what the command says beside the key: it may be the key, too.
func keyOfCommand(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, keyCommandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command) //nolint:gosec // the operator's command
	cmd.WaitDelay = time.Second
	text, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("run the command: %w", context.Cause(ctx))
	case err != nil:
		return "", fmt.Errorf("run the command: %s", cmd.ProcessState) // not the error, which may hold what it printed
	}
	return string(text), nil
}
