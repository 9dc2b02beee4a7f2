package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

// maxSettings bounds the settings that are made for an extension in a library, in bytes of JSON.
const maxSettings = 64 << 10

// Get asks for the settings of an extension in a library, the nil UUID for all.
type Get struct {
	Extension string    `json:"extension"`
	Library   uuid.UUID `json:"library"`
}

// Made are settings as people made them, and what becomes of them.
type Made struct {
	// Settings are those made for the library alone, Everywhere those for all; null for none.
	Settings   json.RawMessage `json:"settings"`
	Everywhere json.RawMessage `json:"everywhere"`
	// Effective is what the extension gets.
	Effective json.RawMessage `json:"effective"`
	// Schema is the config_schema of the manifest, null for none.
	Schema json.RawMessage `json:"schema"`
}

// Set makes settings, in the place of those that there were; null removes them.
type Set struct {
	Extension string          `json:"extension"`
	Library   uuid.UUID       `json:"library"`
	Settings  json.RawMessage `json:"settings"`
}

// Endpoints are what people ask: airlock.api.config.get, set and erase.
func (s *Settings) Endpoints() []bus.Endpoint {
	return []bus.Endpoint{
		bus.APIEndpoint("config", "get", s.answerGet), bus.APIEndpoint("config", "set", s.answerSet),
		operations.EraseEndpoint("config", s.db, "settings"),
	}
}

func (s *Settings) answerGet(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[Get](request)
	if err != nil {
		return nil, err
	}
	installed, err := s.installed(ctx, in.Extension)
	if err != nil {
		return nil, err
	}
	return s.describe(ctx, installed, in.Library)
}

func (s *Settings) describe(ctx context.Context, installed extensions.Installed, library uuid.UUID) (made Made, err error) {
	made.Schema = installed.Manifest.ConfigSchema
	if made.Everywhere, made.Settings, err = s.made(ctx, string(installed.Manifest.ID), library); err != nil {
		return made, err
	}
	made.Effective, err = installed.Manifest.Settings(made.Everywhere, made.Settings)
	if library == uuid.Nil {
		made.Settings = made.Everywhere
	}
	if errors.Is(err, extensions.ErrSettings) { // to be seen, so that they can be mended
		made.Effective, err = nil, nil
	}
	return made, err
}

func (s *Settings) answerSet(ctx context.Context, request json.RawMessage) (any, error) {
	in, err := operations.Decode[Set](request)
	if err != nil {
		return nil, err
	}
	installed, err := s.installed(ctx, in.Extension)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(bytes.TrimSpace(in.Settings), []byte("null")) {
		in.Settings = nil
	}
	if len(in.Settings) > maxSettings {
		return nil, bus.Errorf(bus.InvalidArgument, "settings are %d bytes, at most %d are possible", len(in.Settings), maxSettings)
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error { return s.set(ctx, tx, installed, in) })
	if err != nil {
		return nil, err
	}
	return s.describe(ctx, installed, in.Library)
}

// set makes settings if they fit. To have fewer of them is always possible.
func (s *Settings) set(ctx context.Context, tx *store.Tx, installed extensions.Installed, in Set) error {
	if in.Settings != nil {
		if err := s.check(ctx, tx, installed.Manifest, in); err != nil {
			return err
		}
	}
	var err error
	if in.Settings == nil {
		_, err = tx.Exec(ctx, `DELETE FROM settings WHERE library_id = $1 AND extension = $2`, in.Library.String(), in.Extension)
	} else {
		_, err = tx.Exec(ctx, `INSERT INTO settings (library_id, extension, settings, updated_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (library_id, extension) DO UPDATE SET settings = excluded.settings, updated_at = excluded.updated_at`,
			in.Library.String(), in.Extension, string(in.Settings), store.Micros(time.Now()))
	}
	if err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	return nil
}

// check holds settings for one library to the schema together with those for all; and settings for all to the schema by themselves, and
// together with those of each library that has some.
func (s *Settings) check(ctx context.Context, tx *store.Tx, manifest *extensions.Manifest, in Set) error {
	refuse := func(where string, err error) error { return bus.Errorf(bus.InvalidArgument, "%s%v", where, err) }
	if err := manifest.CheckLayer(in.Settings); err != nil {
		return refuse("", err)
	}
	if in.Library != uuid.Nil {
		everywhere, err := read(ctx, tx, in.Extension, uuid.Nil)
		if err != nil {
			return err
		}
		if _, err := manifest.Settings(everywhere, in.Settings); err != nil {
			return refuse("", err)
		}
		return nil
	}
	err := tx.Query(ctx, func(scan func(...any) error) error {
		var library, here string
		if err := scan(&library, &here); err != nil {
			return err
		}
		if _, err := manifest.Settings(in.Settings, json.RawMessage(here)); err != nil {
			return refuse("with those of library "+library+": ", err)
		}
		return nil
	}, `SELECT library_id, settings FROM settings WHERE extension = $1 AND library_id <> $2`, in.Extension, uuid.Nil.String())
	if err != nil {
		return fmt.Errorf("check settings: %w", err)
	}
	return nil
}
