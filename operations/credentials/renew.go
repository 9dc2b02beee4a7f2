package credentials

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	// early is how long before its end an access token is renewed.
	early = 2 * time.Minute
	// renewTime bounds a renewal. Nobody else begins one before it is over and kept.
	renewTime = 30 * time.Second
	// keepTime bounds how long what a renewal gave takes to be kept, apart from renewTime.
	keepTime = 10 * time.Second
	// lookAgain is how often one who waits for another's renewal looks.
	lookAgain = 50 * time.Millisecond
)

// old tells whether an access token has to be renewed.
func (v *Vault) old(r *row) bool {
	return r.AccessToken == "" || r.ExpiresAt != nil && v.config.Now().Add(early).After(*r.ExpiresAt)
}

// good tells whether an access token can still be used.
func (v *Vault) good(r *row) bool {
	return r.AccessToken != "" && (r.ExpiresAt == nil || v.config.Now().Add(5*time.Second).Before(*r.ExpiresAt))
}

// renewed returns a credential with a new access token. A renewal goes on when the caller stops waiting: the server may have replaced the
// refresh token already.
func (v *Vault) renewed(ctx context.Context, r *row) (*row, error) {
	type result struct {
		fresh *row
		err   error
	}
	done := make(chan result, 1)
	v.running.Go(func() {
		value, err, _ := v.renewals.Do(r.library.String()+"/"+r.id, func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTime)
			defer cancel()
			return v.renew(ctx, r)
		})
		fresh, _ := value.(*row)
		done <- result{fresh, err}
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case got := <-done:
		if got.err != nil && bus.CodeOf(got.err) != bus.FailedPrecondition && v.good(r) {
			v.config.Logger.WarnContext(ctx, "credential not renewed; its access token is still good", "library", r.library, "error", got.err)
			return r, nil
		}
		return got.fresh, got.err
	}
}

// renew gets a new access token, or waits until another service has got it.
func (v *Vault) renew(ctx context.Context, r *row) (*row, error) {
	for {
		refresher := uuid.NewString()
		mine, err := v.claim(ctx, r, refresher)
		if err != nil {
			return nil, err
		}
		if mine {
			return v.exchange(ctx, r, refresher)
		}
		select {
		case <-ctx.Done():
			return nil, bus.Errorf(bus.Unavailable, "credential %q is being renewed elsewhere, and was not in time", r.id)
		case <-time.After(lookAgain):
		}
		if r, err = v.read(ctx, r.library, r.id); err != nil {
			return nil, err
		}
		if !r.renewable() || !v.old(r) {
			return r, nil
		}
	}
}

// claim makes this the one that renews a credential as it is. The clock of the claim is the service's: one that is wrong by more than
// renewTime and keepTime costs a second renewal.
func (v *Vault) claim(ctx context.Context, r *row, refresher string) (mine bool, err error) {
	now := v.config.Now()
	err = v.db.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE credentials SET refresher = $1, refresher_until = $2
			WHERE library_id = $3 AND credential_id = $4 AND sealed = $5 AND refresher_until < $6`,
			refresher, store.Micros(now.Add(renewTime+keepTime)), r.library.String(), r.id, r.sealed, store.Micros(now))
		mine = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("claim credential: %w", err)
	}
	return mine, nil
}

// exchange asks the server, and keeps what it answers before anybody uses it.
func (v *Vault) exchange(ctx context.Context, r *row, refresher string) (*row, error) {
	fresh, err := v.token(ctx, r)
	if err != nil {
		return nil, errors.Join(err, v.release(ctx, r, refresher))
	}
	out, err := v.sealed(r.library, r.id, &fresh)
	if err != nil {
		return nil, err
	}
	// The server may have replaced the refresh token: what it answered is kept, however little time the renewal has left.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	kept := false
	err = v.db.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE credentials SET type = $1, key_id = $2, sealed = $3, updated_at = $4, refresher = '', refresher_until = 0
			WHERE library_id = $5 AND credential_id = $6 AND refresher = $7`,
			out.kind, v.key.ID(), out.sealed, store.Micros(v.config.Now()), r.library.String(), r.id, refresher)
		kept = n == 1
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("keep renewed credential: %w", err)
	case !kept: // it was stored again, or deleted, meanwhile
		return v.read(ctx, r.library, r.id)
	}
	return &row{Credential: fresh, library: r.library, id: r.id, sealed: out.sealed}, nil
}

func (v *Vault) release(ctx context.Context, r *row, refresher string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	return v.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE credentials SET refresher = '', refresher_until = 0
			WHERE library_id = $1 AND credential_id = $2 AND refresher = $3`, r.library.String(), r.id, refresher)
		return err
	})
}

// token asks the server for a new access token. No error has a part of what was sent or answered in it, but for the error code of OAuth2.
func (v *Vault) token(ctx context.Context, r *row) (Credential, error) {
	if v.config.Transport == nil {
		return Credential{}, bus.Errorf(bus.FailedPrecondition, "credential %q has to be renewed, which this service does not do", r.id)
	}
	client := &nethttp.Client{Transport: v.config.Transport, CheckRedirect: func(*nethttp.Request, []*nethttp.Request) error {
		return nethttp.ErrUseLastResponse
	}}
	config := oauth2.Config{ClientID: r.ClientID, ClientSecret: r.ClientSecret, Endpoint: oauth2.Endpoint{TokenURL: r.TokenURL}}
	token, err := config.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, client), &oauth2.Token{RefreshToken: r.RefreshToken}).Token()
	if err != nil {
		return Credential{}, refusal(ctx, r.id, err)
	}
	fresh := r.Credential
	fresh.AccessToken, fresh.RefreshToken, fresh.ExpiresAt = token.AccessToken, token.RefreshToken, nil
	if !token.Expiry.IsZero() {
		expires := token.Expiry.UTC().Truncate(time.Second)
		fresh.ExpiresAt = &expires
	}
	return fresh, nil
}

// refusal is why there is no new access token.
func refusal(ctx context.Context, id string, err error) error {
	answered, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case ctx.Err() != nil:
		return bus.Errorf(bus.Unavailable, "credential %q: the server that renews it has not answered in time", id)
	case !ok || answered.Response == nil || answered.Response.StatusCode >= 500 || answered.Response.StatusCode == nethttp.StatusTooManyRequests:
		return bus.Errorf(bus.Unavailable, "credential %q: the server that renews it does not answer as it should; try again later", id)
	case answered.ErrorCode == "invalid_grant":
		return bus.Errorf(bus.FailedPrecondition,
			"credential %q: the server takes its refresh token no more (invalid_grant), it was revoked or is too old: sign in again with `airlock credentials add %s`", id, id)
	case answered.ErrorCode == "" || len(answered.ErrorCode) > 40 || strings.Trim(answered.ErrorCode, "abcdefghijklmnopqrstuvwxyz_") != "":
		return bus.Errorf(bus.FailedPrecondition, "credential %q: the server refuses to renew it: are token_url, client_id and client_secret right?", id)
	default:
		return bus.Errorf(bus.FailedPrecondition, "credential %q: the server refuses to renew it (%s): are client_id and client_secret right?", id, answered.ErrorCode)
	}
}
