-- +goose Up

-- The type of a credential, which is no secret; empty of those that were stored before it was kept.
ALTER TABLE credentials ADD COLUMN type TEXT NOT NULL DEFAULT '';

-- Who gets a new access token, and until when nobody else does.
ALTER TABLE credentials ADD COLUMN refresher TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN refresher_until INTEGER NOT NULL DEFAULT 0;
