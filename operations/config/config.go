package config

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/store"
)

// Catalogue knows what is installed; *extensions.Catalogue is one.
type Catalogue interface {
	// Installed returns an extension, or extensions.ErrNotInstalled.
	Installed(ctx context.Context, id extensions.ID) (extensions.Installed, error)
}

// Settings are the settings of extensions in a store.
type Settings struct {
	db        *store.DB
	catalogue Catalogue
}

// New makes the settings that db keeps.
func New(db *store.DB, catalogue Catalogue) *Settings { return &Settings{db, catalogue} }

// Operations returns the operations of this domain.
func (s *Settings) Operations() []operations.Operation {
	return []operations.Operation{
		operations.Query("config.get", s.get, operations.Describe("returns the extension's settings in the library")),
	}
}

type getOutput struct {
	Settings json.RawMessage `json:"settings" jsonschema:"an object as the manifest's config_schema describes it, with its defaults"`
}

func (s *Settings) get(ctx context.Context, call *bus.Call, _ struct{}) (getOutput, error) {
	installed, err := s.installed(ctx, call.Extension)
	if err != nil {
		return getOutput{}, err
	}
	everywhere, here, err := s.made(ctx, call.Extension, call.Library)
	if err != nil {
		return getOutput{}, err
	}
	settings, err := installed.Manifest.Settings(everywhere, here)
	if errors.Is(err, extensions.ErrSettings) { // they were made for another version
		return getOutput{}, bus.Errorf(bus.FailedPrecondition, "the settings of %s in this library do not fit the version that is installed: %v; change them with `airlock extension settings set %s`",
			call.Extension, err, call.Extension)
	}
	return getOutput{settings}, err
}

func (s *Settings) installed(ctx context.Context, extension string) (extensions.Installed, error) {
	id, err := extensions.ParseID(extension)
	if err != nil {
		return extensions.Installed{}, bus.Errorf(bus.InvalidArgument, "extension %q: %v", extension, err)
	}
	installed, err := s.catalogue.Installed(ctx, id)
	if errors.Is(err, extensions.ErrNotInstalled) {
		return installed, bus.Errorf(bus.NotFound, "extension %s is not installed", extension)
	}
	return installed, err
}

// made returns the settings that were made for all libraries and for one; nil for none.
func (s *Settings) made(ctx context.Context, extension string, library uuid.UUID) (everywhere, here json.RawMessage, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		if everywhere, err = read(ctx, tx, extension, uuid.Nil); err == nil && library != uuid.Nil {
			here, err = read(ctx, tx, extension, library)
		}
		return err
	})
	return everywhere, here, err
}

func read(ctx context.Context, tx *store.Tx, extension string, library uuid.UUID) (json.RawMessage, error) {
	var text string
	err := tx.QueryRow(ctx, `SELECT settings FROM settings WHERE library_id = $1 AND extension = $2`, library.String(), extension).Scan(&text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return json.RawMessage(text), nil
}
