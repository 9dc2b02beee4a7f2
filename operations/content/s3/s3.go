// Package s3 keeps objects of content in a bucket of a server that speaks S3: Amazon's, MinIO, Ceph and others.
//
// A bucket is named by a URL:
//
//	s3://bucket/a/prefix?endpoint=https://minio.internal:9000&region=eu-central-1
//
// Without an endpoint it is Amazon's. Keys are where programs for S3 look for them: in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the file
// ~/.aws/credentials, or they are those of the machine's role. Objects are written below the prefix and nowhere else; whoever owns the bucket backs
// it up.
package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/airlock-run/airlock/bus"
)

// sumHeader is the metadata of an object that has its SHA-256, with which what is read is compared.
const sumHeader = "Airlock-Sha256"

// Bucket keeps objects in a bucket. It is a content.Backend.
type Bucket struct {
	name, bucket, prefix string
	client               *minio.Client
	transport            *http.Transport
}

// Open reaches the bucket that a URL names. Close it with Close.
//
// # Errors
//
// What is no such URL; a bucket that is not there or must not be asked for, or that does not answer.
func Open(ctx context.Context, text string) (*Bucket, error) {
	b, options, endpoint, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("bucket %q: %w", text, err)
	}
	if b.transport, err = minio.DefaultTransport(options.Secure); err != nil {
		return nil, fmt.Errorf("reach bucket %s: %w", b.name, err)
	}
	options.Transport = b.transport
	if b.client, err = minio.New(endpoint, options); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", text, err)
	}
	there, err := b.client.BucketExists(ctx, b.bucket)
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("reach bucket %s: %w", b.name, err)
	}
	if !there {
		b.Close()
		return nil, fmt.Errorf("there is no bucket %s at %s: create it, or name another", b.bucket, endpoint)
	}
	return b, nil
}

func parse(text string) (*Bucket, *minio.Options, string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, nil, "", errors.New("want s3://bucket/prefix?endpoint=https://host:port&region=name, without keys, which are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	for key := range u.Query() {
		if key != "endpoint" && key != "region" {
			return nil, nil, "", fmt.Errorf("%q is not known: want endpoint and region alone", key)
		}
	}
	endpoint := &url.URL{Scheme: "https", Host: "s3.amazonaws.com"}
	if given := u.Query().Get("endpoint"); given != "" {
		endpoint, err = url.Parse(given)
		if err != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" || endpoint.Host == "" || strings.Trim(endpoint.Path, "/") != "" || endpoint.User != nil {
			return nil, nil, "", fmt.Errorf("endpoint %q: want https://host:port", given)
		}
	}
	prefix := strings.Trim(u.Path, "/")
	b := &Bucket{bucket: u.Host, name: strings.TrimSuffix("s3 "+endpoint.Host+"/"+u.Host+"/"+prefix, "/")}
	if prefix != "" {
		b.prefix = prefix + "/"
	}
	return b, &minio.Options{
		Secure: endpoint.Scheme == "https", Region: u.Query().Get("region"),
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		}),
	}, endpoint.Host, nil
}

// Close ends connections that wait to be used again.
func (b *Bucket) Close() { b.transport.CloseIdleConnections() }

// Name tells the bucket from other places, by server, bucket and prefix.
func (b *Bucket) Name() string { return b.name }

// Put keeps an object.
//
// # Errors
//
// unavailable.
func (b *Bucket) Put(ctx context.Context, key string, data []byte) error {
	sum := sha256.Sum256(data)
	_, err := b.client.PutObject(ctx, b.bucket, b.prefix+key, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{
		UserMetadata: map[string]string{sumHeader: hex.EncodeToString(sum[:])}, ContentType: "application/octet-stream",
		DisableMultipart: true, SendContentMd5: true,
	})
	if err != nil {
		return bus.Errorf(bus.Unavailable, "keep content in %s: %v", b.name, err)
	}
	return nil
}

// Read reads an object, of which it checks size and digest.
//
// # Errors
//
// not_found; unavailable.
func (b *Bucket) Read(ctx context.Context, key string, size int64) ([]byte, error) {
	object, err := b.client.GetObject(ctx, b.bucket, b.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, b.failed(key, err)
	}
	defer func() { _ = object.Close() }()
	data := make([]byte, size)
	if _, err := io.ReadFull(object, data); err != nil {
		return nil, b.failed(key, err)
	}
	about, err := object.Stat()
	if err != nil {
		return nil, b.failed(key, err)
	}
	sum := sha256.Sum256(data)
	if about.UserMetadata[sumHeader] != hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("object %s in %s is not what was put there: restore it from a backup", key, b.name)
	}
	return data, nil
}

// Remove removes an object.
//
// # Errors
//
// unavailable.
func (b *Bucket) Remove(ctx context.Context, key string) error {
	err := b.client.RemoveObject(ctx, b.bucket, b.prefix+key, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return bus.Errorf(bus.Unavailable, "remove content from %s: %v", b.name, err)
	}
	return nil
}

func (b *Bucket) failed(key string, err error) error {
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return bus.Errorf(bus.NotFound, "there is no object %s in %s", key, b.name)
	}
	return bus.Errorf(bus.Unavailable, "read content from %s: %v", b.name, err)
}
